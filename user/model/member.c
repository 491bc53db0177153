/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of groups: joining, leaving, and the sums that stay behind. */
#include "model/member.h"

#include <errno.h>

#include "model/trim.h"

int group_settle(struct groups *groups, enum grouping kind, struct group *group,
		 const struct row *row)
{
	int err;

	if (!group)
		return remainder_add(groups, kind, row);
	if (!group->settled)
		group->settled = row_new();
	if (!group->settled)
		return -ENOMEM;
	if (!group->tasks)
		group_retire(groups, kind, group);
	err = row_add(group->settled, row);
	return err ? err : groups_trim(groups, kind, true);
}

/*
 * Adds @task's part to the settled sums of its group. @stays_alive: it goes on to another group.
 * 0 or -ENOMEM.
 */
static int settle_part(struct groups *groups, enum grouping kind, struct task *task,
		       bool stays_alive)
{
	int err;

	row_reset(&groups->scratch);
	err = task_fill_part(task, kind, &groups->scratch, true);
	groups->scratch.live = 0;
	/* Open intervals end in another group, or unseen. */
	row_close(&groups->scratch);
	/* Armed timers go along to the next group. */
	if (stays_alive)
		groups->scratch.timers.outstanding = 0;
	return err ? err : group_settle(groups, kind, task->group[kind], &groups->scratch);
}

/* Takes one member off @group, which is forgotten if it has no sums either. 0 or -ENOMEM. */
static int group_release(struct groups *groups, enum grouping kind, struct group *group)
{
	if (--group->tasks)
		return 0;
	if (!group->settled) {
		group_drop(groups, kind, group);
		return 0;
	}
	group_retire(groups, kind, group);
	return groups_trim(groups, kind, true);
}

/* Makes *@base, or a new row there, hold what @task has counted up to now. 0 or -ENOMEM. */
static int take_base(const struct task *task, struct row **base)
{
	if (*base)
		row_clear(*base);
	else
		*base = row_new();
	return *base ? task_fill(task, *base, true) : -ENOMEM;
}

int group_join(struct groups *groups, enum grouping kind, struct task *task, struct group *group)
{
	struct group *from = task->group[kind];
	int err = 0;

	if (from == group)
		return 0;
	if (from) {
		err = settle_part(groups, kind, task, true);
		if (!err)
			err = take_base(task, &task->base[kind]);
		if (err)
			return err;
	}
	group_revive(groups, kind, group);
	group->tasks++;
	task->group[kind] = group;
	return from ? group_release(groups, kind, from) : 0;
}

int groups_leave(struct groups *groups, struct task *task, bool settle)
{
	int result = 0;

	/* All groups are settled before any is left: filling a row takes its groups' names. */
	for (int kind = 0; settle && kind < GROUPINGS && !result; kind++)
		result = settle_part(groups, kind, task, false);
	for (int kind = 0; kind < GROUPINGS; kind++) {
		int err = task->group[kind] ? group_release(groups, kind, task->group[kind]) : 0;

		if (err)
			result = err;
		task->group[kind] = NULL;
		row_free(task->base[kind]);
		task->base[kind] = NULL;
	}
	return result;
}
