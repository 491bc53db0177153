// SPDX-License-Identifier: GPL-2.0-only
/* ELF symbols: the functions of one program file, by their place in it. */
#include "host/elf_symbols.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gelf.h>

#include "base/clock.h"

/* Symbols between two looks at the clock. */
#define CLOCK_EVERY 4096
/* How many symbols before an address are examined: others may be nested in its function. */
#define NESTED_MAX 64
/* How many names of one function are compared. */
#define ALIASES_MAX 8

/* A part of the file that is loaded into memory. */
struct segment {
	uint64_t offset, size, address;
};

struct function {
	uint64_t address;
	uint32_t size; /* 0: not known */
	uint32_t room; /* up to the end of its section; only without a size */
	uint32_t name; /* offset in the table of names */
	uint32_t rank; /* of several at one address, the lowest rank wins */
};

struct elf_symbols {
	uint64_t base; /* the lowest address */
	struct segment segment[ELF_SEGMENTS_MAX];
	size_t segments;
	uint64_t names, names_size; /* offset and size of the table of names in the file */
	struct function *function;  /* by address */
	size_t functions;
};

void elf_symbols_free(struct elf_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->function);
	free(symbols);
}

size_t elf_symbols_count(const struct elf_symbols *symbols)
{
	return symbols->functions;
}

/* ---- reading ------------------------------------------------------------------- */

/* The last failure of libelf, as a negative errno. */
static int elf_failure(void)
{
	/* libelf has error numbers of its own, but no header tells them. */
	return errno == ENOMEM ? -ENOMEM : -ENOEXEC;
}

static int read_segments(struct elf_symbols *symbols, Elf *elf)
{
	GElf_Phdr header;
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return elf_failure();
	if (count > ELF_SEGMENTS_MAX)
		return -EFBIG;
	symbols->base = UINT64_MAX;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &header))
			return elf_failure();
		if (header.p_type != PT_LOAD)
			continue;
		symbols->segment[symbols->segments++] =
			(struct segment){header.p_offset, header.p_filesz, header.p_vaddr};
		if (header.p_vaddr < symbols->base)
			symbols->base = header.p_vaddr;
	}
	/* The memory begins with a whole page, even if the segment begins inside it. */
	symbols->base &= ~4095ULL;
	return symbols->segments ? 0 : -ENOEXEC;
}

/* Sets *table to the section of symbols, NULL if there is none. 0 or a negative errno. */
static int find_table(Elf *elf, Elf_Scn **table)
{
	Elf_Scn *section = NULL;
	unsigned int seen = 0;
	GElf_Shdr header;

	*table = NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (++seen > ELF_SECTIONS_MAX)
			return -EFBIG;
		if (!gelf_getshdr(section, &header))
			return elf_failure();
		if (header.sh_type == SHT_DYNSYM && !*table)
			*table = section;
		if (header.sh_type == SHT_SYMTAB) {
			*table = section;
			break;
		}
	}
	return 0;
}

/* Finds the names of @table's symbols. 0 or a negative errno; packed names are -ENOEXEC. */
static int find_names(struct elf_symbols *symbols, Elf *elf, const GElf_Shdr *table)
{
	Elf_Scn *section = elf_getscn(elf, table->sh_link);
	GElf_Shdr header;

	if (!section || !gelf_getshdr(section, &header))
		return elf_failure();
	if (header.sh_type != SHT_STRTAB || header.sh_flags & SHF_COMPRESSED)
		return -ENOEXEC;
	symbols->names = header.sh_offset;
	symbols->names_size = header.sh_size;
	return 0;
}

static bool is_function(const GElf_Sym *symbol)
{
	const unsigned int type = GELF_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_name;
}

/* Global names come first: people know what other files may use. */
static uint32_t rank_of(const GElf_Sym *symbol)
{
	return GELF_ST_BIND(symbol->st_info) == STB_LOCAL;
}

static uint32_t at_most_32_bits(uint64_t value)
{
	return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

/* Bytes from @symbol to the end of its section; 0: it is in none. */
static uint32_t room_of(Elf *elf, const GElf_Sym *symbol)
{
	Elf_Scn *section = symbol->st_shndx < SHN_LORESERVE ? elf_getscn(elf, symbol->st_shndx) :
							      NULL;
	GElf_Shdr header;
	uint64_t before;

	if (!section || !gelf_getshdr(section, &header))
		return 0;
	before = symbol->st_value - header.sh_addr;
	return before < header.sh_size ? at_most_32_bits(header.sh_size - before) : 0;
}

static int keep_functions(struct elf_symbols *symbols, Elf *elf, Elf_Data *data, size_t count)
{
	const uint64_t until = clock_now(CLOCK_PROCESS_CPUTIME_ID) + ELF_READ_NS;
	GElf_Sym symbol;

	for (size_t i = 0; i < count; i++) {
		if (!(i % CLOCK_EVERY) && clock_now(CLOCK_PROCESS_CPUTIME_ID) > until)
			return -ETIME;
		if (!gelf_getsym(data, (int)i, &symbol))
			return elf_failure();
		if (!is_function(&symbol))
			continue;
		symbols->function[symbols->functions++] = (struct function){
			.address = symbol.st_value,
			.size = at_most_32_bits(symbol.st_size),
			.room = symbol.st_size ? 0 : room_of(elf, &symbol),
			.name = symbol.st_name,
			.rank = rank_of(&symbol),
		};
	}
	return 0;
}

static int by_address(const void *one, const void *other)
{
	const struct function *a = one, *b = other;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	/* A look-up starts at the last symbol before an address, so the best of equals is last. */
	if (!a->size != !b->size)
		return a->size ? 1 : -1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? 1 : -1;
	return a->name < b->name ? 1 : a->name > b->name ? -1 : 0;
}

static int read_functions(struct elf_symbols *symbols, Elf *elf, Elf_Scn *table)
{
	GElf_Shdr header;
	struct function *fitting;
	Elf_Data *data;
	size_t count;
	int err;

	if (!gelf_getshdr(table, &header))
		return elf_failure();
	if (!header.sh_entsize || header.sh_flags & SHF_COMPRESSED)
		return -ENOEXEC;
	count = header.sh_size / gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	if (header.sh_size / header.sh_entsize > ELF_SYMBOLS_MAX || count > ELF_SYMBOLS_MAX)
		return -EFBIG;
	err = find_names(symbols, elf, &header);
	if (err)
		return err;
	data = elf_getdata(table, NULL);
	if (!data)
		return elf_failure();
	symbols->function = calloc(count + 1, sizeof(*symbols->function));
	if (!symbols->function)
		return -ENOMEM;
	err = keep_functions(symbols, elf, data, count);
	if (err)
		return err;
	qsort(symbols->function, symbols->functions, sizeof(*symbols->function), by_address);
	fitting = realloc(symbols->function, (symbols->functions + 1) * sizeof(*symbols->function));
	symbols->function = fitting ?: symbols->function;
	return 0;
}

static int read_elf(struct elf_symbols *symbols, Elf *elf)
{
	Elf_Scn *table;
	int err;

	/* An archive of ELF files cannot run. */
	if (elf_kind(elf) != ELF_K_ELF)
		return -ENOEXEC;
	err = read_segments(symbols, elf);
	if (!err)
		err = find_table(elf, &table);
	return err || !table ? err : read_functions(symbols, elf, table);
}

int elf_symbols_read(int fd, struct elf_symbols **result)
{
	struct elf_symbols *symbols;
	struct stat info;
	Elf *elf;
	int err;

	*result = NULL;
	if (fstat(fd, &info))
		return -errno;
	if ((uint64_t)info.st_size > ELF_FILE_MAX)
		return -EFBIG;
	elf_version(EV_CURRENT);
	symbols = calloc(1, sizeof(*symbols));
	if (!symbols)
		return -ENOMEM;
	errno = 0;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	err = elf ? read_elf(symbols, elf) : elf_failure();
	elf_end(elf);
	if (err)
		elf_symbols_free(symbols);
	else
		*result = symbols;
	return err;
}

/* ---- naming -------------------------------------------------------------------- */

/* How many functions begin at or before @address. */
static size_t functions_until(const struct elf_symbols *symbols, uint64_t address)
{
	size_t low = 0, high = symbols->functions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->function[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The function that holds @address, or NULL. A function without a size ends where the next
 * one begins, or its section ends.
 */
static const struct function *function_at(const struct elf_symbols *symbols, uint64_t address)
{
	const size_t until = functions_until(symbols, address);

	for (size_t i = until; i-- && until - i <= NESTED_MAX;) {
		const struct function *function = &symbols->function[i];
		uint64_t size = function->size;

		if (!size && function->address == symbols->function[until - 1].address)
			size = function->room;
		if (address - function->address < size)
			return function;
	}
	return NULL;
}

static int read_name(const struct elf_symbols *symbols, int fd, uint32_t at, char *name,
		     size_t size)
{
	const uint64_t room = at < symbols->names_size ? symbols->names_size - at : 0;
	const size_t wanted = room < size - 1 ? (size_t)room : size - 1;
	ssize_t got = 0;

	if (wanted)
		got = pread(fd, name, wanted, (off_t)(symbols->names + at));
	name[got > 0 ? got : 0] = '\0';
	return got > 0 && *name ? 0 : -ENOEXEC;
}

/*
 * Reads the first of @function's names that does not begin with an underscore: "printf",
 * not "_IO_printf". If all do, it reads the first one. 0 or -ENOEXEC.
 */
static int read_best_name(const struct elf_symbols *symbols, int fd,
			  const struct function *function, char *name, size_t size)
{
	const struct function *other = function;
	int err;

	for (int i = 0; i < ALIASES_MAX; i++, other--) {
		err = read_name(symbols, fd, other->name, name, size);
		if (!err && *name != '_')
			return 0;
		if (other == symbols->function || other[-1].address != function->address ||
		    other[-1].rank != function->rank || other[-1].size != function->size)
			break;
	}
	return read_name(symbols, fd, function->name, name, size);
}

int elf_symbols_name(const struct elf_symbols *symbols, int fd, uint64_t offset, char *name,
		     size_t size, uint64_t *address)
{
	const struct function *function;
	const struct segment *segment = symbols->segment;
	const struct segment *const end = segment + symbols->segments;

	name[0] = '\0';
	while (segment < end && offset - segment->offset >= segment->size)
		segment++;
	if (segment == end)
		return -ENOENT;
	*address = segment->address + (offset - segment->offset);
	function = function_at(symbols, *address);
	*address -= symbols->base;
	return function ? read_best_name(symbols, fd, function, name, size) : 0;
}
