/* SPDX-License-Identifier: GPL-2.0-only */
/* The budget: what dwell costs the machine, and what it leaves undone to stay below a limit. */
#ifndef DWELL_EXPORT_BUDGET_H
#define DWELL_EXPORT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

/* All that was spent since dwell began; each figure only grows. */
struct budget_spent {
	uint64_t at;	 /* mono: when this was so */
	uint64_t cpu_ns; /* by the process */
	uint64_t bpf_ns; /* by the kernel side, on all CPUs */
};

struct budget {
	double limit;	   /* part of the time of all CPUs; 0: none */
	unsigned int cpus; /* above 0 */

	struct budget_spent last; /* at 0: none yet */
	double overhead; /* between the last two, as a part of the time of all CPUs; NaN: not known */
	enum dwell_shed shed; /* what to leave undone */
	unsigned int calm;    /* so many times in a row, @overhead was below half of @limit */
};

/*
 * Takes in what was spent by now, which must be no less than the last time, and changes @shed by
 * a step if the limit says so; without a limit, to DWELL_SHED_NOTHING. True if @shed changed.
 */
bool budget_update(struct budget *budget, const struct budget_spent *spent);

/* What @shed leaves undone, in words; static. */
const char *budget_step(enum dwell_shed shed);

#endif
