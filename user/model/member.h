/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of groups: who belongs where, and the sums that stay behind so that none ever falls. */
#ifndef DWELL_MODEL_MEMBER_H
#define DWELL_MODEL_MEMBER_H

#include <stdbool.h>

#include "model/group.h"
#include "model/task.h"

/*
 * Makes @task a member of @group: what it counts from now on counts there. What
 * it had before stays in its earlier group, if any. 0 or -ENOMEM.
 */
int group_join(struct groups *groups, enum grouping kind, struct task *task, struct group *group);

/*
 * Takes @task out of all its groups; what it had stays there if @settle. 0 or -ENOMEM; it is in
 * no group then either.
 */
int groups_leave(struct groups *groups, struct task *task, bool settle);

/*
 * Adds @row to what is settled in @group, which may be folded then; with NULL, to the remainder
 * of @kind. 0 or -ENOMEM.
 */
int group_settle(struct groups *groups, enum grouping kind, struct group *group,
		 const struct row *row);

#endif
