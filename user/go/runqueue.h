/* SPDX-License-Identifier: GPL-2.0-only */
/* Run queues: how many goroutines the Ps of a Go process have in queues of their own. */
#ifndef DWELL_GO_RUNQUEUE_H
#define DWELL_GO_RUNQUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "go/runtime.h"

/*
 * Adds up the queues of all Ps, with the goroutine that each has to run next. The runtime's
 * global queue is not among them, since nothing tells where that is. 0; -ENOENT: it is not
 * known where they are, or a queue cannot be true; another negative errno.
 */
int go_runqueue_read(const struct go_runtime *runtime, const uint64_t *ps, size_t count,
		     uint32_t *length);

#endif
