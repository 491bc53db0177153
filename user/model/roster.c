/* SPDX-License-Identifier: GPL-2.0-only */
/* The roster: making and finding tasks, placing them in groups, and forgetting them. */
#include "model/roster.h"

#include <errno.h>
#include <stdlib.h>

#include "model/member.h"

static void free_kept(struct task *task)
{
	for (int i = 0; task->kept && i < DWELL_MEASURES; i++)
		dist_clear(&task->kept[i]);
	free(task->kept);
	task->kept = NULL;
}

/* Frees @task, which is no longer in a group or a hash. */
static void task_free(struct task *task)
{
	for (int kind = 0; kind < GROUPINGS; kind++)
		row_free(task->base[kind]);
	free(task->cells);
	free_kept(task);
	if (task->owned)
		dist_clear(&task->owned->lateness);
	free(task->owned);
	free(task);
}

struct task *task_find(struct roster *roster, uint32_t tid, uint64_t start, bool displaced)
{
	struct task_id id = {.tid = tid, .displaced = displaced, .start = start};
	struct task *task;

	HASH_FIND(hh, roster->tasks, &id, sizeof(id), task);
	return task;
}

/* Files @task, which is under no id, under its own. 0 or -ENOMEM. */
static int task_file(struct roster *roster, struct task *task)
{
	HASH_ADD(hh, roster->tasks, id, sizeof(task->id), task);
	return task->hh.tbl ? 0 : -ENOMEM;
}

struct task *task_new(struct roster *roster, uint32_t tid, uint64_t start)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->id.tid = tid;
	task->id.start = start;
	if (task_file(roster, task)) {
		task_free(task);
		return NULL;
	}
	return task;
}

int task_rename(struct roster *roster, struct task *task, struct task_id id)
{
	HASH_DEL(roster->tasks, task);
	task->id = id;
	return task_file(roster, task);
}

int task_place(struct roster *roster, struct task *task, uint32_t pid, const char *comm,
	       uint64_t cgroup)
{
	bool is_new = !task->group[GROUP_PROCESS];
	struct group *group[GROUPINGS];

	group[GROUP_PROCESS] = process_get(&roster->groups, pid, task->id.tid, task->id.start);
	group[GROUP_COMM] = group_get(&roster->groups, GROUP_COMM, 0, comm);
	group[GROUP_CGROUP] = group_get(&roster->groups, GROUP_CGROUP, cgroup, NULL);
	for (int kind = 0; kind < GROUPINGS; kind++) {
		int err = group[kind] ? group_join(&roster->groups, kind, task, group[kind]) :
					-ENOMEM;

		if (err && is_new)
			task_drop(roster, task, false);
		if (err)
			return err;
	}
	return 0;
}

int task_drop(struct roster *roster, struct task *task, bool settle)
{
	int err = groups_leave(&roster->groups, task, settle);

	if (task->exited)
		roster->exited_kept--;
	else if (task->known)
		roster->live--;
	HASH_DEL(roster->tasks, task);
	task_free(task);
	return err;
}

int task_fold(struct roster *roster, struct task *task)
{
	roster->folded++;
	return task_drop(roster, task, true);
}

void roster_free(struct roster *roster)
{
	struct task *task, *next;

	HASH_ITER(hh, roster->tasks, task, next) {
		HASH_DEL(roster->tasks, task);
		task_free(task);
	}
	groups_free(&roster->groups);
}
