// SPDX-License-Identifier: GPL-2.0-only
/* A made-up Go program in this process: the tables of the linker and the module that tells of them. */
#include "harness/unit/go_program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define PAGE 4096

static uint8_t *map(struct go_program *program, size_t size, bool writable, bool executable,
		    bool anonymous)
{
	/* The page behind it stays empty. */
	uint8_t *area = mmap(NULL, size + PAGE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(area != MAP_FAILED);
	assert_int_equal(mprotect(area, size, PROT_READ | PROT_WRITE), 0);
	program->image.mapping[program->image.mappings++] = (struct go_mapping){
		.start = (uintptr_t)area,
		.end = (uintptr_t)area + size,
		.writable = writable,
		.executable = executable,
		.anonymous = anonymous,
	};
	return area;
}

static int by_address(const void *a, const void *b)
{
	const struct go_mapping *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

/* Appends to a table, and returns where. */
static uint32_t append(struct go_program_table *table, const void *from, size_t size)
{
	size_t at = table->length;

	if (at + size > table->room) {
		table->room = 2 * (at + size);
		table->bytes = realloc(table->bytes, table->room);
		assert_non_null(table->bytes);
	}
	memcpy(table->bytes + at, from, size);
	table->length += size;
	return (uint32_t)at;
}

void go_program_begin(struct go_program *program, int version, uint8_t quantum)
{
	*program = (struct go_program){.version = version, .quantum = quantum};
	program->text = map(program, GO_PROGRAM_TEXT, false, true, false);
	program->tables = map(program, GO_PROGRAM_TABLES, false, false, false);
	program->data = map(program, GO_PROGRAM_DATA, true, false, false);
	program->bss = map(program, GO_PROGRAM_BSS, true, false, true);
	qsort(program->image.mapping, program->image.mappings, sizeof(program->image.mapping[0]),
	      by_address);
	append(&program->values, "", 1); /* offset 0 is none */
	go_program_name(program, "go:buildid");
}

void go_program_free(struct go_program *program)
{
	munmap(program->text, GO_PROGRAM_TEXT + PAGE);
	munmap(program->tables, GO_PROGRAM_TABLES + PAGE);
	munmap(program->data, GO_PROGRAM_DATA + PAGE);
	munmap(program->bss, GO_PROGRAM_BSS + PAGE);
	free(program->names.bytes);
	free(program->cutab.bytes);
	free(program->files.bytes);
	free(program->values.bytes);
	free(program->functions.bytes);
	free(program->tree.bytes);
	free(program->ftab.bytes);
}

uint32_t go_program_name(struct go_program *program, const char *name)
{
	return append(&program->names, name, strlen(name) + 1);
}

int32_t go_program_file(struct go_program *program, const char *file)
{
	uint32_t at = append(&program->files, file, strlen(file) + 1);

	return (int32_t)(append(&program->cutab, &at, sizeof(at)) / sizeof(at));
}

static void append_varint(struct go_program *program, uint32_t value)
{
	uint8_t byte;

	do {
		byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);
		append(&program->values, &byte, 1);
		value >>= 7;
	} while (value);
}

uint32_t go_program_values(struct go_program *program, const struct go_program_value *values,
			   size_t count)
{
	uint32_t at = (uint32_t)program->values.length;
	int32_t last = -1, add;

	for (size_t i = 0; i < count; i++) {
		add = values[i].value - last;
		append_varint(program, ((uint32_t)add << 1) ^ (add < 0 ? UINT32_MAX : 0));
		append_varint(program, values[i].length / program->quantum);
		last = values[i].value;
	}
	append_varint(program, 0);
	return at;
}

uint32_t go_program_inlined(struct go_program *program, uint32_t name, uint32_t caller, uint8_t id)
{
	const uint32_t old[] = {0xffff | (uint32_t)id << 16, 1, 2, name, caller};
	const uint32_t new[] = {id, name, caller, 3};

	return program->version < 20 ? append(&program->tree, old, sizeof(old)) :
				       append(&program->tree, new, sizeof(new));
}

uint64_t go_program_function(struct go_program *program, const struct go_program_function *function)
{
	const bool with_tree = function->tree != UINT32_MAX;
	const uint32_t words[] = {program->entry,
				  function->name,
				  8,
				  0,
				  0,
				  function->files,
				  function->lines,
				  function->inlined ? 3 : 0,
				  0,
				  10}; /* the last one is the line it begins at: from 1.20 on */
	const uint8_t last[4] = {function->id, 0, 0, with_tree ? 4 : 0};
	const uint32_t values[] = {0, 0, function->inlined};
	const uint32_t data[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, function->tree};
	uint32_t at = append(&program->functions, words,
			     sizeof(words) - (program->version < 20 ? sizeof(words[0]) : 0));

	append(&program->functions, last, sizeof(last));
	if (function->inlined)
		append(&program->functions, values, sizeof(values));
	if (with_tree)
		append(&program->functions, data, sizeof(data));
	append(&program->ftab, &program->entry, sizeof(program->entry));
	append(&program->ftab, &at, sizeof(at));
	program->count++;
	program->entry += function->size;
	assert_true(program->entry < GO_PROGRAM_TEXT);
	return (uintptr_t)program->text + program->entry - function->size;
}

/* ---- layout ---------------------------------------------------------------------- */

/* Copies a table behind the others, and returns its address. */
static uint64_t lay(struct go_program *program, size_t *at, const void *from, size_t size)
{
	uint8_t *to = program->tables + *at;

	assert_true(*at + size <= GO_PROGRAM_TABLES);
	memcpy(to, from, size);
	*at = (*at + size + 31) / 32 * 32;
	return (uintptr_t)to;
}

static void lay_tables(struct go_program *program)
{
	struct go_module *module = &program->module;
	const size_t ftab = (program->count + 1) * 8, header = program->version < 26 ? 96 : 72;
	size_t at = PAGE + header;
	uint32_t *entries;

	append(&program->ftab, (uint32_t[]){program->entry, 0}, 2 * sizeof(uint32_t));
	/* Functions follow the table, and are counted from where it begins. */
	entries = (uint32_t *)program->ftab.bytes;
	for (size_t i = 0; i < program->count; i++)
		entries[2 * i + 1] += (uint32_t)ftab;
	module->pclntab = (uintptr_t)program->tables + PAGE;
	module->funcnames.start = lay(program, &at, program->names.bytes, program->names.length);
	module->cutab.start = lay(program, &at, program->cutab.bytes, program->cutab.length);
	module->filetab.start = lay(program, &at, program->files.bytes, program->files.length);
	module->pctab.start = lay(program, &at, program->values.bytes, program->values.length);
	module->pclntable.start = lay(program, &at, program->ftab.bytes, ftab);
	at = module->pclntable.start + ftab - (uintptr_t)program->tables;
	lay(program, &at, program->functions.bytes, program->functions.length);
	module->gofunc = lay(program, &at, program->tree.bytes, program->tree.length);
	module->funcnames.length = program->names.length;
	module->cutab.length = (program->cutab.length + 31) / 32 * 32 / 4;
	module->filetab.length = program->files.length;
	module->pctab.length = program->values.length;
	module->pclntable.length = ftab + program->functions.length;
	module->ftab = (struct go_slice){module->pclntable.start, program->count + 1};
	module->rodata = (uintptr_t)program->tables;
	for (size_t i = 0; i < program->image.mappings; i++) {
		if (program->image.mapping[i].start == module->rodata)
			program->image.mapping[i].end =
				module->rodata + (at + PAGE - 1) / PAGE * PAGE;
	}
}

static void lay_header(const struct go_program *program)
{
	const struct go_module *module = &program->module;
	const uint64_t words[] = {
		module->magic | (uint64_t)module->quantum << 48 | 8ull << 56,
		program->count,
		7,
		program->version < 26 ? module->text.start : 0,
		module->funcnames.start - module->pclntab,
		module->cutab.start - module->pclntab,
		module->filetab.start - module->pclntab,
		module->pctab.start - module->pclntab,
		module->pclntable.start - module->pclntab,
	};

	memcpy(program->tables + PAGE, words, sizeof(words));
}

static uint64_t *put_slice(uint64_t *word, struct go_slice slice)
{
	*word++ = slice.start;
	*word++ = slice.length;
	*word++ = slice.length;
	return word;
}

static uint64_t *put_range(uint64_t *word, struct go_range range)
{
	*word++ = range.start;
	*word++ = range.end;
	return word;
}

static void lay_module(const struct go_program *program)
{
	const struct go_module *module = &program->module;
	uint64_t *word = go_program_words(program);
	/* The length of the slice is in bytes, as some versions write it. */
	struct go_slice cutab = {module->cutab.start, module->cutab.length * 4};

	*word++ = module->pclntab;
	word = put_slice(word, module->funcnames);
	word = put_slice(word, cutab);
	word = put_slice(word, module->filetab);
	word = put_slice(word, module->pctab);
	word = put_slice(word, module->pclntable);
	word = put_slice(word, module->ftab);
	*word++ = module->rodata + 8; /* findfunctab */
	word = put_range(word, (struct go_range){module->text.start,
						 module->text.start + program->entry});
	word = put_range(word, module->text);
	word = put_range(word, module->noptrdata);
	word = put_range(word, module->data);
	word = put_range(word, module->bss);
	word = put_range(word, module->noptrbss);
	if (program->version >= 20)
		word += 2; /* covctrs */
	word += 3;	   /* end, gcdata, gcbss */
	*word++ = module->rodata;
	if (program->version >= 27)
		*word++ = 512; /* typedesclen */
	*word++ = module->rodata + 1024;
	if (program->version >= 27)
		word += 2; /* itaboffset, itabsize */
	*word++ = module->rodata;
	*word++ = module->gofunc;
	if (program->version >= 26)
		*word++ = module->pclntable.start + module->pclntable.length;
	put_slice(word, (struct go_slice){module->rodata + 64, 1});
}

void go_program_end(struct go_program *program)
{
	struct go_module *module = &program->module;
	const uint64_t data = (uintptr_t)program->data, bss = (uintptr_t)program->bss;

	module->address = data + GO_PROGRAM_MODULE;
	module->magic = program->version < 20 ? 0xfffffff0 : 0xfffffff1;
	module->quantum = program->quantum;
	module->text.start = (uintptr_t)program->text;
	module->text.end = module->text.start + program->entry + 16;
	module->noptrdata = (struct go_range){data, data + 0x2000};
	module->data = (struct go_range){data + 0x2000, data + 0x3000};
	module->bss = (struct go_range){bss, bss + 0x1000};
	module->noptrbss = (struct go_range){bss + 0x1000, bss + 0x1000};
	lay_tables(program);
	lay_header(program);
	lay_module(program);
}

uint64_t *go_program_words(const struct go_program *program)
{
	return (uint64_t *)(program->data + GO_PROGRAM_MODULE);
}
