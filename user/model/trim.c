/* SPDX-License-Identifier: GPL-2.0-only */
/* Trimming: groups without members stay up to a limit, and the others join the remainder. */
#include "model/trim.h"

#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include "model/column.h"
/*
 * At least so many comms, and cgroups, without a task are kept. One that comes back then goes on
 * with its own counters.
 */
#define IDLE_NAMES_MIN 4096

#define SLACK(limit) ((limit) / 8)

static int trim_names(struct groups *groups, enum grouping kind)
{
	size_t limit = groups->names_limit < IDLE_NAMES_MIN ? IDLE_NAMES_MIN : groups->names_limit;
	int err = 0;

	while (!err && groups->idle_count[kind] > limit)
		err = group_fold(groups, kind, groups->idle[kind]);
	return err;
}

/* A process without members, and what decides whether it is folded. */
struct candidate {
	struct group *process;
	uint64_t value, oncpu_ns; /* @value: its rank */
	bool ended; /* its leader has exited; else only some of its threads are known to have */
};

/* Sorts for folding: those that surely ended, then those that did least, then the oldest. */
static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->ended != y->ended)
		return y->ended - x->ended;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	if (x->oncpu_ns != y->oncpu_ns)
		return x->oncpu_ns < y->oncpu_ns ? -1 : 1;
	return x->process->serial < y->process->serial ? -1 : 1;
}

/* Fills @candidates with the processes without members, first to fold first. 0 or -ENOMEM. */
static int list_candidates(struct groups *groups, struct candidate *candidates)
{
	const struct column *sort = groups->processes_sort ?: row_sort_key(0);
	struct group *process;
	size_t count = 0;

	DL_FOREACH(groups->idle[GROUP_PROCESS], process) {
		struct candidate *candidate = &candidates[count++];
		int err = row_rank(sort, process->settled, &candidate->value);

		if (err)
			return err;
		candidate->process = process;
		candidate->oncpu_ns = process->settled->oncpu_ns;
		candidate->ended = process->leader_ended;
	}
	qsort(candidates, count, sizeof(*candidates), compare_candidates);
	return 0;
}

static int trim_processes(struct groups *groups, bool slack)
{
	size_t limit = groups->processes_limit, count = groups->idle_count[GROUP_PROCESS];
	struct candidate *candidates;
	int err;

	if (count <= limit + (slack ? SLACK(limit) : 0))
		return 0;
	candidates = calloc(count, sizeof(*candidates));
	if (!candidates)
		return -ENOMEM;
	err = list_candidates(groups, candidates);
	for (size_t i = 0; i < count - limit && !err; i++)
		err = group_fold(groups, GROUP_PROCESS, candidates[i].process);
	free(candidates);
	return err;
}

int groups_trim(struct groups *groups, enum grouping kind, bool slack)
{
	return kind == GROUP_PROCESS ? trim_processes(groups, slack) : trim_names(groups, kind);
}
