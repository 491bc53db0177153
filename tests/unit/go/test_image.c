// SPDX-License-Identifier: GPL-2.0-only
/* Tests of image.c: small programs that are made up, run, and read from their memory. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "go/image.h"

#define PAGE 0x10000 /* a multiple of all sizes of pages */
#define BASE 0x400000
#define NOTES 0x1000 /* offset of the notes, and of the code */
#define CODE 0x2000
#define INFO 0x840 /* offset of the build info in the data */
#define HEADERS_MAX 64

/* Waits for ever. */
#if defined(__x86_64__)
#define MACHINE EM_X86_64
static const uint8_t code[] = {0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
static const uint32_t code[] = {0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003,
				0xd2800004, 0xd2800928, 0xd4000001, 0x17fffff9};
#else
#define MACHINE EM_NONE
static const uint8_t code[1];
#endif

/* A program that is made up: its file, and the process that runs it. */
static struct {
	uint8_t file[3 * PAGE];
	Elf64_Ehdr header;
	Elf64_Phdr segment[HEADERS_MAX];
	size_t notes;
	pid_t pid;
} made;

static struct go_image image;

/* ---- making one ------------------------------------------------------------------ */

static Elf64_Phdr *add_segment(uint32_t type, uint32_t flags, uint64_t offset, uint64_t size)
{
	Elf64_Phdr *segment = &made.segment[made.header.e_phnum++];

	*segment = (Elf64_Phdr){
		.p_type = type,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = BASE + offset,
		.p_filesz = size,
		.p_memsz = size,
		.p_align = type == PT_LOAD ? PAGE : 4,
	};
	return segment;
}

static void add_note(const char *name, uint32_t type, const void *text, size_t size)
{
	Elf64_Nhdr note = {(uint32_t)strlen(name) + 1, (uint32_t)size, type};
	uint8_t *to = made.file + NOTES + made.notes;

	memcpy(to, &note, sizeof(note));
	memcpy(to + sizeof(note), name, note.n_namesz);
	memcpy(to + sizeof(note) + (note.n_namesz + 3) / 4 * 4, text, size);
	made.notes += sizeof(note) + (note.n_namesz + 3) / 4 * 4 + (size + 3) / 4 * 4;
}

static void add_info(const char *version)
{
	uint8_t *info = made.file + PAGE + INFO;

	memcpy(info, "\xff Go buildinf:\x08\x02", 16);
	info[32] = (uint8_t)strlen(version);
	memcpy(info + 33, version, strlen(version));
}

/* Begins a program with text, data and bss. */
static void begin(uint16_t type)
{
	memset(&made, 0, sizeof(made));
	made.header = (Elf64_Ehdr){
		.e_type = type,
		.e_machine = MACHINE,
		.e_version = EV_CURRENT,
		.e_entry = BASE + CODE,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
	};
	memcpy(made.header.e_ident, ELFMAG, SELFMAG);
	made.header.e_ident[EI_CLASS] = ELFCLASS64;
	made.header.e_ident[EI_DATA] = ELFDATA2LSB;
	made.header.e_ident[EI_VERSION] = EV_CURRENT;
	memcpy(made.file + CODE, code, sizeof(code));
	add_segment(PT_LOAD, PF_R | PF_X, 0, PAGE);
	add_segment(PT_LOAD, PF_R | PF_W, PAGE, PAGE)->p_memsz = 3 * PAGE - 5;
}

static void add_phdr(void)
{
	/* It comes before what is loaded. */
	memmove(&made.segment[1], &made.segment[0], made.header.e_phnum * sizeof(made.segment[0]));
	made.header.e_phnum++;
	made.segment[0] = (Elf64_Phdr){
		.p_type = PT_PHDR,
		.p_flags = PF_R,
		.p_offset = made.header.e_phoff,
		.p_vaddr = BASE + made.header.e_phoff,
		.p_filesz = made.header.e_phnum * sizeof(made.segment[0]),
		.p_memsz = made.header.e_phnum * sizeof(made.segment[0]),
		.p_align = 8,
	};
}

/* Writes the program's file. Returns its descriptor. Nobody will find it again. */
static int write_file(void)
{
	char path[] = "/tmp/dwell-test-XXXXXX";
	int fd = mkstemp(path), reader;

	assert_true(fd >= 0);
	memcpy(made.file, &made.header, sizeof(made.header));
	memcpy(made.file + made.header.e_phoff, made.segment,
	       made.header.e_phnum * sizeof(made.segment[0]));
	assert_int_equal(write(fd, made.file, sizeof(made.file)), sizeof(made.file));
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(reader >= 0);
	unlink(path);
	return reader;
}

static void run(void)
{
	char *argv[] = {"program", NULL};
	int fd = write_file(), ends[2];
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	made.pid = fork();
	if (!made.pid) {
		fexecve(fd, argv, argv + 1);
		_exit(1);
	}
	assert_true(made.pid > 0);
	close(fd);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0); /* until it executes */
	close(ends[0]);
}

static int read_image(void)
{
	struct go_memory *memory;
	int err = go_memory_open((uint32_t)made.pid, &memory);

	if (!err)
		err = go_image_read(memory, &image);
	go_memory_close(memory);
	return err;
}

static void stop(void)
{
	kill(made.pid, SIGKILL);
	waitpid(made.pid, NULL, 0);
}

static int read_and_stop(void)
{
	int err;

	run();
	err = read_image();
	stop();
	return err;
}

/* ---- what is read ---------------------------------------------------------------- */

static void assert_mappings(void)
{
	const struct go_mapping *m = image.mapping;

	assert_true(image.inode > 0);
	assert_int_equal(image.mappings, 3);
	assert_true(m[0].executable && !m[0].writable && !m[0].anonymous);
	assert_true(!m[1].executable && m[1].writable && !m[1].anonymous);
	assert_true(!m[2].executable && m[2].writable && m[2].anonymous);
	assert_int_equal(m[0].end - m[0].start, PAGE);
	assert_int_equal(m[1].start, m[0].end);
	assert_int_equal(m[1].offset, PAGE);
	assert_int_equal(m[1].end - m[1].start, PAGE);
	assert_int_equal(m[2].start, m[1].end);
	assert_int_equal(m[2].end - m[2].start, 2 * PAGE);
	assert_int_equal(m[2].offset, 0);

	assert_true(go_image_holds(&image, m[0].start, 4 * PAGE));
	assert_true(go_image_holds(&image, m[0].start + 7, 4 * PAGE - 7));
	assert_true(go_image_holds(&image, m[2].end - 1, 1));
	assert_true(go_image_holds(&image, m[1].start, 0));
	assert_false(go_image_holds(&image, m[0].start, 4 * PAGE + 1));
	assert_false(go_image_holds(&image, m[0].start - 1, 2));
	assert_false(go_image_holds(&image, m[2].end, 1));
	assert_false(go_image_holds(&image, m[1].start, UINT64_MAX));
	assert_false(go_image_holds(&image, UINT64_MAX, 1));
}

static void programs_are_read_wherever_they_are_loaded(void **state)
{
	static const uint16_t types[] = {ET_EXEC, ET_DYN};

	(void)state;
	for (int i = 0; i < 4; i++) {
		begin(types[i / 2]);
		add_info("go1.24.4");
		add_note("Go", 4, "action/main", 11);
		add_segment(PT_NOTE, PF_R, NOTES, made.notes);
		if (i % 2)
			add_phdr();
		assert_int_equal(read_and_stop(), 0);
		assert_string_equal(image.version, "go1.24.4");
		assert_string_equal(image.build_id, "action/main");
		assert_mappings();
		if (types[i / 2] == ET_EXEC)
			assert_int_equal(image.mapping[0].start, BASE);
	}
}

static void build_ids_of_go_come_first(void **state)
{
	static const uint8_t id[] = {0x01, 0xab, 0x00, 0xff};

	(void)state;
	begin(ET_EXEC);
	add_info("go1.19.8");
	assert_int_equal(read_and_stop(), 0);
	assert_string_equal(image.build_id, "");

	add_note("GNU", 5, "some property", 14);
	add_note("GNU", NT_GNU_BUILD_ID, id, sizeof(id));
	add_segment(PT_NOTE, PF_R, NOTES, made.notes);
	assert_int_equal(read_and_stop(), 0);
	assert_string_equal(image.build_id, "01ab00ff");

	add_note("Go", 4, "abc", 3);
	made.segment[made.header.e_phnum - 1].p_memsz = made.notes;
	assert_int_equal(read_and_stop(), 0);
	assert_string_equal(image.build_id, "abc");
}

static void long_build_ids_are_cut(void **state)
{
	char id[1000];

	(void)state;
	memset(id, 'i', sizeof(id));
	begin(ET_EXEC);
	add_info("go1.19.8");
	add_note("GNU", NT_GNU_BUILD_ID, id, sizeof(id));
	add_segment(PT_NOTE, PF_R, NOTES, made.notes);
	assert_int_equal(read_and_stop(), 0);
	assert_int_equal(strlen(image.build_id), (GO_BUILD_ID_LEN - 1) / 2 * 2);
	made.notes = 0;
	add_note("Go", 4, id, sizeof(id));
	assert_int_equal(read_and_stop(), 0);
	assert_int_equal(strlen(image.build_id), GO_BUILD_ID_LEN - 1);
}

/* ---- what is refused ------------------------------------------------------------- */

static void other_programs_are_refused(void **state)
{
	(void)state;
	begin(ET_EXEC);
	assert_int_equal(read_and_stop(), -ENOEXEC);
	add_info("go1.24");
	made.segment[1].p_flags = PF_R; /* it is not where the linker puts it */
	assert_int_equal(read_and_stop(), -ENOEXEC);

	made.pid = getpid();
	assert_int_equal(read_image(), -ENOEXEC);
}

static void who_has_exited_is_told(void **state)
{
	struct go_memory *memory;

	(void)state;
	begin(ET_EXEC);
	add_info("go1.24");
	run();
	assert_int_equal(go_memory_open((uint32_t)made.pid, &memory), 0);
	kill(made.pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)made.pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(go_image_read(memory, &image), -ESRCH);
	waitpid(made.pid, NULL, 0);
	assert_int_equal(go_image_read(memory, &image), -ESRCH);
	go_memory_close(memory);
}

static void too_many_mappings_are_refused(void **state)
{
	Elf64_Phdr *segment;

	(void)state;
	begin(ET_EXEC);
	add_info("go1.24");
	for (uint64_t i = 0; i < 40; i++) {
		segment = add_segment(PT_LOAD, PF_R | PF_W, 2 * PAGE, PAGE);
		segment->p_vaddr = BASE + (4 + 2 * i) * PAGE;
		segment->p_memsz = 2 * PAGE;
	}
	assert_int_equal(read_and_stop(), -EFBIG);
	made.header.e_phnum -= 12;
	assert_int_equal(read_and_stop(), 0);
	assert_true(image.mappings > 50);
}

/* A program may write anything over its own headers, or over its notes. */
static void damaged_headers_are_survived(void **state)
{
	static uint8_t damage[NOTES + 0x100];
	char path[64];
	int fd, err, good = 0;

	(void)state;
	begin(ET_EXEC);
	made.segment[0].p_flags |= PF_W; /* some kernels would not let it be overwritten else */
	add_info("go1.24");
	add_note("Go", 4, "abc", 3);
	add_note("GNU", NT_GNU_BUILD_ID, "abc", 3);
	add_segment(PT_NOTE, PF_R, NOTES, made.notes);
	add_phdr();
	run();
	snprintf(path, sizeof(path), "/proc/%d/mem", made.pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	srand(7);
	for (int round = 0; round < 2000; round++) {
		memcpy(damage, made.file, sizeof(damage));
		for (int i = 0; i <= round % 8; i++)
			damage[sizeof(made.header) + (size_t)rand() % 300] = (uint8_t)rand();
		damage[NOTES + (size_t)rand() % made.notes] = (uint8_t)rand();
		assert_int_equal(pwrite(fd, damage, sizeof(damage), BASE), sizeof(damage));
		err = read_image();
		assert_true(!err || err == -ENOEXEC || err == -ESRCH);
		good += !err;
	}
	assert_true(good > 0);
	close(fd);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_read_wherever_they_are_loaded),
		cmocka_unit_test(build_ids_of_go_come_first),
		cmocka_unit_test(long_build_ids_are_cut),
		cmocka_unit_test(other_programs_are_refused),
		cmocka_unit_test(who_has_exited_is_told),
		cmocka_unit_test(too_many_mappings_are_refused),
		cmocka_unit_test(damaged_headers_are_survived),
	};

	if (MACHINE == EM_NONE)
		return 0; /* no program for this machine is known here */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
