/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's intake: records update what is known of each task. */
#include "model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "model/exec.h"
#include "model/state.h"

#define PLACES (DWELL_MEASURES * DWELL_BUCKETS)

_Static_assert(PLACES <= UINT16_MAX, "a cell's place outgrew 16 bits");
_Static_assert(PLACES % 4 == 0, "buckets can no longer be looked at in fours");

struct model *model_new(size_t exited_limit)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		return NULL;
	model->exited_limit = exited_limit;
	model->roster.groups.names_limit = exited_limit;
	model->roster.groups.processes_limit = exited_limit;
	model->reads = 1;
	return model;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	roster_free(&model->roster);
	ledgers_free(model);
	leavers_free(model);
	free(model);
}

void model_keep_processes(struct model *model, size_t limit, const struct column *sort)
{
	model->roster.groups.processes_limit = limit;
	model->roster.groups.processes_sort = sort;
}

void model_set_window(struct model *model, uint64_t start, uint64_t end)
{
	model->window_start = start;
	model->window_end = end;
}

/* ---- records ------------------------------------------------------------ */

/* Lists @record's buckets in use into @cells, ascending. Returns how many there are. */
static uint16_t list_cells(const struct dwell_record *record, struct task_cell *cells)
{
	const uint16_t *buckets = record->buckets[0];
	uint16_t used = 0;
	uint64_t four;

	for (uint16_t place = 0; place < PLACES; place += 4) {
		/* Buckets are looked at in fours, because nearly all are empty. */
		memcpy(&four, &buckets[place], sizeof(four));
		for (uint16_t i = place; four && i < place + 4; i++)
			if (buckets[i])
				cells[used++] = (struct task_cell){i, buckets[i]};
	}
	return used;
}

/* Replaces @task's cells by @record's buckets. 0 or -ENOMEM. */
static int set_cells(struct task *task, const struct dwell_record *record)
{
	struct task_cell cells[PLACES], *copy;
	uint16_t used = list_cells(record, cells);

	if (used > task->cells_used) {
		copy = reallocarray(task->cells, used, sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		task->cells = copy;
	}
	if (used)
		memcpy(task->cells, cells, used * sizeof(*cells));
	task->cells_used = used;
	task->cells_epoch = record->epoch;
	return 0;
}

/* Adds the buckets that @record hands over to those kept of @task. 0 or -ENOMEM. */
static int keep_buckets(struct task *task, const struct dwell_record *record)
{
	if (!task->kept)
		task->kept = calloc(DWELL_MEASURES, sizeof(*task->kept));
	if (!task->kept)
		return -ENOMEM;
	for (int measure = 0; measure < DWELL_MEASURES; measure++)
		for (uint32_t bucket = 0; bucket < DWELL_BUCKETS; bucket++) {
			int err = dist_add(&task->kept[measure], bucket,
					   record->buckets[measure][bucket]);

			if (err)
				return err;
		}
	task->next_epoch = (record->epoch | 1) + 1;
	/* The buckets handed over contain those of an earlier read. */
	if (task->cells_epoch < task->next_epoch)
		task->cells_used = 0;
	return 0;
}

static int take_buckets(struct model *model, struct task *task, const struct dwell_record *record)
{
	if (record->epoch < task->next_epoch)
		return 0; /* the kept buckets contain these */
	if (record->kind == DWELL_FULL)
		return keep_buckets(task, record);
	if (record->epoch & 1) {
		model->torn++;
		return 0;
	}
	return set_cells(task, record);
}

/* How much of the last @age_ns lies in the window. */
static uint64_t part_in_window(const struct model *model, uint64_t age_ns)
{
	uint64_t window = saturating_subtract(model->window_end, model->window_start);

	return age_ns < window ? age_ns : window;
}

/*
 * How long, at least, @task's dwell has gone on, in ns. The beginning of a dwell from before the
 * window is not known. But if the task has not blocked since, all that it did is part of the dwell.
 */
static uint64_t dwell_age(const struct model *model, const struct task *task,
			  const struct dwell_record *record)
{
	uint64_t age = task->state_age_ns;

	if (task->state == DWELL_UNKNOWN || task->state == DWELL_BLOCKED_STATE)
		return 0;
	if (record->activated)
		return saturating_subtract(model->window_end, record->activated);
	if (record->voluntary)
		return age;
	age = saturating_add(age, record->oncpu_ns);
	age = saturating_add(age, record->sum[DWELL_PREEMPTED]);
	return saturating_add(age, record->sum[DWELL_THROTTLED]);
}

/* Takes @task's state from @record, and how long the state and the dwell have gone on. */
static void take_state(const struct model *model, struct task *task,
		       const struct dwell_record *record)
{
	uint64_t since = record->since;

	task->state = task->exited || record->state > DWELL_RUNNABLE_THROTTLED ? DWELL_UNKNOWN :
										 record->state;
	task->block = record->block < DWELL_BLOCKS ? record->block : DWELL_BLOCK_OTHER;
	task->began_earlier = task->state != DWELL_UNKNOWN && since < model->window_start;
	if (!since) /* it began before the window: no more is known */
		since = model->window_start;
	task->state_age_ns =
		task->state == DWELL_UNKNOWN ? 0 : saturating_subtract(model->window_end, since);
	task->state_window_ns = part_in_window(model, task->state_age_ns);
	task->dwell_age_ns = dwell_age(model, task, record);
	task->dwell_window_ns = part_in_window(model, task->dwell_age_ns);
}

static void take_scalars(const struct model *model, struct task *task,
			 const struct dwell_record *record)
{
	task->version = record->epoch | (record->kind == DWELL_FULL);
	task->kthread = record->kthread;
	task->sleeper = record->sleeper && !task->exited;
	task->oncpu_ns = record->oncpu_ns;
	task->voluntary = record->voluntary;
	task->involuntary = record->involuntary;
	memcpy(task->blocked_ns, record->blocked_ns, sizeof(task->blocked_ns));
	memcpy(task->sum, record->sum, sizeof(task->sum));
	memcpy(task->max, record->max, sizeof(task->max));
	task->timers.armed = record->armed;
	task->timers.rearmed = record->rearmed;
	/* Some kernels cancel to re-arm: a read may count such a cancel before it is taken back. */
	if (task->timers.cancelled < record->cancelled)
		task->timers.cancelled = record->cancelled;
	task->timers.expired = record->expired;
	take_state(model, task, record);
}

/* Places @task in the groups that its newest @record names. 0 or -ENOMEM. */
static int take_place(struct model *model, struct task *task, const struct dwell_record *record)
{
	int err = task_place(&model->roster, task, record->pid, record->comm, record->cgroup);
	struct group *process;

	if (err)
		return err;
	process = task->group[GROUP_PROCESS];
	if (record->tid == record->pid && record->kind == DWELL_EXIT)
		process->leader_ended = record->since;
	if (record->tid == record->pid || !process->leader_comm[0]) {
		process->leader_cgroup = record->cgroup;
		memcpy(process->leader_comm, task->group[GROUP_COMM]->key.name,
		       sizeof(process->leader_comm));
	}
	return 0;
}

/* Takes @record in as the latest of @task. 0 or -ENOMEM. */
static int take_record(struct model *model, struct task *task, const struct dwell_record *record)
{
	uint32_t version = record->epoch | (record->kind == DWELL_FULL);
	bool exits = record->kind == DWELL_EXIT && !task->exited;
	bool newest = !task->known || version >= task->version;
	int err = 0;

	if (newest) /* before the counters, so that the earlier ones stay in the earlier groups */
		err = take_place(model, task, record);
	if (!err)
		err = take_buckets(model, task, record);
	if (err)
		return err;
	if (exits)
		err = leaver_note(model, task, record);
	if (err)
		return err;
	if (!task->known)
		model->roster.live++;
	task->known = true;
	if (exits) {
		task->exited = true;
		model->roster.live--;
		model->roster.exited++;
		model->roster.exited_kept++;
	}
	if (newest)
		take_scalars(model, task, record);
	return model->roster.exited_kept > model->exited_limit ? task_fold(&model->roster, task) :
								 0;
}

int model_add_record(struct model *model, const struct dwell_record *record)
{
	int err = task_resolve_exec(&model->roster, record);
	struct task *task = task_find(&model->roster, record->tid, record->start, false);

	if (err)
		return err;
	if (!task)
		task = task_new(&model->roster, record->tid, record->start);
	if (!task)
		return -ENOMEM;
	if (task->exited && record->kind != DWELL_EXIT)
		return 0;
	if (record->kind == DWELL_LIVE)
		task->seen_at = model->reads;
	return take_record(model, task, record);
}

/* ---- exits that were not seen ------------------------------------------- */

/* A task that changes its id during a read may be missed once; two reads in a row prove an exit. */
#define READS_MISSED 2

static bool has_left(const struct model *model, const struct task *task)
{
	return task->known && !task->exited && task->seen_at &&
	       model->reads - task->seen_at >= READS_MISSED;
}

int model_end_read(struct model *model, bool exits_unseen)
{
	bool some_left = exits_unseen ||
			 (model->lost_at && model->reads - model->lost_at <= READS_MISSED);
	struct task *task, *next;
	int err = 0;

	if (some_left)
		HASH_ITER(hh, model->roster.tasks, task, next) {
			if (err || !has_left(model, task))
				continue;
			model->roster.exited++;
			err = task_drop(&model->roster, task, true);
		}
	model->reads++;
	leavers_free(model);
	return err;
}

/* ---- totals ------------------------------------------------------------- */

void model_set_losses(struct model *model, const uint64_t losses[DWELL_LOSSES])
{
	if (losses[DWELL_LOSS_RING_FULL] > model->losses[DWELL_LOSS_RING_FULL])
		model->lost_at = model->reads;
	memcpy(model->losses, losses, sizeof(model->losses));
}

void model_losses(const struct model *model, enum row_by by, uint64_t losses[DWELL_LOSSES])
{
	uint64_t *torn = &losses[DWELL_LOSS_READ_TORN], *folded = &losses[DWELL_LOSS_TASKS_FOLDED];

	memcpy(losses, model->losses, sizeof(model->losses));
	*torn = saturating_add(*torn, model->torn);
	*folded = by == ROW_BY_TASK ? saturating_add(*folded, model->roster.folded) : 0;
}

uint64_t model_cgroup(struct model *model, uint32_t tid, uint64_t start)
{
	const struct task *task = task_find(&model->roster, tid, start, false);

	return task && task->known ? task->group[GROUP_CGROUP]->key.number : 0;
}

uint64_t model_live_tasks(const struct model *model)
{
	return model->roster.live;
}

uint64_t model_exited_tasks(const struct model *model)
{
	return model->roster.exited;
}
