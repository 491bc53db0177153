/* SPDX-License-Identifier: GPL-2.0-only */
/* A made-up Go program in this process: the tables of the linker and the module that tells of them. */
#ifndef DWELL_TESTS_GO_PROGRAM_H
#define DWELL_TESTS_GO_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "go/image.h"
#include "go/module.h"

/* Sizes of its mappings in bytes. The first three are followed by an empty gap each. */
#define GO_PROGRAM_TEXT (4 << 20)
#define GO_PROGRAM_TABLES (32 << 20)
#define GO_PROGRAM_DATA (1 << 20)
#define GO_PROGRAM_BSS (64 << 10)
/* Where runtime.firstmoduledata is in the data, unless a test moves it. */
#define GO_PROGRAM_MODULE 0x1230
#define GO_PROGRAM_MODULE_WORDS 48

struct go_program {
	int version; /* minor one of Go: 18 to 27 */
	uint8_t quantum;
	uint8_t *text, *tables, *data,
		*bss; /* mappings of this process, all of which can be written */
	struct go_image image;
	struct go_module module; /* what is to be found */
	/* What is laid out at the end. */
	struct go_program_table {
		uint8_t *bytes;
		size_t length, room;
	} names, cutab, files, values, ftab, functions, tree;
	uint32_t entry; /* offset of the next function in the text */
	size_t count;	/* of functions */
};

/* A function to be added. Offsets are what the functions below return. */
struct go_program_function {
	uint32_t name, size;
	uint32_t files, lines, inlined; /* tables of values; 0: none */
	uint32_t tree;			/* UINT32_MAX: none */
	uint8_t id;
};

/* What has a value for @length bytes of code. */
struct go_program_value {
	int32_t value;
	uint32_t length;
};

/* Begins a program as Go 1.@version writes it, with code in units of @quantum bytes. */
void go_program_begin(struct go_program *program, int version, uint8_t quantum);
void go_program_free(struct go_program *program);

uint32_t go_program_name(struct go_program *program, const char *name);
/* Returns the index of the file in the one compilation unit. */
int32_t go_program_file(struct go_program *program, const char *file);
uint32_t go_program_values(struct go_program *program, const struct go_program_value *values,
			   size_t count);
/* Adds one of the functions inlined at a call @caller bytes behind the entry, and returns where. */
uint32_t go_program_inlined(struct go_program *program, uint32_t name, uint32_t caller, uint8_t id);
/* Returns the address of the function. */
uint64_t go_program_function(struct go_program *program,
			     const struct go_program_function *function);

/* Lays all tables out, in memory and in program->module. */
void go_program_end(struct go_program *program);

/* The words of runtime.firstmoduledata. */
uint64_t *go_program_words(const struct go_program *program);

#endif
