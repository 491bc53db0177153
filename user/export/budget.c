// SPDX-License-Identifier: GPL-2.0-only
/* The budget: what dwell costs the machine, and what it leaves undone to stay below its limit. */
#include "export/budget.h"

#include <math.h>

#define CALM 4 /* updates below half of the limit, until a step is taken back */

static double overhead_since(const struct budget *budget, const struct budget_spent *spent)
{
	const struct budget_spent *last = &budget->last;
	uint64_t ns = spent->cpu_ns - last->cpu_ns + spent->bpf_ns - last->bpf_ns;

	if (!last->at || spent->at <= last->at)
		return NAN;
	return (double)ns / (double)(spent->at - last->at) / budget->cpus;
}

/* Leaves one thing more undone. False: there is nothing more. */
static bool step_down(struct budget *budget)
{
	if (budget->takes_snapshots && budget->snapshots + 1 < BUDGET_SNAPSHOTS_LEVELS)
		budget->snapshots++;
	else if (budget->shed + 1 < DWELL_SHED_LEVELS)
		budget->shed++;
	else
		return false;
	return true;
}

/* Takes back what was left undone last. False: there is nothing. */
static bool step_up(struct budget *budget)
{
	if (budget->shed > DWELL_SHED_NOTHING)
		budget->shed--;
	else if (budget->snapshots > BUDGET_SNAPSHOTS_ALL)
		budget->snapshots--;
	else
		return false;
	return true;
}

bool budget_update(struct budget *budget, const struct budget_spent *spent)
{
	bool changed = false;

	budget->overhead = overhead_since(budget, spent);
	budget->last = *spent;
	if (isnan(budget->overhead))
		return false;
	if (budget->limit <= 0) {
		changed = budget->shed || budget->snapshots;
		budget->shed = DWELL_SHED_NOTHING;
		budget->snapshots = BUDGET_SNAPSHOTS_ALL;
		return changed;
	}
	budget->calm = budget->overhead < budget->limit / 2 ? budget->calm + 1 : 0;
	if (budget->overhead > budget->limit)
		changed = step_down(budget);
	else if (budget->calm >= CALM)
		changed = step_up(budget);
	if (changed)
		budget->calm = 0;
	return changed;
}

const char *budget_step(const struct budget *budget)
{
	static const char *const steps[DWELL_SHED_LEVELS] = {
		[DWELL_SHED_NOTHING] = "all is done again",
		[DWELL_SHED_STACKS] = "outliers have no stacks",
		[DWELL_SHED_OUTLIERS] = "outliers are only counted",
		[DWELL_SHED_EXPORTS] = "outliers are only counted, exports are fewer",
	};

	if (budget->shed == DWELL_SHED_NOTHING && budget->snapshots == BUDGET_SNAPSHOTS_FEWER)
		return "Go programs are read less often";
	if (budget->shed == DWELL_SHED_NOTHING && budget->snapshots == BUDGET_SNAPSHOTS_NONE)
		return "Go programs are not read";
	return steps[budget->shed];
}

uint64_t budget_for_snapshots(const struct budget *budget, uint64_t interval_ns)
{
	/* Parts of the limit; without one, of a CPU. */
	static const double share[BUDGET_SNAPSHOTS_LEVELS] = {
		[BUDGET_SNAPSHOTS_ALL] = 0.5,
		[BUDGET_SNAPSHOTS_FEWER] = 0.125,
	};
	const double limit = budget->limit > 0 ? budget->limit * budget->cpus : 1;

	return (uint64_t)((double)interval_ns * limit * share[budget->snapshots]);
}
