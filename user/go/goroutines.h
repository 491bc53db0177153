/* SPDX-License-Identifier: GPL-2.0-only */
/* Goroutines: all that a Go process has, with the stacks of those that are parked. */
#ifndef DWELL_GO_GOROUTINES_H
#define DWELL_GO_GOROUTINES_H

#include <stddef.h>
#include <stdint.h>

#include "go/runtime.h"
#include "go/snapshot.h"

/* Which goroutine of a snapshot has its struct g where. All zeros is empty. */
struct go_index {
	uint64_t *address; /* of each goroutine of the snapshot */
	size_t count, room;
	uint32_t *slot; /* index + 1 of a goroutine, or 0 */
	size_t slots;	/* power of two */
};

void go_index_free(struct go_index *index);

/* Returns the goroutine whose struct g is at @address; GO_NONE: none that lives is there. */
uint32_t go_index_find(const struct go_index *index, uint64_t address);

/*
 * Reads all goroutines into @snapshot, which has none yet. The caller frees @index in any case.
 * 0; -ENOENT: the runtime does not look any more as it was found; -ESRCH: the process is gone;
 * another negative errno.
 */
int go_goroutines_read(const struct go_runtime *runtime, struct go_snapshot *snapshot,
		       struct go_index *index);

#endif
