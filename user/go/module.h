/* SPDX-License-Identifier: GPL-2.0-only */
/* Module: the runtime's own description of where its code, tables and variables are. */
#ifndef DWELL_GO_MODULE_H
#define DWELL_GO_MODULE_H

#include <stdint.h>

#include "go/image.h"
#include "go/memory.h"

/* In the header of the tables. */
#define GO_MAGIC_118 0xfffffff0
#define GO_MAGIC_120 0xfffffff1

/* Where a function is. Functions are sorted by @entry, and the last entry ends the text. */
struct go_ftab_entry {
	uint32_t entry;	   /* offset in the text */
	uint32_t function; /* offset in the tables of functions */
};

struct go_range {
	uint64_t start, end; /* addresses; @end is the first one behind it */
};

struct go_slice {
	uint64_t start;
	uint64_t length; /* elements */
};

/* What runtime.firstmoduledata says. All addresses are within the program's mappings. */
struct go_module {
	uint64_t address; /* of the structure itself */
	uint64_t pclntab; /* of the pcHeader */
	uint32_t magic;	  /* of the pcHeader: GO_MAGIC_118, or GO_MAGIC_120 for 1.20 and later */
	uint8_t quantum;  /* least size of an instruction in bytes: 1 or 4 */
	struct go_slice funcnames, cutab, filetab, pctab, pclntable; /* cutab: uint32_t */
	struct go_slice ftab;					     /* struct go_ftab_entry */
	struct go_range text;
	struct go_range noptrdata, data, bss, noptrbss;
	uint64_t rodata, gofunc; /* gofunc: what funcdata is relative to */
};

/*
 * Finds and checks the first module. 0; -ENOENT: there is none of a known shape (Go 1.17 and
 * older have another one); -ESRCH: the process is gone; another negative errno.
 */
int go_module_find(struct go_memory *memory, const struct go_image *image,
		   struct go_module *module);

#endif
