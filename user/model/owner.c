/* SPDX-License-Identifier: GPL-2.0-only */
/* Owners of timers: their own rows count their timers, too. */
#include "model/owner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/member.h"

/* Makes a task of which only its timers are known. NULL without memory. */
static struct task *unknown_task(struct roster *roster, const struct dwell_timer_key *key)
{
	struct group *process = process_find(&roster->groups, key->pid);
	struct task *task = task_new(roster, key->tid, key->start);
	char comm[DWELL_COMM_LEN] = "";

	if (!task)
		return NULL;
	/* The best guess of its name and cgroup are its process's. */
	if (process)
		memcpy(comm, process->leader_comm, sizeof(comm));
	if (task_place(roster, task, key->pid, comm, process ? process->leader_cgroup : 0))
		return NULL;
	return task;
}

static int add_to_task(struct task *task, const struct row *growth)
{
	if (!task->owned)
		task->owned = calloc(1, sizeof(*task->owned));
	if (!task->owned)
		return -ENOMEM;
	timer_counts_add(&task->owned->counts, &growth->timers);
	return dist_merge(&task->owned->lateness, &growth->measure[DWELL_LATENESS]);
}

/*
 * Adds @growth to the groups that got the counters of a task that is no longer kept. @process is
 * NULL if it is folded: then the remainder of processes gets it. 0 or -ENOMEM.
 */
static int add_to_groups(struct roster *roster, struct group *process, const char *comm,
			 uint64_t cgroup, const struct row *growth)
{
	struct group *const group[GROUPINGS] = {
		[GROUP_PROCESS] = process,
		[GROUP_COMM] = group_get(&roster->groups, GROUP_COMM, 0, comm),
		[GROUP_CGROUP] = group_get(&roster->groups, GROUP_CGROUP, cgroup, NULL),
	};
	int err = group[GROUP_COMM] && group[GROUP_CGROUP] ? 0 : -ENOMEM;

	for (int kind = 0; kind < GROUPINGS && !err; kind++)
		err = group_settle(&roster->groups, kind, group[kind], growth);
	return err;
}

int owner_add(struct roster *roster, const struct ledger *ledger, const struct row *growth)
{
	const struct dwell_timer_key *key = &ledger->key;
	struct task *task = task_find(roster, key->tid, key->start, false);
	struct group *process = task ? NULL : process_find(&roster->groups, key->pid);

	if (!task && ledger->exited)
		return add_to_groups(
			roster, process_find_serial(&roster->groups, key->pid, ledger->process),
			ledger->comm, ledger->cgroup, growth);
	if (process && process->settled && process->settled->exited)
		return add_to_groups(roster, process, process->leader_comm, process->leader_cgroup,
				     growth);
	if (!task)
		task = unknown_task(roster, key);
	return task ? add_to_task(task, growth) : -ENOMEM;
}
