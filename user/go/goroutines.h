/* SPDX-License-Identifier: GPL-2.0-only */
/* Goroutines: all that a Go process has, with the stacks of those that are parked. */
#ifndef DWELL_GO_GOROUTINES_H
#define DWELL_GO_GOROUTINES_H

#include "go/index.h"
#include "go/runtime.h"
#include "go/snapshot.h"

/*
 * Reads all goroutines into @snapshot, which has none yet, and sets *index, empty before, to where
 * their structs g are. The caller frees @index in any case.
 * 0; -ENOENT: the runtime does not look any more as it was found; -ESRCH: the process is gone;
 * another negative errno.
 */
int go_goroutines_read(const struct go_runtime *runtime, struct go_snapshot *snapshot,
		       struct go_index *index);

#endif
