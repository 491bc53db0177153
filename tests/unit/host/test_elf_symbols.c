// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the ELF reader: files made by hand, hostile ones, and a real one, damaged at random. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/elf_symbols.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Hostile files ask for memory that there is not. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=512";
}

/* ---- a file, made by hand -------------------------------------------------------- */

#define TEXT_OFFSET 0x1000
#define TEXT_SIZE 0x1000
#define CODE_SIZE 0xe00
#define BASE 0x400000 /* of a program that is not moved */
#define SYMBOLS_OFFSET 0x2000
#define NAMES_OFFSET 0x3000
#define NAMES_SIZE 0x200
#define SECTIONS_OFFSET 0x3800
#define FILE_SIZE 0x4000

/* Sections: none, symbols, their names, code, which ends before its segment does. */
struct image {
	union {
		uint8_t bytes[FILE_SIZE];
		Elf64_Ehdr header;
	};
	unsigned int symbols;
	size_t names;
};

static Elf64_Shdr *section_of(struct image *image, int number)
{
	return (Elf64_Shdr *)(void *)(image->bytes + SECTIONS_OFFSET) + number;
}

static Elf64_Sym *symbol_of(struct image *image, unsigned int number)
{
	return (Elf64_Sym *)(void *)(image->bytes + SYMBOLS_OFFSET) + number;
}

/* One that is loaded at @base, and has no symbol. */
static void make(struct image *image, uint64_t base, uint32_t table)
{
	*image = (struct image){.symbols = 1, .names = 1};
	image->header = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = SECTIONS_OFFSET,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 4,
	};
	((Elf64_Phdr *)(void *)(image->bytes + sizeof(Elf64_Ehdr)))[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_vaddr = base, .p_filesz = 0x800, .p_memsz = 0x800};
	/* Where the file is not where the memory is. */
	((Elf64_Phdr *)(void *)(image->bytes + sizeof(Elf64_Ehdr)))[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = TEXT_OFFSET,
		.p_vaddr = base + 2 * TEXT_OFFSET,
		.p_filesz = TEXT_SIZE,
		.p_memsz = TEXT_SIZE,
	};
	*section_of(image, 1) = (Elf64_Shdr){
		.sh_type = table,
		.sh_offset = SYMBOLS_OFFSET,
		.sh_size = sizeof(Elf64_Sym),
		.sh_link = 2,
		.sh_entsize = sizeof(Elf64_Sym),
	};
	*section_of(image, 2) = (Elf64_Shdr){
		.sh_type = SHT_STRTAB, .sh_offset = NAMES_OFFSET, .sh_size = NAMES_SIZE};
	*section_of(image, 3) = (Elf64_Shdr){
		.sh_type = SHT_PROGBITS,
		.sh_flags = SHF_ALLOC | SHF_EXECINSTR,
		.sh_addr = base + 2 * TEXT_OFFSET,
		.sh_offset = TEXT_OFFSET,
		.sh_size = CODE_SIZE,
	};
}

/* A symbol at @offset bytes of the file. */
static void add(struct image *image, uint64_t base, const char *name, uint64_t offset,
		uint64_t size, unsigned int info)
{
	*symbol_of(image, image->symbols++) = (Elf64_Sym){
		.st_name = (uint32_t)image->names,
		.st_info = (unsigned char)info,
		.st_shndx = 3,
		.st_value = base + TEXT_OFFSET + offset,
		.st_size = size,
	};
	section_of(image, 1)->sh_size = image->symbols * sizeof(Elf64_Sym);
	strcpy((char *)image->bytes + NAMES_OFFSET + image->names, name);
	image->names += strlen(name) + 1;
}

#define FUNCTION ELF64_ST_INFO(STB_GLOBAL, STT_FUNC)

/* The file with @size bytes of @content; closed by the caller. */
static int file_of(const void *content, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, size), size);
	return fd;
}

/* The same file, and its @symbols; the caller ends both with done(). */
static int symbols_of(const void *content, size_t size, struct elf_symbols **symbols)
{
	int fd = file_of(content, size);

	assert_int_equal(elf_symbols_read(fd, symbols), 0);
	return fd;
}

static void done(struct elf_symbols *symbols, int fd)
{
	elf_symbols_free(symbols);
	close(fd);
}

/* What reading @image ends with, if it is a failure. */
static int failure_of(const struct image *image)
{
	struct elf_symbols *symbols;
	int fd = file_of(image->bytes, FILE_SIZE);
	int err = elf_symbols_read(fd, &symbols);

	assert_true(!err == !!symbols);
	done(symbols, fd);
	return err;
}

/* Fails unless that is what is at @offset of @fd: "" for no function. */
static void expect(const struct elf_symbols *symbols, int fd, uint64_t offset, const char *name,
		   uint64_t address)
{
	char buffer[64];
	uint64_t found = 0;

	assert_int_equal(elf_symbols_name(symbols, fd, offset, buffer, sizeof(buffer), &found), 0);
	assert_string_equal(buffer, name);
	assert_int_equal(found, address);
}

static void functions_are_found_where_they_are(void **state)
{
	static const uint64_t bases[] = {0, BASE};
	struct elf_symbols *symbols;
	struct image image;
	char name[64];
	uint64_t address;

	(void)state;
	for (size_t i = 0; i < LENGTH(bases); i++) {
		int fd;

		make(&image, bases[i], SHT_SYMTAB);
		add(&image, bases[i], "second", 0x1100, 0x20, FUNCTION);
		add(&image, bases[i], "first", 0x1000, 0x40, FUNCTION);
		add(&image, bases[i], "data", 0x1080, 0x20, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT));
		fd = symbols_of(image.bytes, FILE_SIZE, &symbols);
		assert_int_equal(elf_symbols_count(symbols), 2);
		expect(symbols, fd, 0x1000, "first", 0x2000);
		expect(symbols, fd, 0x103f, "first", 0x203f);
		expect(symbols, fd, 0x1040, "", 0x2040); /* between them */
		expect(symbols, fd, 0x1090, "", 0x2090); /* data is no code */
		expect(symbols, fd, 0x1100, "second", 0x2100);
		expect(symbols, fd, 0x1120, "", 0x2120);
		expect(symbols, fd, 0x10, "", 0x10);
		/* What is not loaded is nowhere. */
		assert_int_equal(elf_symbols_name(symbols, fd, NAMES_OFFSET, name, sizeof(name),
						  &address),
				 -ENOENT);
		assert_int_equal(elf_symbols_name(symbols, fd, UINT64_MAX, name, sizeof(name),
						  &address),
				 -ENOENT);
		assert_int_equal(elf_symbols_name(symbols, fd, 0x1000, name, 4, &address), 0);
		assert_string_equal(name, "fir");
		done(symbols, fd);
	}
}

static void the_best_of_several_names_is_told(void **state)
{
	struct elf_symbols *symbols;
	struct image image;
	int fd;

	(void)state;
	make(&image, 0, SHT_SYMTAB);
	add(&image, 0, "local", 0x1000, 0x40, ELF64_ST_INFO(STB_LOCAL, STT_FUNC));
	add(&image, 0, "__global", 0x1000, 0x40, FUNCTION);
	add(&image, 0, "_global", 0x1000, 0x40, FUNCTION);
	add(&image, 0, "global", 0x1000, 0x40, ELF64_ST_INFO(STB_WEAK, STT_FUNC));
	add(&image, 0, "_only", 0x1300, 0x40, FUNCTION);
	add(&image, 0, "__only", 0x1300, 0x40, FUNCTION);
	add(&image, 0, "inside", 0x1010, 0x8, FUNCTION);
	add(&image, 0, "unsized", 0x1100, 0, FUNCTION);
	add(&image, 0, "next", 0x1200, 0x10, FUNCTION);
	add(&image, 0, "unsized_too", 0x1d80, 0, FUNCTION);
	fd = symbols_of(image.bytes, FILE_SIZE, &symbols);
	expect(symbols, fd, 0x1008, "global", 0x2008);
	expect(symbols, fd, 0x1012, "inside", 0x2012);
	expect(symbols, fd, 0x1020, "global", 0x2020); /* behind what is inside */
	expect(symbols, fd, 0x1310, "_only", 0x2310);
	expect(symbols, fd, 0x1180, "unsized", 0x2180);
	expect(symbols, fd, 0x1200, "next", 0x2200);
	expect(symbols, fd, 0x1dff, "unsized_too", 0x2dff);
	expect(symbols, fd, 0x1e00, "", 0x2e00); /* its section is over */
	done(symbols, fd);
}

/* Of a stripped library there are the functions that others call; of a stripped program, none. */
static void what_is_stripped_has_less(void **state)
{
	struct elf_symbols *symbols;
	struct image image;
	int fd;

	(void)state;
	make(&image, 0, SHT_DYNSYM);
	add(&image, 0, "exported", 0x1000, 0x40, FUNCTION);
	fd = symbols_of(image.bytes, FILE_SIZE, &symbols);
	expect(symbols, fd, 0x1000, "exported", 0x2000);
	done(symbols, fd);
	section_of(&image, 1)->sh_type = SHT_NOTE;
	fd = symbols_of(image.bytes, FILE_SIZE, &symbols);
	assert_int_equal(elf_symbols_count(symbols), 0);
	expect(symbols, fd, 0x1000, "", 0x2000);
	done(symbols, fd);
}

/* The same for a program of 32 bits. */
static void programs_of_32_bits_are_read(void **state)
{
	uint8_t bytes[FILE_SIZE] = {0};
	struct elf_symbols *symbols;
	int fd;

	(void)state;
	*(Elf32_Ehdr *)(void *)bytes = (Elf32_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_386,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf32_Ehdr),
		.e_shoff = SECTIONS_OFFSET,
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = 3,
	};
	*(Elf32_Phdr *)(void *)(bytes + sizeof(Elf32_Ehdr)) = (Elf32_Phdr){
		.p_type = PT_LOAD, .p_vaddr = 0x8048000, .p_filesz = 0x2000, .p_memsz = 0x2000};
	((Elf32_Shdr *)(void *)(bytes + SECTIONS_OFFSET))[1] = (Elf32_Shdr){
		.sh_type = SHT_SYMTAB,
		.sh_offset = SYMBOLS_OFFSET,
		.sh_size = 2 * sizeof(Elf32_Sym),
		.sh_link = 2,
		.sh_entsize = sizeof(Elf32_Sym),
	};
	((Elf32_Shdr *)(void *)(bytes + SECTIONS_OFFSET))[2] = (Elf32_Shdr){
		.sh_type = SHT_STRTAB, .sh_offset = NAMES_OFFSET, .sh_size = NAMES_SIZE};
	((Elf32_Sym *)(void *)(bytes + SYMBOLS_OFFSET))[1] = (Elf32_Sym){.st_name = 1,
									 .st_value = 0x8049000,
									 .st_size = 16,
									 .st_info = FUNCTION,
									 .st_shndx = 1};
	strcpy((char *)bytes + NAMES_OFFSET + 1, "old");
	fd = symbols_of(bytes, sizeof(bytes), &symbols);
	expect(symbols, fd, 0x1004, "old", 0x1004);
	done(symbols, fd);
}

/* ---- hostile files --------------------------------------------------------------- */

static void what_is_no_program_is_not_read(void **state)
{
	static const char *const contents[] = {
		"",
		"\x7f",
		"\x7f"
		"ELF",
		"#!/bin/sh\n",
		"!<arch>\nnot one at all",
		"\xfd"
		"7zXZ\0\0\4\346\326\264F",
		"BZh91AY&SY",
	};
	struct elf_symbols *symbols;

	(void)state;
	for (size_t i = 0; i < LENGTH(contents); i++) {
		char content[64] = {0};
		int fd;

		strcpy(content, contents[i]);
		fd = file_of(content, strlen(contents[i]) ? sizeof(content) : 0);
		assert_int_equal(elf_symbols_read(fd, &symbols), -ENOEXEC);
		assert_null(symbols);
		close(fd);
	}
	assert_int_equal(elf_symbols_read(-1, &symbols), -EBADF);
}

/* A file of 8 kB on the disk, which says that it has 20 million symbols. */
static void more_symbols_than_there_may_be_are_refused(void **state)
{
	struct elf_symbols *symbols;
	struct image image;
	int fd;

	(void)state;
	make(&image, 0, SHT_SYMTAB);
	section_of(&image, 1)->sh_offset = 0x10000;
	section_of(&image, 1)->sh_size = 20000000 * sizeof(Elf64_Sym);
	fd = file_of(image.bytes, FILE_SIZE);
	assert_int_equal(ftruncate(fd, 0x10000 + 20000000 * (off_t)sizeof(Elf64_Sym)), 0);
	assert_int_equal(elf_symbols_read(fd, &symbols), -EFBIG);
	/* As many, as it says, of a size of their own. */
	section_of(&image, 1)->sh_entsize = 1;
	assert_int_equal(pwrite(fd, image.bytes, FILE_SIZE, 0), FILE_SIZE);
	assert_int_equal(elf_symbols_read(fd, &symbols), -EFBIG);
	assert_int_equal(ftruncate(fd, (off_t)ELF_FILE_MAX + 1), 0);
	assert_int_equal(elf_symbols_read(fd, &symbols), -EFBIG);
	close(fd);
}

static void broken_headers_are_refused(void **state)
{
	struct image good, image;

	(void)state;
	make(&good, 0, SHT_SYMTAB);
	add(&good, 0, "name", 0x1000, 0x40, FUNCTION);
	assert_int_equal(failure_of(&good), 0);

	image = good; /* the table is behind the end of the file */
	section_of(&image, 1)->sh_offset = FILE_SIZE - 8;
	assert_true(failure_of(&image) < 0);
	image = good; /* over the end of all numbers */
	section_of(&image, 1)->sh_offset = UINT64_MAX - 8;
	assert_true(failure_of(&image) < 0);
	image = good; /* its names are nowhere, or itself */
	section_of(&image, 1)->sh_link = 77;
	assert_int_equal(failure_of(&image), -ENOEXEC);
	section_of(&image, 1)->sh_link = 1;
	assert_int_equal(failure_of(&image), -ENOEXEC);
	image = good; /* packed */
	section_of(&image, 1)->sh_flags = SHF_COMPRESSED;
	assert_int_equal(failure_of(&image), -ENOEXEC);
	image = good;
	section_of(&image, 2)->sh_flags = SHF_COMPRESSED;
	assert_int_equal(failure_of(&image), -ENOEXEC);
	image = good;
	section_of(&image, 1)->sh_entsize = 0;
	assert_int_equal(failure_of(&image), -ENOEXEC);
	image = good; /* more sections than the file has room for */
	image.header.e_shnum = 0xfeff;
	failure_of(&image);
	image = good; /* nothing is loaded */
	image.header.e_phnum = 0;
	assert_int_equal(failure_of(&image), -ENOEXEC);
	image = good;
	image.header.e_phnum = 0xfffe;
	assert_true(failure_of(&image) < 0);
}

/* As many sections as 64 bits can say; one that the file has no room for is none. */
static void a_crowd_of_sections_is_not_read(void **state)
{
	static const uint64_t counts[] = {0x100000, 0x3000000, UINT32_MAX, UINT64_MAX / 64,
					  UINT64_MAX};
	struct elf_symbols *symbols;
	struct image image;

	(void)state;
	for (size_t i = 0; i < LENGTH(counts); i++) {
		const bool fits = counts[i] <= ELF_FILE_MAX / sizeof(Elf64_Shdr);
		int fd, err;

		make(&image, 0, SHT_NOTE);
		image.header.e_shnum = 0;
		section_of(&image, 0)->sh_size = counts[i];
		fd = file_of(image.bytes, FILE_SIZE);
		assert_int_equal(ftruncate(fd, (off_t)ELF_FILE_MAX), 0);
		err = elf_symbols_read(fd, &symbols);
		assert_true(err < 0 || (!fits && !elf_symbols_count(symbols)));
		done(symbols, fd);
	}
}

/* Tables that overlap each other and the headers are odd, and no more than that. */
static void overlapping_sections_do_no_harm(void **state)
{
	struct elf_symbols *symbols;
	struct image image;
	char name[64];
	uint64_t address;
	int fd;

	(void)state;
	make(&image, 0, SHT_SYMTAB);
	section_of(&image, 1)->sh_offset = 0;
	section_of(&image, 1)->sh_size = FILE_SIZE / 24 * 24;
	section_of(&image, 2)->sh_offset = 8;
	section_of(&image, 2)->sh_size = UINT64_MAX;
	fd = file_of(image.bytes, FILE_SIZE);
	if (!elf_symbols_read(fd, &symbols))
		for (uint64_t offset = 0; offset < FILE_SIZE; offset += 8)
			elf_symbols_name(symbols, fd, offset, name, sizeof(name), &address);
	done(symbols, fd);
}

static void a_file_may_shrink_and_change(void **state)
{
	struct elf_symbols *symbols;
	struct image image;
	char name[64];
	uint64_t address;
	int fd;

	(void)state;
	make(&image, 0, SHT_SYMTAB);
	add(&image, 0, "name", 0x1000, 0x40, FUNCTION);
	fd = symbols_of(image.bytes, FILE_SIZE, &symbols);
	assert_int_equal(pwrite(fd, "\0", 1, NAMES_OFFSET + 1), 1);
	assert_int_equal(elf_symbols_name(symbols, fd, 0x1000, name, sizeof(name), &address),
			 -ENOEXEC);
	assert_int_equal(ftruncate(fd, 16), 0);
	assert_int_equal(elf_symbols_name(symbols, fd, 0x1000, name, sizeof(name), &address),
			 -ENOEXEC);
	assert_string_equal(name, "");
	elf_symbols_free(symbols);
	assert_int_equal(elf_symbols_read(fd, &symbols), -ENOEXEC);
	for (off_t size = 64; size < FILE_SIZE; size += 64) {
		assert_int_equal(pwrite(fd, image.bytes, FILE_SIZE, 0), FILE_SIZE);
		assert_int_equal(ftruncate(fd, size), 0);
		if (!elf_symbols_read(fd, &symbols))
			elf_symbols_name(symbols, fd, 0x1000, name, sizeof(name), &address);
		elf_symbols_free(symbols);
	}
	close(fd);
}

/* ---- at random ------------------------------------------------------------------- */

#define ROUNDS 4000

static uint64_t seed = 88172645463325252ULL;

static uint64_t chance(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* A place where damage does something: the headers, the sections' headers, or anywhere. */
static size_t place_of_damage(const uint8_t *bytes, size_t size)
{
	const Elf64_Ehdr *header = (const void *)bytes;
	const size_t sections = header->e_shnum * sizeof(Elf64_Shdr);

	switch (chance(4)) {
	case 0:
		return chance(sizeof(*header));
	case 1:
		return chance(sizeof(*header) + header->e_phnum * sizeof(Elf64_Phdr));
	case 2:
		return header->e_shoff + chance(sections);
	default:
		return chance(size);
	}
}

static void damage(uint8_t *bytes, const uint8_t *good, size_t size)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff, 0x10, 0x40};

	memcpy(bytes, good, size);
	for (uint64_t i = 1 + chance(6); i; i--) {
		const size_t at = place_of_damage(good, size);

		if (at < size)
			bytes[at] = chance(2) ? values[chance(sizeof(values))] :
						(uint8_t)chance(256);
	}
}

/* Reads it, and names something of it: whatever comes of it, nothing breaks. */
static bool try(int fd, size_t size)
{
	struct elf_symbols *symbols;
	bool read = !elf_symbols_read(fd, &symbols);
	uint64_t address;
	char name[64];

	for (int i = 0; i < 20 && read; i++)
		elf_symbols_name(symbols, fd, i ? chance(size) : UINT64_MAX - chance(size), name,
				 sizeof(name), &address);
	elf_symbols_free(symbols);
	return read;
}

static void fuzz(const uint8_t *good, size_t size)
{
	uint8_t *bytes = malloc(size);
	unsigned int readable = 0;
	int fd = file_of(good, size);

	assert_non_null(bytes);
	assert_true(try(fd, size));
	for (int i = 0; i < ROUNDS; i++) {
		damage(bytes, good, size);
		assert_int_equal(pwrite(fd, bytes, size, 0), size);
		assert_int_equal(ftruncate(fd, (off_t)(chance(8) ? size : chance(size))), 0);
		readable += try(fd, size);
	}
	/* Else it never came to what is behind the headers. */
	assert_in_range(readable, ROUNDS / 10, ROUNDS - 10);
	free(bytes);
	close(fd);
}

static void damage_at_random_does_no_harm(void **state)
{
	struct image image;
	char name[16];

	(void)state;
	make(&image, 0, SHT_SYMTAB);
	for (unsigned int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		add(&image, 0, name, 0x1000 + 16 * i, 16, FUNCTION);
	}
	fuzz(image.bytes, FILE_SIZE);
}

static void a_real_program_may_be_damaged(void **state)
{
	FILE *in = fopen("/bin/true", "r");
	static uint8_t bytes[1 << 18];
	size_t size;

	(void)state;
	if (!in)
		skip();
	size = fread(bytes, 1, sizeof(bytes), in);
	fclose(in);
	if (size == sizeof(bytes) || size < sizeof(Elf64_Ehdr) || bytes[EI_CLASS] != ELFCLASS64)
		skip(); /* more than one program, or another kind */
	fuzz(bytes, size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_found_where_they_are),
		cmocka_unit_test(the_best_of_several_names_is_told),
		cmocka_unit_test(what_is_stripped_has_less),
		cmocka_unit_test(programs_of_32_bits_are_read),
		cmocka_unit_test(what_is_no_program_is_not_read),
		cmocka_unit_test(more_symbols_than_there_may_be_are_refused),
		cmocka_unit_test(broken_headers_are_refused),
		cmocka_unit_test(a_crowd_of_sections_is_not_read),
		cmocka_unit_test(overlapping_sections_do_no_harm),
		cmocka_unit_test(a_file_may_shrink_and_change),
		cmocka_unit_test(damage_at_random_does_no_harm),
		cmocka_unit_test(a_real_program_may_be_damaged),
	};

	elf_symbols_free(NULL);
	return cmocka_run_group_tests_name("elf_symbols", tests, NULL, NULL);
}
