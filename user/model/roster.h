/* SPDX-License-Identifier: GPL-2.0-only */
/* The roster: all tasks by their ids, and the groups that they are in. */
#ifndef DWELL_MODEL_ROSTER_H
#define DWELL_MODEL_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/group.h"
#include "model/task.h"

/* All zeros has no task; ended by roster_free(). */
struct roster {
	struct task *tasks;
	struct groups groups;
	uint64_t live;	    /* known tasks that have not exited */
	uint64_t exited;    /* since the beginning, those that are kept no more included */
	size_t exited_kept; /* exited tasks that are in @tasks */
	uint64_t folded;    /* exited tasks that live on in sums only */
};

/* The task of that id; NULL if there is none. @start: as the kernel side tells it. */
struct task *task_find(struct roster *roster, uint32_t tid, uint64_t start, bool displaced);

/*
 * Makes a task of which nothing is known yet, not even its groups: the caller places it before
 * anybody looks. The roster owns it. NULL without memory.
 */
struct task *task_new(struct roster *roster, uint32_t tid, uint64_t start);

/* Gives @task another id, under which no other task is. 0; -ENOMEM: it is under no id then. */
int task_rename(struct roster *roster, struct task *task, struct task_id id);

/*
 * Makes @task a member of the groups that it belongs to now. 0 or -ENOMEM; then
 * a task that was in none before is gone, for no view can do without.
 */
int task_place(struct roster *roster, struct task *task, uint32_t pid, const char *comm,
	       uint64_t cgroup);

/* Forgets and frees @task; what it counted stays in its groups if @settle. 0 or -ENOMEM. */
int task_drop(struct roster *roster, struct task *task, bool settle);

/* Forgets and frees @task, for which there is no room: it lives on in sums. 0 or -ENOMEM. */
int task_fold(struct roster *roster, struct task *task);

/* Frees all tasks and groups, whatever is known of them. */
void roster_free(struct roster *roster);

#endif
