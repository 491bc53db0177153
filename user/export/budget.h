/* SPDX-License-Identifier: GPL-2.0-only */
/* The budget: what dwell costs the machine, and what it leaves undone to stay below its limit. */
#ifndef DWELL_EXPORT_BUDGET_H
#define DWELL_EXPORT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

/* All that dwell has spent since it began; each figure only grows. */
struct budget_spent {
	uint64_t at;	 /* mono ns: the moment of the other figures */
	uint64_t cpu_ns; /* CPU time of the process */
	uint64_t bpf_ns; /* run time of the kernel side, on all CPUs */
};

struct budget {
	double limit;	   /* a part of the time of all CPUs: 0.01 is 1 %; 0: none */
	unsigned int cpus; /* online; above 0 */

	struct budget_spent last; /* of the latest update; @at is 0 before the first */
	/* Since the update before, as a part of the time of all CPUs; NaN: not known. */
	double overhead;
	enum dwell_shed shed; /* what to leave undone */
	unsigned int calm;    /* updates in a row with @overhead below half of @limit */
};

/*
 * Takes in what was spent by now: no figure may be less than at the last update. Changes @shed
 * by one step if @overhead asks for it; without a limit, sets it to DWELL_SHED_NOTHING. Changes
 * nothing while @overhead is not known, as at the first update. Returns whether @shed changed.
 */
bool budget_update(struct budget *budget, const struct budget_spent *spent);

/* What @shed leaves undone, in a few words; static. */
const char *budget_step(enum dwell_shed shed);

#endif
