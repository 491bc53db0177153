/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of tasks: a task becomes counters, distributions and open intervals. */
#include "model/task.h"

#include <string.h>

#include "base/saturate.h"
#include "model/group.h"

static int fill_measures(const struct task *task, struct row *row, bool with_cells)
{
	int err = 0;

	for (int i = 0; i < DWELL_MEASURES; i++) {
		row->measure[i].sum = task->sum[i];
		row->measure[i].max = task->max[i];
	}
	if (!with_cells)
		return 0;
	for (uint16_t i = 0; i < task->cells_used && !err; i++)
		err = dist_add(&row->measure[task->cells[i].place / DWELL_BUCKETS],
			       task->cells[i].place % DWELL_BUCKETS, task->cells[i].count);
	for (int i = 0; task->kept && i < DWELL_MEASURES && !err; i++)
		err = dist_merge(&row->measure[i], &task->kept[i]);
	return err;
}

static int fill_owned(const struct owned_timers *owned, struct row *row, bool with_cells)
{
	struct dist *lateness = &row->measure[DWELL_LATENESS];

	timer_counts_add(&row->timers, &owned->counts);
	if (with_cells)
		return dist_merge(lateness, &owned->lateness);
	lateness->sum = saturating_add(lateness->sum, owned->lateness.sum);
	if (lateness->max < owned->lateness.max)
		lateness->max = owned->lateness.max;
	return 0;
}

static int add_open(struct row *row, enum dwell_measure measure, uint64_t age, uint64_t window_ns)
{
	struct open_intervals *open = &row->open[measure];

	open->window_ns = window_ns;
	open->age.sum = open->age.max = age;
	return dist_add(&open->age, dwell_bucket(age), 1);
}

static int fill_open_block(const struct task *task, struct row *row)
{
	const struct open_blocks block = {task->state_window_ns, task->state_age_ns};
	/* A kernel thread may wait for work for any time: that is no block to look into. */
	bool idle = task->block == DWELL_BLOCK_I || (task->kthread && task->block != DWELL_BLOCK_D);

	if (task->block == DWELL_BLOCK_D)
		row->open_d = block;
	if (!idle)
		row->open_waits = block;
	return add_open(row, DWELL_BLOCKED, block.max_ns, block.window_ns);
}

/* Fills in @task's open intervals, but for those of no age: they are left to the next read. */
static int fill_open(const struct task *task, struct row *row)
{
	static const enum dwell_measure waits[] = {
		[DWELL_RUNNABLE_WOKEN] = DWELL_WOKEN,
		[DWELL_RUNNABLE_PREEMPTED] = DWELL_PREEMPTED,
		[DWELL_RUNNABLE_THROTTLED] = DWELL_THROTTLED,
	};
	int err = 0;

	if (task->state_age_ns && task->state == DWELL_BLOCKED_STATE)
		err = fill_open_block(task, row);
	else if (task->state_age_ns && task->state >= DWELL_RUNNABLE_WOKEN)
		err = add_open(row, waits[task->state], task->state_age_ns, task->state_window_ns);
	if (!err && task->dwell_age_ns)
		err = add_open(row, DWELL_DWELL, task->dwell_age_ns, task->dwell_window_ns);
	return err;
}

int task_fill(const struct task *task, struct row *row, bool with_cells)
{
	int err;

	row->by = ROW_BY_TASK;
	row->pid = (uint32_t)task->group[GROUP_PROCESS]->key.number;
	row->tid = task->id.tid;
	if (task->known) {
		row->cgroup = task->group[GROUP_CGROUP]->key.number;
		memcpy(row->comm, task->group[GROUP_COMM]->key.name, sizeof(row->comm));
	}
	row->timers_only = !task->known;
	row->tasks = 1;
	row->exited = task->exited;
	row->live = task->known && !task->exited;
	row->timers = task->timers;
	row->timers.outstanding = task->sleeper;
	row->oncpu_ns = saturating_add(task->oncpu_ns,
				       task->state == DWELL_ONCPU ? task->state_window_ns : 0);
	memcpy(row->blocked_ns, task->blocked_ns, sizeof(row->blocked_ns));
	row->voluntary = task->voluntary;
	row->involuntary = task->involuntary;
	row->state = task->state;
	row->block = task->block;
	row->state_age_ns = task->state_age_ns;
	row->state_began_earlier = task->began_earlier;
	err = fill_measures(task, row, with_cells);
	if (!err)
		err = fill_open(task, row);
	if (!err && task->owned)
		err = fill_owned(task->owned, row, with_cells);
	return err;
}

int task_fill_part(const struct task *task, enum grouping kind, struct row *row, bool with_cells)
{
	const struct row *base = task->base[kind];
	/* Subtracting needs the buckets: a maximum shrinks to the last one that is left. */
	int err = task_fill(task, row, with_cells || base);

	if (!err && base)
		row_subtract(row, base);
	return err;
}
