/* SPDX-License-Identifier: GPL-2.0-only */
/* Pclntab: the runtime's tables of functions, files and lines, as the linker has written them. */
#ifndef DWELL_GO_PCLNTAB_H
#define DWELL_GO_PCLNTAB_H

#include <stddef.h>
#include <stdint.h>

#include "go/module.h"
#include "go/pages.h"

/* The tables of a program. All is checked anew when it is read. */
struct go_pclntab {
	struct go_pages *pages;
	struct go_module module;
	uint64_t steps; /* how many may still be taken in tables of values */
};

/* Enough for all addresses of a large program. A made-up one could ask for many more. */
#define GO_PCLNTAB_STEPS (1ull << 27)

/* A function, or rather where its tables are. Offsets of values are in the table of those. */
struct go_function {
	uint64_t entry, end;   /* addresses; @end is the first one behind it */
	uint32_t name;	       /* offset among the names */
	uint32_t files, lines; /* offsets of the values */
	uint32_t frames;       /* offset of the values: sizes of its frame */
	uint32_t unit;	       /* index of its compilation unit's first file */
	uint32_t inlined;      /* offset of the values that are indexes into @tree; 0: none */
	uint64_t tree;	       /* address of the functions inlined in it; 0: there are none */
	uint8_t id;	       /* what the runtime calls special functions; 0: it is not special */
};

/* A function within another one's code. */
struct go_inlined {
	uint32_t name;	 /* offset among the names; UINT32_MAX: it is not inlined */
	uint64_t caller; /* address of the call that it replaces */
	uint8_t id;	 /* as that of a function */
};

/*
 * All return 0; -EFAULT: the memory cannot be read; -EINVAL: the tables are damaged; -ESRCH: the
 * process has exited; or another negative errno.
 */

/* Finds the function whose code is at @pc. -ENOENT: @pc is in no function of Go. */
int go_pclntab_find(struct go_pclntab *tab, uint64_t pc, struct go_function *function);

/* Reads what is inlined at @pc of @function: the innermost one. */
int go_pclntab_inlined(struct go_pclntab *tab, const struct go_function *function, uint64_t pc,
		       struct go_inlined *inlined);

/*
 * Reads the file, cut to @size, and the line of the code at @pc of @function. -ENOENT: the
 * function has none, as those in C that the linker knows of.
 */
int go_pclntab_line(struct go_pclntab *tab, const struct go_function *function, uint64_t pc,
		    char *file, size_t size, uint32_t *line);

/*
 * Reads how many bytes of the stack are between its end and the return address, while the code at
 * @pc of @function runs.
 */
int go_pclntab_frame(struct go_pclntab *tab, const struct go_function *function, uint64_t pc,
		     uint32_t *size);

/*
 * Returns the id that functions have which the compiler made up, such as wrappers of methods: it
 * differs between versions. 0: it was not found out.
 */
uint8_t go_pclntab_wrapper(struct go_pclntab *tab);

/* Reads the name at offset @name, cut to @size. */
int go_pclntab_name(struct go_pclntab *tab, uint32_t name, char *text, size_t size);

/*
 * Finds the function that is named @name, to the letter, by a search of all names. -ENOENT: there
 * is none; -ENOTUNIQ: there are several.
 */
int go_pclntab_search(struct go_pclntab *tab, const char *name, uint64_t *entry, uint64_t *end);

#endif
