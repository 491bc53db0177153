/* SPDX-License-Identifier: GPL-2.0-only */
/* How late the kernel's own timers for one process are, measured as dwell summary does. */
#ifndef DWELL_CMD_GO_SITES_KERNEL_H
#define DWELL_CMD_GO_SITES_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/collection.h"
#include "model/dist.h"
#include "options/options.h"

/* All zeros is empty. Ended by go_sites_kernel_clear(). */
struct go_sites_kernel {
	struct options options;
	struct collection collection;
	bool measures;
};

/*
 * Begins to measure process @pid. If that cannot be done, the reason has been said on stderr, and
 * the other functions do nothing.
 */
void go_sites_kernel_begin(struct go_sites_kernel *kernel, uint32_t pid);

/* Measures, or else sleeps, until the mono time @until, or until *@stop is not 0. */
void go_sites_kernel_run(struct go_sites_kernel *kernel, uint64_t until, const volatile int *stop);

/* Ends, and adds the lateness of the process's timers to @late. Returns whether it was measured. */
bool go_sites_kernel_end(struct go_sites_kernel *kernel, struct dist *late);

void go_sites_kernel_clear(struct go_sites_kernel *kernel);

#endif
