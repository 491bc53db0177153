/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols: functions, files and lines of a Go program, from the tables in its memory. */
#ifndef DWELL_GO_SYMBOLS_H
#define DWELL_GO_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/memory.h"
#include "go/module.h"

struct go_symbols;

/* Names may hold any bytes. They are valid as long as the symbols. */
struct go_frame {
	const char *function; /* "main.(*server).serve"; type arguments are "[...]" */
	const char *file;     /* path at the build; NULL: not known */
	uint32_t line;	      /* 0: not known */
	bool wrapper;	      /* made up by the compiler: the runtime's own stacks leave it out */
};

#define GO_INLINED_MAX 16 /* frames at one address: deeper inlining is cut */

/*
 * Begins without any name. Names are read when they are asked for, and kept; beyond some 8 MB new
 * ones are unknown. @memory must outlive the symbols. 0 or -ENOMEM. The caller
 * frees them with go_symbols_free(), which also takes NULL.
 */
int go_symbols_new(struct go_memory *memory, const struct go_module *module,
		   struct go_symbols **symbols);
void go_symbols_free(struct go_symbols *symbols);

/*
 * Allows as much work again as at the beginning. Without it all names there are may be asked for
 * once, but a program that is read for months asks for some of them again and again.
 */
void go_symbols_renew(struct go_symbols *symbols);

/*
 * Returns the name of the function whose code is at @pc, which is the last one that
 * go_symbols_frames() tells; NULL: it is not known. Equal names are one pointer.
 */
const char *go_symbols_function(struct go_symbols *symbols, uint64_t pc);

/* Returns where the function at @pc begins; 0: no function is there. */
uint64_t go_symbols_entry(struct go_symbols *symbols, uint64_t pc);

/*
 * Returns how many bytes of the stack the function at @pc uses there, without its return address;
 * -1: that is not known.
 */
int64_t go_symbols_frame_size(struct go_symbols *symbols, uint64_t pc);

/*
 * Sets *frames to the functions at @pc: the innermost inlined one first, the one whose code it is
 * last. Returns their number, at most GO_INLINED_MAX; 0: nothing is known. They are valid as
 * long as the symbols. Of a return address the caller asks for the byte before it.
 */
size_t go_symbols_frames(struct go_symbols *symbols, uint64_t pc, const struct go_frame **frames);

/*
 * Finds the function named @name, with its type arguments, by a search of all names. Sets *entry
 * and *size, in bytes. 0; -ENOENT: there is none; -ENOTUNIQ: there are several, as where assembly
 * and Go call it in two ways; another negative errno.
 */
int go_symbols_find(struct go_symbols *symbols, const char *name, uint64_t *entry, uint64_t *size);

/* How many names and frames were given up for lack of room or because the tables are damaged. */
uint64_t go_symbols_unknown(const struct go_symbols *symbols);

#endif
