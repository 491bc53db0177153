/* SPDX-License-Identifier: GPL-2.0-only */
/* Runtime: where a Go process keeps its Ps and its goroutines, and whether that can be true. */
#ifndef DWELL_GO_RUNTIME_H
#define DWELL_GO_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/layout.h"
#include "go/memory.h"
#include "go/module.h"
#include "go/symbols.h"

/* The garbage collector has one older copy of allgs. */
#define GO_ALLGS_MAX 4

/* The memory, the module and the symbols must outlive it. */
struct go_runtime {
	struct go_memory *memory;
	const struct go_module *module;
	struct go_symbols *symbols;
	struct go_layout layout; /* as it was found to be */
	uint64_t allp;		 /* address of the runtime's slice of that name */
	uint16_t p_cache;	 /* of a slice within each P that begins in the same P */
	/* Addresses of slices that hold goroutines: allgs only grows, so it is the longest. */
	uint64_t allgs[GO_ALLGS_MAX];
	size_t copies; /* allgs is one of them */
};

/* The header of a slice of Go. */
struct go_header {
	uint64_t start, length, capacity; /* length and capacity: elements */
};

/*
 * Finds allp and allgs in the variables of the module by what they point to, since nothing else
 * proves that @layout fits. Where it does not fit, the fields are looked for, and known is
 * false in the layout that it sets. 0; -ENOENT: the runtime has no known shape; -ESRCH: the
 * process is gone; another negative errno.
 */
int go_runtime_find(struct go_memory *memory, const struct go_module *module,
		    struct go_symbols *symbols, const struct go_layout *layout,
		    struct go_runtime *runtime);

/*
 * Reads the addresses of the Ps in use, GOMAXPROCS of them. Sets *ps to an array that the caller
 * frees, NULL after an error. 0; -ENOENT: they are no Ps any more; another negative errno.
 */
int go_runtime_ps(const struct go_runtime *runtime, uint64_t **ps, size_t *count);

/*
 * Reads the addresses of at most @limit goroutines, dead ones too. Sets *gs to an array that the
 * caller frees, NULL after an error, and *hidden to how many there are beyond the limit. 0;
 * -ENOENT: they are no goroutines any more; another negative errno.
 */
int go_runtime_gs(const struct go_runtime *runtime, size_t limit, uint64_t **gs, size_t *count,
		  uint64_t *hidden);

/* Whether @address is within the program's code. */
static inline bool go_runtime_is_code(const struct go_runtime *runtime, uint64_t address)
{
	const struct go_range *text = &runtime->module->text;

	return address >= text->start && address < text->end;
}

/* Whether @header can be that of a slice which holds at most @limit elements. */
bool go_header_sane(const struct go_header *header, uint64_t limit);

#endif
