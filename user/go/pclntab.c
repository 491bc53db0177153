// SPDX-License-Identifier: GPL-2.0-only
/* Pclntab: the runtime's tables of functions, files and lines, as the linker has written them. */
#include "go/pclntab.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAGIC_118 0xfffffff0

/* Words of 32 bits in runtime._func. */
enum word {
	ENTRY,
	NAME,
	FILES = 5,
	LINES,
	VALUES, /* how many tables of values follow */
	UNIT,
	WORDS_118 = 10,
	WORDS_120
};

/* Tables of values, and of other data, that follow it. */
#define VALUES_INLINED 2
#define DATA_INLINED 3
#define DATA_NONE UINT32_MAX
/* More tables of values have no functions. */
#define VALUES_MAX 64

/* runtime.inlinedCall of both formats. */
#define INLINED_MAX (1 << 20)
#define INLINED_SIZE_118 20
#define INLINED_NAME_118 12
#define INLINED_SIZE_120 16
#define INLINED_NAME_120 4 /* the position follows the name in both */

/* Steps in one table of values: generated functions can be long. */
#define STEPS_MAX (1 << 20)
#define VARINT_MAX 5

/* ---- slices ---------------------------------------------------------------------- */

/* Reads @count elements of a slice from index @index on. */
static int read_slice(struct go_pclntab *tab, const struct go_slice *slice, size_t element,
		      uint64_t index, size_t count, void *buffer)
{
	if (index > slice->length || count > slice->length - index)
		return -EINVAL;
	return go_pages_read(tab->pages, slice->start + index * element, buffer, count * element);
}

static int read_text(struct go_pclntab *tab, const struct go_slice *slice, uint32_t offset,
		     char *text, size_t size)
{
	if (offset >= slice->length)
		return -EINVAL;
	return go_pages_text(tab->pages, slice->start + offset, slice->start + slice->length, text,
			     size);
}

int go_pclntab_name(struct go_pclntab *tab, uint32_t name, char *text, size_t size)
{
	return read_text(tab, &tab->module.funcnames, name, text, size);
}

/* ---- functions ------------------------------------------------------------------- */

struct ftab_entry {
	uint32_t entry, function;
};

static int read_ftab(struct go_pclntab *tab, uint64_t index, size_t count, struct ftab_entry *entry)
{
	return read_slice(tab, &tab->module.ftab, sizeof(*entry), index, count, entry);
}

/* Finds the last function that begins at @offset of the text or before. */
static int search_ftab(struct go_pclntab *tab, uint32_t offset, struct ftab_entry pair[2])
{
	uint64_t low = 0, high = tab->module.ftab.length - 1, middle;
	int err;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		err = read_ftab(tab, middle, 1, pair);
		if (err)
			return err;
		if (pair[0].entry <= offset)
			low = middle;
		else
			high = middle;
	}
	err = read_ftab(tab, low, 2, pair);
	if (err)
		return err;
	return pair[0].entry <= offset && offset < pair[1].entry ? 0 : -ENOENT;
}

/* Reads where the tables of inlined functions are. There may be none. */
static int read_inlined_tables(struct go_pclntab *tab, uint32_t at, const uint32_t *word,
			       size_t words, struct go_function *function)
{
	const struct go_slice *table = &tab->module.pclntable;
	uint8_t count[4]; /* of all tables but those of values, in the last byte */
	uint32_t data;
	int err;

	memcpy(count, &word[words - 1], sizeof(count));
	function->inlined = 0;
	function->tree = 0;
	if (word[VALUES] <= VALUES_INLINED || count[3] <= DATA_INLINED)
		return 0;
	if (word[VALUES] > VALUES_MAX)
		return -EINVAL;
	at += words * sizeof(*word);
	err = read_slice(tab, table, 1, at + VALUES_INLINED * sizeof(*word), sizeof(*word),
			 &function->inlined);
	if (!err)
		err = read_slice(tab, table, 1,
				 at + (word[VALUES] + DATA_INLINED) * (uint64_t)sizeof(*word),
				 sizeof(data), &data);
	if (err)
		return err;
	if (data != DATA_NONE)
		function->tree = tab->module.gofunc + data;
	return 0;
}

int go_pclntab_find(struct go_pclntab *tab, uint64_t pc, struct go_function *function)
{
	const struct go_range *text = &tab->module.text;
	size_t words = tab->module.magic == MAGIC_118 ? WORDS_118 : WORDS_120;
	uint32_t word[WORDS_120];
	struct ftab_entry pair[2];
	int err;

	if (pc < text->start || pc >= text->end || pc - text->start > UINT32_MAX ||
	    tab->module.ftab.length < 2)
		return -ENOENT;
	err = search_ftab(tab, (uint32_t)(pc - text->start), pair);
	if (!err)
		err = read_slice(tab, &tab->module.pclntable, 1, pair[0].function,
				 words * sizeof(word[0]), word);
	if (err)
		return err;
	if (word[ENTRY] != pair[0].entry)
		return -EINVAL;
	function->entry = text->start + pair[0].entry;
	function->end = text->start + pair[1].entry;
	function->name = word[NAME];
	function->files = word[FILES];
	function->lines = word[LINES];
	function->unit = word[UNIT];
	return read_inlined_tables(tab, pair[0].function, word, words, function);
}

/* ---- tables of values ------------------------------------------------------------ */

/* A place in the table of values. */
struct cursor {
	struct go_pclntab *tab;
	uint64_t address, end;
	const uint8_t *bytes;
	size_t left; /* of @bytes */
};

static int next_byte(struct cursor *cursor, uint8_t *byte)
{
	int err;

	if (cursor->address >= cursor->end)
		return -EINVAL;
	if (!cursor->left) {
		err = go_pages_at(cursor->tab->pages, cursor->address, &cursor->bytes,
				  &cursor->left);
		if (err)
			return err;
	}
	*byte = *cursor->bytes++;
	cursor->left--;
	cursor->address++;
	return 0;
}

static int next_varint(struct cursor *cursor, uint32_t *value)
{
	uint8_t byte;
	int err;

	*value = 0;
	for (int i = 0; i < VARINT_MAX; i++) {
		err = next_byte(cursor, &byte);
		if (err)
			return err;
		*value |= (uint32_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80)
			return 0;
	}
	return -EINVAL;
}

/* Reads the value at @pc from the table at offset @table: pairs of what is added to value and pc. */
static int read_value(struct go_pclntab *tab, const struct go_function *function, uint32_t table,
		      uint64_t pc, int32_t *value)
{
	const struct go_slice *slice = &tab->module.pctab;
	struct cursor cursor = {tab, slice->start + table, slice->start + slice->length, NULL, 0};
	uint64_t until = function->entry;
	uint32_t sum = UINT32_MAX, add, length;
	int err;

	if (!table || table >= slice->length)
		return -EINVAL;
	for (uint32_t steps = 0; steps < STEPS_MAX && tab->steps; steps++, tab->steps--) {
		err = next_varint(&cursor, &add);
		if (err)
			return err;
		if (!add && steps)
			return -EINVAL; /* it ends before @pc */
		sum += -(add & 1) ^ (add >> 1);
		err = next_varint(&cursor, &length);
		if (err)
			return err;
		until += (uint64_t)length * tab->module.quantum;
		if (pc < until) {
			*value = (int32_t)sum;
			return 0;
		}
	}
	return -EINVAL;
}

int go_pclntab_line(struct go_pclntab *tab, const struct go_function *function, uint64_t pc,
		    char *file, size_t size, uint32_t *line)
{
	int32_t index, number;
	uint32_t offset;
	int err = read_value(tab, function, function->files, pc, &index);

	if (!err)
		err = read_value(tab, function, function->lines, pc, &number);
	if (!err && (index < 0 || number < 0))
		err = -EINVAL;
	if (!err)
		err = read_slice(tab, &tab->module.cutab, sizeof(offset),
				 (uint64_t)function->unit + (uint32_t)index, 1, &offset);
	if (err)
		return err;
	*line = (uint32_t)number;
	return read_text(tab, &tab->module.filetab, offset, file, size);
}

int go_pclntab_inlined(struct go_pclntab *tab, const struct go_function *function, uint64_t pc,
		       struct go_inlined *inlined)
{
	bool old = tab->module.magic == MAGIC_118;
	uint32_t word[2]; /* name, position of the call */
	int32_t index;
	int err;

	inlined->name = UINT32_MAX;
	if (!function->inlined || !function->tree)
		return 0;
	err = read_value(tab, function, function->inlined, pc, &index);
	if (err || index < 0)
		return err;
	if (index >= INLINED_MAX)
		return -EINVAL;
	err = go_pages_read(tab->pages,
			    function->tree +
				    (uint64_t)index * (old ? INLINED_SIZE_118 : INLINED_SIZE_120) +
				    (old ? INLINED_NAME_118 : INLINED_NAME_120),
			    word, sizeof(word));
	if (err)
		return err;
	inlined->caller = function->entry + word[1];
	if (inlined->caller >= function->end || word[0] >= tab->module.funcnames.length)
		return -EINVAL;
	inlined->name = word[0];
	return 0;
}

/* ---- search of names ------------------------------------------------------------- */

/* Whether a name that is @length bytes long with its NUL is at @offset. */
static int is_named(struct go_pclntab *tab, uint64_t offset, const char *name, size_t length)
{
	const uint8_t *bytes;
	size_t left, at = 0;
	int err;

	if (length > tab->module.funcnames.length - offset)
		return 0;
	while (at < length) {
		err = go_pages_at(tab->pages, tab->module.funcnames.start + offset + at, &bytes,
				  &left);
		if (err)
			return err;
		if (left > length - at)
			left = length - at;
		if (memcmp(bytes, name + at, left) != 0)
			return 0;
		at += left;
	}
	return 1;
}

/* Finds the offset of @name among the names, each of which is there once. */
static int search_names(struct go_pclntab *tab, const char *name, uint32_t *offset)
{
	const struct go_slice *names = &tab->module.funcnames;
	const uint8_t *bytes, *nul;
	uint64_t at = 0;
	size_t left;
	int found;

	while (at < names->length) {
		found = is_named(tab, at, name, strlen(name) + 1);
		if (found < 0)
			return found;
		if (found) {
			*offset = (uint32_t)at;
			return 0;
		}
		do { /* to the next name */
			found = go_pages_at(tab->pages, names->start + at, &bytes, &left);
			if (found)
				return found;
			nul = memchr(bytes, '\0', left);
			at += nul ? (size_t)(nul - bytes) + 1 : left;
		} while (!nul && at < names->length);
	}
	return -ENOENT;
}

int go_pclntab_search(struct go_pclntab *tab, const char *name, uint64_t *entry, uint64_t *end)
{
	const struct go_module *module = &tab->module;
	struct ftab_entry pair[2];
	uint32_t wanted, offset;
	uint64_t matches = 0;
	int err = search_names(tab, name, &wanted);

	for (uint64_t i = 0; !err && i + 1 < module->ftab.length; i++) {
		err = read_ftab(tab, i, 2, pair);
		if (!err)
			err = read_slice(tab, &module->pclntable, 1,
					 pair[0].function + NAME * (uint64_t)sizeof(offset),
					 sizeof(offset), &offset);
		if (err || offset != wanted)
			continue;
		*entry = module->text.start + pair[0].entry;
		*end = module->text.start + pair[1].entry;
		if (matches++ || pair[1].entry <= pair[0].entry || *end > module->text.end)
			err = -ENOENT;
	}
	return err ? err : matches ? 0 : -ENOENT;
}
