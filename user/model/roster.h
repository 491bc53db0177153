/* SPDX-License-Identifier: GPL-2.0-only */
/* The roster: all tasks by their ids, and their groups. */
#ifndef DWELL_MODEL_ROSTER_H
#define DWELL_MODEL_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/group.h"
#include "model/task.h"

/* All zeros has no task; roster_free() ends it. */
struct roster {
	struct task *tasks; /* a hash; owns the tasks */
	struct groups groups;
	uint64_t live;	    /* known tasks that have not exited */
	uint64_t exited;    /* since the window began, forgotten ones included */
	size_t exited_kept; /* exited tasks in @tasks */
	uint64_t folded;    /* exited tasks that remain in sums only */
};

/*
 * The task of that id; NULL: there is none. @start is in ns, as the kernel side tells it;
 * @displaced is as in a task_id.
 */
struct task *task_find(struct roster *roster, uint32_t tid, uint64_t start, bool displaced);

/*
 * Makes a task of which nothing is known, not even its groups: the caller places it before any
 * view is made. The roster owns it. NULL without memory.
 */
struct task *task_new(struct roster *roster, uint32_t tid, uint64_t start);

/* Gives @task another @id, which no other task has. 0; or -ENOMEM, and @task is under no id. */
int task_rename(struct roster *roster, struct task *task, struct task_id id);

/*
 * Makes @task a member of its present groups: @pid, @comm, and @cgroup by id. 0 or -ENOMEM; then a
 * task that was in no group is forgotten and freed, because views need the groups.
 */
int task_place(struct roster *roster, struct task *task, uint32_t pid, const char *comm,
	       uint64_t cgroup);

/* Forgets and frees @task. With @settle its counts stay in its groups' sums. 0 or -ENOMEM. */
int task_drop(struct roster *roster, struct task *task, bool settle);

/* Forgets and frees @task for want of room: its counts stay in sums. 0 or -ENOMEM. */
int task_fold(struct roster *roster, struct task *task);

/* Frees all tasks and groups. */
void roster_free(struct roster *roster);

#endif
