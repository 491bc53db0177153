/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of groups. Sums stay behind when a task leaves, so that no group's ever fall. */
#ifndef DWELL_MODEL_MEMBER_H
#define DWELL_MODEL_MEMBER_H

#include <stdbool.h>

#include "model/group.h"
#include "model/task.h"

/*
 * Makes @task a member of @group, which counts what the task does from now on. What it did before
 * stays in its earlier group, if it had one. 0 or -ENOMEM.
 */
int group_join(struct groups *groups, enum grouping kind, struct task *task, struct group *group);

/*
 * Takes @task out of all its groups. With @settle its counters stay in their sums. 0 or -ENOMEM;
 * the task is in no group in either case.
 */
int groups_leave(struct groups *groups, struct task *task, bool settle);

/*
 * Adds @row to the settled sums of @group, or to the remainder of @kind if @group is NULL. A group
 * without members may be folded and freed by that. 0 or -ENOMEM.
 */
int group_settle(struct groups *groups, enum grouping kind, struct group *group,
		 const struct row *row);

#endif
