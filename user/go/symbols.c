// SPDX-License-Identifier: GPL-2.0-only
/* Symbols: functions, files and lines of a Go program, from the tables in its memory. */
#include "go/symbols.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "go/pages.h"
#include "go/pclntab.h"

/* What names and frames may take in bytes, about. */
#define BYTES_MAX (8 << 20)
/* Bytes of a name or a path with its NUL: longer ones are cut. */
#define NAME_LEN 1024
/* Bytes of a name that are read: the type arguments, which are left out, may be long. */
#define RAW_LEN 8192
/* Calls from one inlined function to the next that are followed. */
#define CALLS_MAX 64

struct name {
	UT_hash_handle hh;
	char text[];
};

/* What is at one address. */
struct place {
	uint64_t pc;
	size_t frames; /* 0: it is not known */
	UT_hash_handle hh;
	struct go_frame frame[];
};

struct go_symbols {
	struct go_memory *memory;
	struct go_pclntab tab;
	struct name *names;
	struct place *places;
	size_t bytes;	 /* that names and places take */
	uint8_t wrapper; /* id of functions that the compiler made up; 0: not known */
	uint64_t unknown;
};

int go_symbols_new(struct go_memory *memory, const struct go_module *module,
		   struct go_symbols **symbols)
{
	struct go_symbols *new = calloc(1, sizeof(*new));

	*symbols = NULL;
	if (!new)
		return -ENOMEM;
	new->memory = memory;
	new->tab.module = *module;
	go_symbols_renew(new);
	new->tab.pages = go_pages_new(memory);
	if (!new->tab.pages) {
		free(new);
		return -ENOMEM;
	}
	new->wrapper = go_pclntab_wrapper(&new->tab);
	*symbols = new;
	return 0;
}

void go_symbols_renew(struct go_symbols *symbols)
{
	symbols->tab.steps = GO_PCLNTAB_STEPS;
}

void go_symbols_free(struct go_symbols *symbols)
{
	struct name *name, *next_name;
	struct place *place, *next_place;

	if (!symbols)
		return;
	HASH_ITER(hh, symbols->names, name, next_name) {
		HASH_DEL(symbols->names, name);
		free(name);
	}
	HASH_ITER(hh, symbols->places, place, next_place) {
		HASH_DEL(symbols->places, place);
		free(place);
	}
	go_pages_free(symbols->tab.pages);
	free(symbols);
}

/* ---- what is kept ---------------------------------------------------------------- */

/* Returns zeroed memory that is accounted for; NULL: there is no room for it. */
static void *allocate(struct go_symbols *symbols, size_t size)
{
	void *memory;

	if (size > BYTES_MAX - symbols->bytes)
		return NULL;
	memory = calloc(1, size);
	if (memory)
		symbols->bytes += size;
	return memory;
}

/* Returns the one copy of @text that is kept; NULL: there is no room for it. */
static const char *keep_name(struct go_symbols *symbols, const char *text)
{
	size_t length = strlen(text);
	struct name *name;

	HASH_FIND(hh, symbols->names, text, length, name);
	if (name)
		return name->text;
	name = allocate(symbols, sizeof(*name) + length + 1);
	if (!name)
		return NULL;
	memcpy(name->text, text, length + 1);
	HASH_ADD_KEYPTR(hh, symbols->names, name->text, length, name);
	if (name->hh.tbl)
		return name->text;
	symbols->bytes -= sizeof(*name) + length + 1;
	free(name);
	return NULL;
}

static struct place *keep_place(struct go_symbols *symbols, uint64_t pc,
				const struct go_frame *frames, size_t count)
{
	size_t size = sizeof(struct place) + count * sizeof(*frames);
	struct place *place = allocate(symbols, size);

	if (!place)
		return NULL;
	place->pc = pc;
	place->frames = count;
	if (count)
		memcpy(place->frame, frames, count * sizeof(*frames));
	HASH_ADD(hh, symbols->places, pc, sizeof(place->pc), place);
	if (place->hh.tbl)
		return place;
	symbols->bytes -= size;
	free(place);
	return NULL;
}

/* ---- what is read ---------------------------------------------------------------- */

/*
 * Writes "..." for the type arguments in a name that has room for @size bytes, as the runtime itself
 * does: from the first [ to the last ].
 */
static void leave_out_arguments(char *name, size_t size)
{
	static const char dots[] = "[...]";
	const size_t length = sizeof(dots) - 1;
	char *open = strchr(name, '['), *close = strrchr(name, ']');
	size_t behind;

	if (!open || !close || close < open)
		return;
	behind = strlen(close + 1) + 1;
	if ((size_t)(open - name) + length + behind > size)
		return;
	memmove(open + length, close + 1, behind);
	memcpy(open, dots, length);
}

/* Returns the name at offset @offset; NULL: it is not known. */
static const char *read_name(struct go_symbols *symbols, uint32_t offset)
{
	char text[RAW_LEN];

	if (go_pclntab_name(&symbols->tab, offset, text, sizeof(text)) || !text[0])
		return NULL;
	leave_out_arguments(text, sizeof(text));
	text[NAME_LEN - 1] = '\0';
	return keep_name(symbols, text);
}

/* Fills a frame. What is not known of it but for the name is counted. */
static void read_frame(struct go_symbols *symbols, const struct go_function *function, uint64_t pc,
		       const char *name, uint8_t id, struct go_frame *frame)
{
	char file[NAME_LEN];
	int err;

	*frame = (struct go_frame){.function = name, .wrapper = id && id == symbols->wrapper};
	err = go_pclntab_line(&symbols->tab, function, pc, file, sizeof(file), &frame->line);
	if (!err)
		frame->file = keep_name(symbols, file);
	if (frame->file)
		return;
	frame->line = 0;
	if (err != -ENOENT)
		symbols->unknown++;
}

/* Fills the frames at @pc of @function, whose name is @name. Returns their number. */
static size_t read_frames(struct go_symbols *symbols, const struct go_function *function,
			  const char *name, uint64_t pc, struct go_frame *frames)
{
	struct go_inlined inlined;
	const char *inner;
	size_t count = 0;

	for (int calls = 0; calls < CALLS_MAX; calls++) {
		if (go_pclntab_inlined(&symbols->tab, function, pc, &inlined)) {
			symbols->unknown++;
			break;
		}
		if (inlined.name == UINT32_MAX)
			break;
		/* The last frame is for the function whose code it is. */
		if (count < GO_INLINED_MAX - 1) {
			inner = read_name(symbols, inlined.name);
			if (inner)
				read_frame(symbols, function, pc, inner, inlined.id,
					   &frames[count++]);
			else
				symbols->unknown++;
		}
		pc = inlined.caller;
	}
	read_frame(symbols, function, pc, name, function->id, &frames[count++]);
	return count;
}

/* Whether no more is read for now, so that what was read last may lack something. */
static bool is_spent(const struct go_symbols *symbols)
{
	return !symbols->tab.steps || go_memory_spent(symbols->memory);
}

/* Returns what is at @pc; NULL: there is no room to keep it, or no time to read it. */
static const struct place *find_place(struct go_symbols *symbols, uint64_t pc)
{
	struct go_frame frames[GO_INLINED_MAX];
	struct go_function function;
	struct place *place = NULL;
	const char *name = NULL;
	size_t count = 0;
	int err;

	HASH_FIND(hh, symbols->places, &pc, sizeof(pc), place);
	if (place)
		return place;
	err = go_pclntab_find(&symbols->tab, pc, &function);
	if (!err)
		name = read_name(symbols, function.name);
	if (name)
		count = read_frames(symbols, &function, name, pc, frames);
	if (!is_spent(symbols))
		place = keep_place(symbols, pc, frames, count);
	/* Code that is not Go's has no name here by its nature. */
	if ((!name && err != -ENOENT) || !place)
		symbols->unknown++;
	return place;
}

/* ---- what is asked --------------------------------------------------------------- */

const char *go_symbols_function(struct go_symbols *symbols, uint64_t pc)
{
	const struct place *place = find_place(symbols, pc);

	return place && place->frames ? place->frame[place->frames - 1].function : NULL;
}

uint64_t go_symbols_entry(struct go_symbols *symbols, uint64_t pc)
{
	struct go_function function;

	return go_pclntab_find(&symbols->tab, pc, &function) ? 0 : function.entry;
}

int64_t go_symbols_frame_size(struct go_symbols *symbols, uint64_t pc)
{
	struct go_function function;
	uint32_t size;

	if (go_pclntab_find(&symbols->tab, pc, &function) ||
	    go_pclntab_frame(&symbols->tab, &function, pc, &size))
		return -1;
	return size;
}

size_t go_symbols_frames(struct go_symbols *symbols, uint64_t pc, const struct go_frame **frames)
{
	const struct place *place = find_place(symbols, pc);

	*frames = place ? place->frame : NULL;
	return place ? place->frames : 0;
}

int go_symbols_find(struct go_symbols *symbols, const char *name, uint64_t *entry, uint64_t *size)
{
	uint64_t end;
	int err = go_pclntab_search(&symbols->tab, name, entry, &end);

	if (!err)
		*size = end - *entry;
	return err;
}

uint64_t go_symbols_unknown(const struct go_symbols *symbols)
{
	return symbols->unknown;
}
