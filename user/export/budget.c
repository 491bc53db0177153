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

bool budget_update(struct budget *budget, const struct budget_spent *spent)
{
	enum dwell_shed before = budget->shed;

	budget->overhead = overhead_since(budget, spent);
	budget->last = *spent;
	if (isnan(budget->overhead))
		return false;
	if (budget->limit <= 0) {
		budget->shed = DWELL_SHED_NOTHING;
		return budget->shed != before;
	}
	budget->calm = budget->overhead < budget->limit / 2 ? budget->calm + 1 : 0;
	if (budget->overhead > budget->limit && before + 1 < DWELL_SHED_LEVELS)
		budget->shed = before + 1;
	else if (budget->calm >= CALM && before > DWELL_SHED_NOTHING)
		budget->shed = before - 1;
	if (budget->shed == before)
		return false;
	budget->calm = 0;
	return true;
}

const char *budget_step(enum dwell_shed shed)
{
	static const char *const steps[DWELL_SHED_LEVELS] = {
		[DWELL_SHED_NOTHING] = "all is done again",
		[DWELL_SHED_STACKS] = "outliers have no stacks",
		[DWELL_SHED_OUTLIERS] = "outliers are only counted",
		[DWELL_SHED_EXPORTS] = "outliers are only counted, exports are fewer",
	};

	return steps[shed];
}
