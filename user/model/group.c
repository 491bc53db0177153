/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups of tasks: who belongs where, and the sums that stay behind so that none ever falls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "model/model_private.h"

static struct group *group_find(struct model *model, enum grouping kind,
				const struct group_key *key)
{
	struct group *group;

	HASH_FIND(hh, model->groups[kind], key, sizeof(*key), group);
	return group;
}

/* Puts @group under its key. 0 or -ENOMEM. */
static int group_file(struct model *model, enum grouping kind, struct group *group)
{
	HASH_ADD(hh, model->groups[kind], key, sizeof(group->key), group);
	return group->hh.tbl ? 0 : -ENOMEM;
}

/* Adds @row to what groups had that are gone. 0 or -ENOMEM. */
static int remainder_add(struct model *model, enum grouping kind, const struct row *row)
{
	if (!model->remainder[kind])
		model->remainder[kind] = row_new();
	return model->remainder[kind] ? row_add(model->remainder[kind], row) : -ENOMEM;
}

static void group_free(struct group *group)
{
	row_free(group->settled);
	free(group);
}

static void group_drop(struct model *model, enum grouping kind, struct group *group)
{
	HASH_DEL(model->groups[kind], group);
	group_free(group);
}

int group_fold(struct model *model, enum grouping kind, struct group *group)
{
	int err = remainder_add(model, kind, group->settled);

	if (err)
		return err;
	model->remainder[kind]->groups++;
	DL_DELETE(model->idle[kind], group);
	model->idle_count[kind]--;
	group_drop(model, kind, group);
	return 0;
}

struct group *group_get(struct model *model, enum grouping kind, uint64_t number, const char *name)
{
	struct group_key key = {.number = number};
	struct group *group;

	if (name)
		memcpy(key.name, name, strnlen(name, sizeof(key.name)));
	group = group_find(model, kind, &key);
	if (group)
		return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->key = key;
	group->serial = ++model->serials;
	if (group_file(model, kind, group)) {
		free(group);
		return NULL;
	}
	return group;
}

struct group *process_find(struct model *model, uint32_t pid)
{
	struct group_key key = {.number = pid};

	return group_find(model, GROUP_PROCESS, &key);
}

/* What comes for its pid from now on is another process. 0 or -ENOMEM; then it is nowhere. */
static int process_displace(struct model *model, struct group *process)
{
	HASH_DEL(model->groups[GROUP_PROCESS], process);
	process->key.generation = process->serial;
	return group_file(model, GROUP_PROCESS, process);
}

/*
 * Whether the task @tid that started at @start proves that @process is gone and its pid
 * another's: a leader does by its start, a thread by having begun after all that was
 * known of it had ended.
 */
static bool is_another(const struct group *process, uint32_t pid, uint32_t tid, uint64_t start)
{
	if (tid == pid)
		return process->leader_start && process->leader_start != start;
	return !process->tasks && process->leader_ended && process->leader_ended < start;
}

struct group *process_get(struct model *model, uint32_t pid, uint32_t tid, uint64_t start)
{
	struct group *process = process_find(model, pid);

	if (process && is_another(process, pid, tid, start)) {
		if (process_displace(model, process))
			return NULL;
		process = NULL;
	}
	if (!process)
		process = group_get(model, GROUP_PROCESS, pid, NULL);
	if (process && tid == pid)
		process->leader_start = start;
	return process;
}

struct group *process_find_serial(struct model *model, uint32_t pid, uint64_t serial)
{
	const struct group_key displaced = {.number = pid, .generation = serial};
	struct group *process = process_find(model, pid);

	return process && process->serial == serial ? process :
						      group_find(model, GROUP_PROCESS, &displaced);
}

int group_settle(struct model *model, enum grouping kind, struct group *group,
		 const struct row *row)
{
	int err;

	if (!group)
		return remainder_add(model, kind, row);
	if (!group->settled)
		group->settled = row_new();
	if (!group->settled)
		return -ENOMEM;
	if (!group->tasks && !group->prev) {
		DL_APPEND(model->idle[kind], group);
		model->idle_count[kind]++;
	}
	err = row_add(group->settled, row);
	return err ? err : groups_trim(model, kind, true);
}

int task_fill_part(const struct task *task, enum grouping kind, struct row *row, bool with_cells)
{
	const struct row *base = task->base[kind];
	/* What a maximum shrinks to is seen from the buckets that are left. */
	int err = task_fill(task, row, with_cells || base);

	if (!err && base)
		row_subtract(row, base);
	return err;
}

/* Adds @task's part to what is settled in its group. 0 or -ENOMEM. */
static int settle_part(struct model *model, enum grouping kind, struct task *task, bool stays_alive)
{
	int err;

	row_reset(&model->scratch);
	err = task_fill_part(task, kind, &model->scratch, true);
	model->scratch.live = 0;
	/* What has not ended ends elsewhere, or nobody will know. */
	row_close(&model->scratch);
	/* What is armed goes along to the next group. */
	if (stays_alive)
		model->scratch.timers.outstanding = 0;
	return err ? err : group_settle(model, kind, task->group[kind], &model->scratch);
}

/* One task less in @group; what has neither members nor sums is forgotten. 0 or -ENOMEM. */
static int group_release(struct model *model, enum grouping kind, struct group *group)
{
	if (--group->tasks)
		return 0;
	if (!group->settled) {
		group_drop(model, kind, group);
		return 0;
	}
	DL_APPEND(model->idle[kind], group);
	model->idle_count[kind]++;
	return groups_trim(model, kind, true);
}

/* What @task has had up to now, as a row of its own, into *@base. 0 or -ENOMEM. */
static int take_base(const struct task *task, struct row **base)
{
	if (*base)
		row_clear(*base);
	else
		*base = row_new();
	return *base ? task_fill(task, *base, true) : -ENOMEM;
}

int group_join(struct model *model, enum grouping kind, struct task *task, struct group *group)
{
	struct group *from = task->group[kind];
	int err = 0;

	if (from == group)
		return 0;
	if (from) {
		err = settle_part(model, kind, task, true);
		if (!err)
			err = take_base(task, &task->base[kind]);
		if (err)
			return err;
	}
	if (!group->tasks && group->prev) {
		DL_DELETE(model->idle[kind], group);
		group->prev = group->next = NULL;
		model->idle_count[kind]--;
	}
	group->tasks++;
	task->group[kind] = group;
	return from ? group_release(model, kind, from) : 0;
}

int groups_leave(struct model *model, struct task *task, bool settle)
{
	int result = 0;

	/* All of them first: what a task had is told with its groups' names. */
	for (int kind = 0; settle && kind < GROUPINGS && !result; kind++)
		result = settle_part(model, kind, task, false);
	for (int kind = 0; kind < GROUPINGS; kind++) {
		int err = task->group[kind] ? group_release(model, kind, task->group[kind]) : 0;

		if (err)
			result = err;
		task->group[kind] = NULL;
		row_free(task->base[kind]);
		task->base[kind] = NULL;
	}
	return result;
}

void groups_free(struct model *model)
{
	for (int kind = 0; kind < GROUPINGS; kind++) {
		struct group *group, *next;

		HASH_ITER(hh, model->groups[kind], group, next)
			group_drop(model, kind, group);
		row_free(model->remainder[kind]);
	}
}
