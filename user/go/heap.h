/* SPDX-License-Identifier: GPL-2.0-only */
/* Heaps: the timers that the Ps of a Go process hold. */
#ifndef DWELL_GO_HEAP_H
#define DWELL_GO_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "go/index.h"
#include "go/runtime.h"
#include "go/snapshot.h"

/*
 * Proves by the timers which there are that runtime->layout tells where they are; or finds
 * where, and sets known to false. 0, also without any timer; -ENOENT: they are not as in any
 * known version; another negative errno.
 */
int go_heaps_prove(struct go_runtime *runtime);

/*
 * Reads the timers of all Ps into @snapshot, which has none yet, but the goroutines that @index
 * is of. 0; -ENOENT: the runtime does not look any more as it was found; -ESRCH: the process is
 * gone; another negative errno.
 */
int go_heaps_read(const struct go_runtime *runtime, const uint64_t *ps, size_t count,
		  const struct go_index *index, struct go_snapshot *snapshot);

#endif
