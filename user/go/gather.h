/* SPDX-License-Identifier: GPL-2.0-only */
/* Gathering: many small pieces of memory, of which neighbours are read as one. */
#ifndef DWELL_GO_GATHER_H
#define DWELL_GO_GATHER_H

#include <stddef.h>

#include "go/memory.h"

/* The most pieces that are read together, and the most bytes of one. */
#define GO_GATHER_MAX 512
#define GO_GATHER_SIZE 1024

struct go_gather;

/*
 * Makes the room that pieces of @memory are read into first. 0 or -ENOMEM. The caller frees it
 * with go_gather_free(), which also takes NULL.
 */
int go_gather_new(struct go_memory *memory, struct go_gather **gather);
void go_gather_free(struct go_gather *gather);

/*
 * Does for at most GO_GATHER_MAX pieces of at most GO_GATHER_SIZE bytes what go_memory_gather()
 * does. For the kernel each piece costs far more than some hundred bytes, and structures that
 * were made one after the other lie side by side.
 */
int go_gather_read(struct go_gather *gather, struct go_piece *pieces, size_t count);

#endif
