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

/* How far snapshots of Go programs have shrunk, which is before anything else is left undone. */
enum budget_snapshots {
	BUDGET_SNAPSHOTS_ALL,
	BUDGET_SNAPSHOTS_FEWER,
	BUDGET_SNAPSHOTS_NONE,
	BUDGET_SNAPSHOTS_LEVELS
};

struct budget {
	double limit;	   /* a part of the time of all CPUs: 0.01 is 1 %; 0: none */
	unsigned int cpus; /* online; above 0 */
	bool takes_snapshots;

	struct budget_spent last; /* of the latest update; @at is 0 before the first */
	/* Since the update before, as a part of the time of all CPUs; NaN: not known. */
	double overhead;
	enum budget_snapshots snapshots; /* ALL if there are none to take */
	enum dwell_shed shed;		 /* what to leave undone */
	unsigned int calm;		 /* updates in a row with @overhead below half of @limit */
};

/*
 * Takes in what was spent by now: no figure may be less than at the last update. Changes
 * @snapshots or @shed by one step if @overhead asks for it; without a limit, nothing is left
 * undone. Changes nothing while @overhead is not known, as at the first update. Returns whether
 * one of them changed.
 */
bool budget_update(struct budget *budget, const struct budget_spent *spent);

/* What @budget leaves undone, in a few words; static. */
const char *budget_step(const struct budget *budget);

/* The CPU time in ns that snapshots may take in @interval_ns. */
uint64_t budget_for_snapshots(const struct budget *budget, uint64_t interval_ns);

#endif
