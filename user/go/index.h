/* SPDX-License-Identifier: GPL-2.0-only */
/* Index: which one of a list of structures in the memory of a process is where. */
#ifndef DWELL_GO_INDEX_H
#define DWELL_GO_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* All zeros is empty. A made-up process chooses the addresses, so they are mixed with a number. */
struct go_index {
	uint64_t *address;
	size_t count, room;
	uint32_t *slot; /* number of an address + 1, or 0 */
	uint64_t factor;
	unsigned int shift; /* there are 1 << (64 - @shift) slots */
};

/* Adds an address, whose number is how many were added before. 0 or -ENOMEM. */
int go_index_add(struct go_index *index, uint64_t address);

/* Makes all that were added be found. No others may be added then. 0 or -ENOMEM. */
int go_index_finish(struct go_index *index);

void go_index_free(struct go_index *index);

/*
 * Returns the number of @address, the last one if it was added twice; GO_NONE: it was not added,
 * or the index is not finished.
 */
uint32_t go_index_find(const struct go_index *index, uint64_t address);

#endif
