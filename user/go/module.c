// SPDX-License-Identifier: GPL-2.0-only
/* Module: the runtime's own description of where its code, tables and variables are. */
#include "go/module.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Bytes that are searched at a time; whole pages. */
#define CHUNK (256 << 10)
#define PAGE 4096
/* The most bytes of the executable that are searched. */
#define SEARCH_MAX (256 << 20)
/* Places that look like a module at first sight, but are none: beyond them the search ends. */
#define FALSE_MAX 256
/* Entries of the table of functions that are compared with the next one. */
#define SAMPLES 64
/* Functions; more than this are none, since their entries are found by 32 bits. */
#define FUNCTIONS_MAX (16 << 20)

/* The words of runtime.moduledata that all versions have in common. */
enum word {
	PC_HEADER,
	FUNCNAMES,
	CUTAB = FUNCNAMES + 3,
	FILETAB = CUTAB + 3,
	PCTAB = FILETAB + 3,
	PCLNTABLE = PCTAB + 3,
	FTAB = PCLNTABLE + 3,
	FINDFUNCTAB = FTAB + 3,
	MIN_PC,
	MAX_PC,
	TEXT,
	NOPTRDATA = TEXT + 2,
	DATA = NOPTRDATA + 2,
	BSS = DATA + 2,
	NOPTRBSS = BSS + 2,
	COMMON_WORDS = NOPTRBSS + 2, /* where the versions begin to differ */
	WORDS = 48
};

/* Where the others are. Each entry is tried; the ends of read-only data tell which one it is. */
static const struct tail {
	uint32_t magic;
	uint8_t types, etypes, rodata, gofunc, textsects;
} tails[] = {
	{GO_MAGIC_118, 35, 36, 37, 38, 39}, /* 1.18, 1.19 */
	{GO_MAGIC_120, 37, 38, 39, 40, 41}, /* 1.20 to 1.25 */
	{GO_MAGIC_120, 37, 38, 39, 40, 42}, /* 1.26 */
	{GO_MAGIC_120, 37, 39, 42, 43, 45}, /* 1.27 */
};

/* What leads the tables: runtime.pcHeader. */
struct pc_header {
	uint32_t magic;
	uint8_t zero[2], quantum, pointer_size;
	uint64_t functions, files;
	uint64_t text;					      /* 0: since 1.26 */
	uint64_t funcnames, cutab, filetab, pctab, pclntable; /* offsets from here */
};

/* ---- the tables ------------------------------------------------------------------ */

/* Whether the slice at @words is full and lies @offset behind the header, within the program. */
static bool take_slice(const struct go_image *image, const uint64_t *words, uint64_t offset,
		       uint64_t element, struct go_slice *slice)
{
	uint64_t length = words[1];

	if (!length || length != words[2] || length > UINT32_MAX)
		return false;
	slice->start = words[0];
	slice->length = length;
	return offset <= UINT32_MAX && go_image_holds(image, slice->start, length * element);
}

/* Whether the slices of the module are the tables that the header tells of. */
static bool take_tables(const struct go_image *image, const uint64_t *words,
			const struct pc_header *header, struct go_module *module)
{
	const struct {
		enum word word;
		uint64_t offset, element;
		struct go_slice *slice;
	} tables[] = {
		{FUNCNAMES, header->funcnames, 1, &module->funcnames},
		/* Its length is in bytes up to some version: it is cut below. */
		{CUTAB, header->cutab, 1, &module->cutab},
		{FILETAB, header->filetab, 1, &module->filetab},
		{PCTAB, header->pctab, 1, &module->pctab},
		{PCLNTABLE, header->pclntable, 1, &module->pclntable},
		{FTAB, header->pclntable, sizeof(struct go_ftab_entry), &module->ftab},
	};
	uint64_t room;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (words[tables[i].word] != module->pclntab + tables[i].offset ||
		    !take_slice(image, words + tables[i].word, tables[i].offset, tables[i].element,
				tables[i].slice))
			return false;
	}
	if (module->filetab.start < module->cutab.start)
		return false;
	room = (module->filetab.start - module->cutab.start) / sizeof(uint32_t);
	if (module->cutab.length > room)
		module->cutab.length = room;
	return module->ftab.length == header->functions + 1 && header->functions <= FUNCTIONS_MAX &&
	       module->ftab.length * sizeof(struct go_ftab_entry) <= module->pclntable.length;
}

static int read_header(struct go_memory *memory, const struct go_image *image,
		       const uint64_t *words, struct pc_header *header)
{
	int err;

	if (!go_image_holds(image, words[PC_HEADER], sizeof(*header)))
		return -ENOENT;
	err = go_memory_read(memory, words[PC_HEADER], header, sizeof(*header));
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	if ((header->magic != GO_MAGIC_118 && header->magic != GO_MAGIC_120) || header->zero[0] ||
	    header->zero[1] || (header->quantum != 1 && header->quantum != 4) ||
	    header->pointer_size != 8 || !header->functions)
		return -ENOENT;
	return header->text && header->text != words[TEXT] ? -ENOENT : 0;
}

/* ---- what they are about --------------------------------------------------------- */

/* Takes the range at @words; it may be empty. */
static bool take_range(const struct go_image *image, const uint64_t *words, struct go_range *range)
{
	range->start = words[0];
	range->end = words[1];
	if (range->end < range->start)
		return false;
	return range->start == range->end ||
	       go_image_holds(image, range->start, range->end - range->start);
}

static bool is_executable(const struct go_image *image, uint64_t address)
{
	for (size_t i = 0; i < image->mappings; i++) {
		if (address >= image->mapping[i].start && address < image->mapping[i].end)
			return image->mapping[i].executable;
	}
	return false;
}

static bool take_ranges(const struct go_image *image, const uint64_t *words,
			struct go_module *module)
{
	return take_range(image, words + TEXT, &module->text) &&
	       take_range(image, words + NOPTRDATA, &module->noptrdata) &&
	       take_range(image, words + DATA, &module->data) &&
	       take_range(image, words + BSS, &module->bss) &&
	       take_range(image, words + NOPTRBSS, &module->noptrbss) &&
	       module->text.end > module->text.start && is_executable(image, module->text.start) &&
	       is_executable(image, module->text.end - 1) && words[MIN_PC] >= module->text.start &&
	       words[MAX_PC] <= module->text.end && words[MIN_PC] < words[MAX_PC] &&
	       go_image_holds(image, words[FINDFUNCTAB], 1);
}

/* Whether the rest is laid out as @tail says. */
static bool take_tail(const struct go_image *image, const uint64_t *words, const struct tail *tail,
		      struct go_module *module)
{
	uint64_t types = words[tail->types], etypes = words[tail->etypes];
	const uint64_t *sections = words + tail->textsects;

	module->rodata = words[tail->rodata];
	module->gofunc = words[tail->gofunc];
	/* Several sections of text would each have a base of its own: none are known so far. */
	return tail->magic == module->magic && types < etypes &&
	       go_image_holds(image, types, etypes - types) &&
	       go_image_holds(image, module->rodata, 1) &&
	       go_image_holds(image, module->gofunc, 1) && sections[1] <= 1 &&
	       sections[1] == sections[2] &&
	       (!sections[1] || go_image_holds(image, sections[0], 1));
}

static bool take_tails(const struct go_image *image, const uint64_t *words,
		       struct go_module *module)
{
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		if (take_tail(image, words, &tails[i], module))
			return true;
	}
	return false;
}

/* Checks samples of the table of functions: first, last, and that they are sorted in between. */
static int check_functions(struct go_memory *memory, const uint64_t *words,
			   const struct go_module *module)
{
	struct go_ftab_entry pair[SAMPLES][2];
	struct go_piece pieces[SAMPLES];
	uint64_t functions = module->ftab.length - 1, index;
	int err;

	for (size_t i = 0; i < SAMPLES; i++) {
		index = (functions - 1) * i / (SAMPLES - 1);
		pieces[i] = (struct go_piece){module->ftab.start + index * sizeof(pair[0][0]),
					      pair[i], sizeof(pair[i]), false};
	}
	err = go_memory_gather(memory, pieces, SAMPLES);
	if (err)
		return err;
	for (size_t i = 0; i < SAMPLES; i++) {
		if (!pieces[i].read || pair[i][0].entry > pair[i][1].entry ||
		    pair[i][0].function >= module->pclntable.length ||
		    (i && pair[i][0].entry < pair[i - 1][0].entry))
			return -ENOENT;
	}
	return words[MIN_PC] == module->text.start + pair[0][0].entry &&
			       words[MAX_PC] == module->text.start + pair[SAMPLES - 1][1].entry ?
		       0 :
		       -ENOENT;
}

/* ---- the search ------------------------------------------------------------------ */

/* A cheap test, which nearly all places fail. */
static bool is_likely(const uint64_t *words)
{
	return words[PC_HEADER] && !(words[PC_HEADER] % 8) && words[FUNCNAMES] > words[PC_HEADER] &&
	       words[FUNCNAMES] - words[PC_HEADER] <= 2 * sizeof(struct pc_header) &&
	       words[FUNCNAMES + 1] == words[FUNCNAMES + 2] && words[CUTAB] > words[FUNCNAMES];
}

/* Takes the module whose words these are. 0; -ENOENT: it is none; another negative errno. */
static int take_module(struct go_memory *memory, const struct go_image *image,
		       const uint64_t *words, struct go_module *module)
{
	struct pc_header header;
	int err = read_header(memory, image, words, &header);

	if (err)
		return err;
	module->pclntab = words[PC_HEADER];
	module->magic = header.magic;
	module->quantum = header.quantum;
	if (!take_tables(image, words, &header, module) || !take_ranges(image, words, module) ||
	    !take_tails(image, words, module))
		return -ENOENT;
	return check_functions(memory, words, module);
}

static int search_chunk(struct go_memory *memory, const struct go_image *image, uint64_t address,
			const uint64_t *words, size_t count, unsigned int *tries,
			struct go_module *module)
{
	int err;

	for (size_t i = 0; i + WORDS <= count; i++) {
		if (!is_likely(words + i))
			continue;
		if (!(*tries)--)
			return -ENODATA;
		module->address = address + i * sizeof(words[0]);
		err = take_module(memory, image, words + i, module);
		if (err != -ENOENT)
			return err;
	}
	return -ENOENT;
}

/* Searches a mapping. *@room is how many bytes may still be read. */
static int search_mapping(struct go_memory *memory, const struct go_image *image,
			  const struct go_mapping *mapping, uint64_t *words, uint64_t *room,
			  unsigned int *tries, struct go_module *module)
{
	const size_t overlap = (WORDS - 1) * sizeof(words[0]);
	uint64_t address = mapping->start, part;
	ssize_t size;
	int err = -ENOENT;

	while (address < mapping->end && err == -ENOENT && *room) {
		part = mapping->end - address < CHUNK ? mapping->end - address : CHUNK;
		size = go_memory_read_some(memory, address, words, part);
		if (size < 0)
			return (int)size;
		err = search_chunk(memory, image, address, words, (size_t)size / sizeof(words[0]),
				   tries, module);
		*room -= part < *room ? part : *room;
		address += (uint64_t)size;
		if ((uint64_t)size < part)
			address += PAGE - address % PAGE; /* behind a page that cannot be read */
		else if (address < mapping->end)
			address -= overlap;
	}
	return err;
}

int go_module_find(struct go_memory *memory, const struct go_image *image, struct go_module *module)
{
	auto_free uint64_t *words = malloc(CHUNK);
	const struct go_mapping *mapping;
	uint64_t room = SEARCH_MAX;
	unsigned int tries = FALSE_MAX;
	int err = -ENOENT;

	if (!words)
		return -ENOMEM;
	memset(module, 0, sizeof(*module));
	/* It is in writable memory, some of which is protected once it is relocated. */
	for (int writable = 1; writable >= 0 && err == -ENOENT; writable--) {
		for (size_t i = 0; i < image->mappings && err == -ENOENT; i++) {
			mapping = &image->mapping[i];
			if (mapping->writable == writable && !mapping->executable &&
			    !mapping->anonymous)
				err = search_mapping(memory, image, mapping, words, &room, &tries,
						     module);
		}
	}
	return err == -ENODATA ? -ENOENT : err;
}
