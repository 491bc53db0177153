/* SPDX-License-Identifier: GPL-2.0-only */
/* The intake of the model: records and timers become what is known of each task. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

#define PLACES (DWELL_MEASURES * DWELL_BUCKETS)

_Static_assert(PLACES <= UINT16_MAX, "a cell's place outgrew 16 bits");
_Static_assert(PLACES % 4 == 0, "buckets can no longer be looked at in fours");

struct model *model_new(size_t exited_limit)
{
	struct model *model = calloc(1, sizeof(*model));

	if (model)
		model->exited_limit = exited_limit;
	return model;
}

/* ---- tasks -------------------------------------------------------------- */

static void free_kept(struct task *task)
{
	for (int i = 0; task->kept && i < DWELL_MEASURES; i++)
		dist_clear(&task->kept[i]);
	free(task->kept);
	task->kept = NULL;
}

/* Frees @task, which is in no group and no hash any more. */
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

struct task *task_find(struct model *model, uint32_t tid, uint64_t start, bool displaced)
{
	struct task_id id = {.tid = tid, .displaced = displaced, .start = start};
	struct task *task;

	HASH_FIND(hh, model->tasks, &id, sizeof(id), task);
	return task;
}

int task_file(struct model *model, struct task *task)
{
	HASH_ADD(hh, model->tasks, id, sizeof(task->id), task);
	return task->hh.tbl ? 0 : -ENOMEM;
}

/*
 * Makes @task a member of the groups that it belongs to now. 0 or -ENOMEM; then
 * a task that was in none before is gone, for no view can do without.
 */
static int task_place(struct model *model, struct task *task, uint32_t pid, const char *comm,
		      uint64_t cgroup)
{
	bool is_new = !task->group[GROUP_PROCESS];
	struct group *group[GROUPINGS];

	group[GROUP_PROCESS] = process_get(model, pid, task->id.tid, task->id.start);
	group[GROUP_COMM] = group_get(model, GROUP_COMM, 0, comm);
	group[GROUP_CGROUP] = group_get(model, GROUP_CGROUP, cgroup, NULL);
	for (int kind = 0; kind < GROUPINGS; kind++) {
		int err = group[kind] ? group_join(model, kind, task, group[kind]) : -ENOMEM;

		if (err && is_new)
			task_drop(model, task, false);
		if (err)
			return err;
	}
	return 0;
}

struct task *task_new(struct model *model, uint32_t tid, uint64_t start)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->id.tid = tid;
	task->id.start = start;
	if (task_file(model, task)) {
		task_free(task);
		return NULL;
	}
	return task;
}

int task_drop(struct model *model, struct task *task, bool settle)
{
	int err = groups_leave(model, task, settle);

	if (task->exited)
		model->exited_kept--;
	else if (task->known)
		model->live--;
	HASH_DEL(model->tasks, task);
	task_free(task);
	return err;
}

void model_free(struct model *model)
{
	struct ledger *ledger, *next_ledger;
	struct task *task, *next;

	if (!model)
		return;
	HASH_ITER(hh, model->tasks, task, next) {
		HASH_DEL(model->tasks, task);
		task_free(task);
	}
	groups_free(model);
	for (int i = 0; i < 2; i++) {
		struct ledger **ledgers = i ? &model->user_ledgers : &model->kernel_ledgers;

		HASH_ITER(hh, *ledgers, ledger, next_ledger) {
			HASH_DEL(*ledgers, ledger);
			dist_clear(&ledger->lateness);
			free(ledger);
		}
	}
	row_clear(&model->scratch);
	free(model);
}

void model_set_window(struct model *model, uint64_t start, uint64_t end)
{
	model->window_start = start;
	model->window_end = end;
}

/* ---- records ------------------------------------------------------------ */

/* Lists what is in use of @record's buckets, ascending, into @cells. Returns how many. */
static uint16_t list_cells(const struct dwell_record *record, struct task_cell *cells)
{
	const uint16_t *buckets = record->buckets[0];
	uint16_t used = 0;
	uint64_t four;

	for (uint16_t place = 0; place < PLACES; place += 4) {
		/* Nearly all are empty, so they are looked at in fours. */
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

/* Adds the buckets that @record hands over to what is kept of @task. 0 or -ENOMEM. */
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
	/* An earlier read of the same buckets is contained in them. */
	if (task->cells_epoch < task->next_epoch)
		task->cells_used = 0;
	return 0;
}

static int take_buckets(struct model *model, struct task *task, const struct dwell_record *record)
{
	if (record->epoch < task->next_epoch)
		return 0; /* contained in what is kept */
	if (record->kind == DWELL_FULL)
		return keep_buckets(task, record);
	if (record->epoch & 1) {
		model->own_losses[DWELL_LOSS_READ_TORN]++;
		return 0;
	}
	return set_cells(task, record);
}

/* What @record says of the state: for how long, and how much of that on the CPU. */
static void take_state(const struct model *model, struct task *task,
		       const struct dwell_record *record)
{
	uint64_t since = record->since;

	task->state = task->exited || record->state > DWELL_RUNNABLE_THROTTLED ? DWELL_UNKNOWN :
										 record->state;
	task->block = record->block < DWELL_BLOCKS ? record->block : DWELL_BLOCK_OTHER;
	task->began_earlier = task->state != DWELL_UNKNOWN && since < model->window_start;
	if (!since) /* "before the window" is all that is known */
		since = model->window_start;
	task->state_age_ns = 0;
	task->open_oncpu_ns = 0;
	if (task->state == DWELL_UNKNOWN)
		return;
	task->state_age_ns = saturating_subtract(model->window_end, since);
	if (since < model->window_start)
		since = model->window_start;
	if (task->state == DWELL_ONCPU)
		task->open_oncpu_ns = saturating_subtract(model->window_end, since);
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
	/* Some kernels cancel to re-arm: one such may be counted at a read, and taken back. */
	if (task->timers.cancelled < record->cancelled)
		task->timers.cancelled = record->cancelled;
	task->timers.expired = record->expired;
	take_state(model, task, record);
}

/* The newest of @task's records says where it belongs. 0 or -ENOMEM. */
static int take_place(struct model *model, struct task *task, const struct dwell_record *record)
{
	int err = task_place(model, task, record->pid, record->comm, record->cgroup);
	struct group *process;

	if (err)
		return err;
	process = task->group[GROUP_PROCESS];
	if (record->tid == record->pid || !process->leader_comm[0]) {
		process->leader_cgroup = record->cgroup;
		process->kthread = record->kthread;
		memcpy(process->leader_comm, task->group[GROUP_COMM]->key.name,
		       sizeof(process->leader_comm));
	}
	return 0;
}

int task_fold(struct model *model, struct task *task)
{
	model->own_losses[DWELL_LOSS_TASKS_FOLDED]++;
	return task_drop(model, task, true);
}

/* Takes @record in as the latest of @task. 0 or -ENOMEM. */
static int take_record(struct model *model, struct task *task, const struct dwell_record *record)
{
	uint32_t version = record->epoch | (record->kind == DWELL_FULL);
	bool exits = record->kind == DWELL_EXIT && !task->exited;
	bool newest = !task->known || version >= task->version;
	int err = 0;

	if (newest) /* before the counters, so that what it had stays where it was */
		err = take_place(model, task, record);
	if (!err)
		err = take_buckets(model, task, record);
	if (err)
		return err;
	if (!task->known)
		model->live++;
	task->known = true;
	if (exits) {
		task->exited = true;
		model->live--;
		model->exited++;
		model->exited_kept++;
	}
	if (newest)
		take_scalars(model, task, record);
	return model->exited_kept > model->exited_limit ? task_fold(model, task) : 0;
}

int model_add_record(struct model *model, const struct dwell_record *record)
{
	int err = task_resolve_exec(model, record);
	struct task *task = task_find(model, record->tid, record->start, false);

	if (err)
		return err;
	if (!task)
		task = task_new(model, record->tid, record->start);
	if (!task)
		return -ENOMEM;
	if (task->exited && record->kind != DWELL_EXIT)
		return 0;
	return take_record(model, task, record);
}

/* ---- timers ------------------------------------------------------------- */

static bool is_kernel(const struct dwell_timer_key *key)
{
	return !key->pid && !key->tid;
}

static struct ledger *ledger_get(struct model *model, const struct dwell_timer_key *key)
{
	struct ledger **ledgers = is_kernel(key) ? &model->kernel_ledgers : &model->user_ledgers;
	struct dwell_timer_key id = *key;
	struct ledger *ledger;

	if (is_kernel(key))
		id.start = 0;
	HASH_FIND(hh, *ledgers, &id, sizeof(id), ledger);
	if (ledger)
		return ledger;
	ledger = calloc(1, sizeof(*ledger));
	if (!ledger)
		return NULL;
	ledger->key = id;
	HASH_ADD(hh, *ledgers, key, sizeof(ledger->key), ledger);
	if (!ledger->hh.tbl) {
		free(ledger);
		return NULL;
	}
	return ledger;
}

/*
 * What @counts has more than @ledger, into @growth (a row's timers and
 * lateness); a ledger that was forgotten and begun again is all growth.
 */
static int ledger_growth(const struct ledger *ledger, const struct dwell_timer_counts *counts,
			 struct row *growth)
{
	bool again = counts->armed < ledger->counts.armed ||
		     counts->expired < ledger->counts.expired ||
		     counts->late_sum < ledger->lateness.sum;
	static const struct timer_counts none;
	const struct timer_counts *last = again ? &none : &ledger->counts;
	struct dist *lateness = &growth->measure[DWELL_LATENESS];

	growth->timers.armed = counts->armed - last->armed;
	growth->timers.rearmed = saturating_subtract(counts->rearmed, last->rearmed);
	growth->timers.cancelled = saturating_subtract(counts->cancelled, last->cancelled);
	growth->timers.expired = counts->expired - last->expired;
	for (uint32_t i = 0; i < DWELL_BUCKETS; i++) {
		int err = dist_add(lateness, i, counts->late_buckets[i]);

		if (err)
			return err;
	}
	lateness->sum = counts->late_sum;
	lateness->max = counts->late_max;
	if (!again)
		dist_subtract(lateness, &ledger->lateness);
	return 0;
}

/* Makes what @counts says the last known of @ledger. 0 or -ENOMEM. */
static int ledger_replace(struct ledger *ledger, const struct dwell_timer_counts *counts)
{
	ledger->counts.armed = counts->armed;
	ledger->counts.rearmed = counts->rearmed;
	ledger->counts.cancelled = counts->cancelled;
	ledger->counts.expired = counts->expired;
	ledger->lateness.used = 0;
	ledger->lateness.sum = counts->late_sum;
	ledger->lateness.max = counts->late_max;
	for (uint32_t i = 0; i < DWELL_BUCKETS; i++) {
		int err = dist_add(&ledger->lateness, i, counts->late_buckets[i]);

		if (err)
			return err;
	}
	return 0;
}

/* A task of which only its timers are known. NULL without memory. */
static struct task *unknown_task(struct model *model, const struct dwell_timer_key *key)
{
	struct group *process = process_find(model, key->pid);
	struct task *task = task_new(model, key->tid, key->start);
	char comm[DWELL_COMM_LEN] = "";

	if (!task)
		return NULL;
	/* Its process is the best guess of its name. */
	if (process)
		memcpy(comm, process->leader_comm, sizeof(comm));
	if (task_place(model, task, key->pid, comm, process ? process->leader_cgroup : 0))
		return NULL;
	return task;
}

static int add_to_task(struct task *task, const struct row *growth)
{
	struct timer_counts *counts;

	if (!task->owned)
		task->owned = calloc(1, sizeof(*task->owned));
	if (!task->owned)
		return -ENOMEM;
	counts = &task->owned->counts;
	counts->armed = saturating_add(counts->armed, growth->timers.armed);
	counts->rearmed = saturating_add(counts->rearmed, growth->timers.rearmed);
	counts->cancelled = saturating_add(counts->cancelled, growth->timers.cancelled);
	counts->expired = saturating_add(counts->expired, growth->timers.expired);
	counts->outstanding = saturating_add(counts->outstanding, growth->timers.outstanding);
	return dist_merge(&task->owned->lateness, &growth->measure[DWELL_LATENESS]);
}

/* What a folded task's timers did since goes where its own counters went. 0 or -ENOMEM. */
static int add_to_folded(struct model *model, struct group *process, const struct row *growth)
{
	struct group *comm = group_get(model, GROUP_COMM, 0, process->leader_comm);
	struct group *cgroup = group_get(model, GROUP_CGROUP, process->leader_cgroup, NULL);
	int err = comm && cgroup ? 0 : -ENOMEM;

	if (!err)
		err = group_settle(model, GROUP_COMM, comm, growth);
	if (!err)
		err = group_settle(model, GROUP_CGROUP, cgroup, growth);
	return err ? err : group_settle(model, GROUP_PROCESS, process, growth);
}

/* Adds the timers and lateness of @growth to the owner named by @key. 0 or -ENOMEM. */
static int add_to_owner(struct model *model, const struct dwell_timer_key *key,
			const struct row *growth)
{
	struct task *task = task_find(model, key->tid, key->start, false);
	struct group *process = task ? NULL : process_find(model, key->pid);

	if (process && process->settled && process->settled->exited)
		return add_to_folded(model, process, growth);
	if (!task)
		task = unknown_task(model, key);
	return task ? add_to_task(task, growth) : -ENOMEM;
}

static bool is_unchanged(const struct ledger *ledger, const struct dwell_timer_counts *counts)
{
	return counts->armed == ledger->counts.armed && counts->rearmed == ledger->counts.rearmed &&
	       counts->cancelled == ledger->counts.cancelled &&
	       counts->expired == ledger->counts.expired &&
	       counts->late_sum == ledger->lateness.sum &&
	       counts->late_count == dist_count(&ledger->lateness);
}

int model_add_timers(struct model *model, const struct dwell_timer_key *key,
		     const struct dwell_timer_counts *counts)
{
	struct ledger *ledger = ledger_get(model, key);
	struct row growth = {0};
	int err;

	if (!ledger)
		return -ENOMEM;
	if (is_kernel(key))
		return ledger_replace(ledger, counts);
	if (is_unchanged(ledger, counts))
		return 0;
	err = ledger_growth(ledger, counts, &growth);
	if (!err)
		err = add_to_owner(model, key, &growth);
	if (!err)
		err = ledger_replace(ledger, counts);
	row_clear(&growth);
	return err;
}

void model_clear_armed(struct model *model)
{
	struct ledger *ledger;
	struct group *group;
	struct task *task;

	for (task = model->tasks; task; task = task->hh.next)
		if (task->owned)
			task->owned->counts.outstanding = 0;
	for (ledger = model->kernel_ledgers; ledger; ledger = ledger->hh.next)
		ledger->counts.outstanding = 0;
	for (int kind = 0; kind < GROUPINGS; kind++) {
		for (group = model->groups[kind]; group; group = group->hh.next)
			if (group->settled)
				group->settled->timers.outstanding = 0;
		if (model->remainder[kind])
			model->remainder[kind]->timers.outstanding = 0;
	}
}

int model_add_armed(struct model *model, const struct dwell_armed_timer *timer)
{
	static const struct row armed = {.timers.outstanding = 1};
	struct ledger *ledger;

	if (!is_kernel(&timer->owner))
		return add_to_owner(model, &timer->owner, &armed);
	ledger = ledger_get(model, &timer->owner);
	if (!ledger)
		return -ENOMEM;
	ledger->counts.outstanding++;
	return 0;
}

/* ---- totals ------------------------------------------------------------- */

void model_set_losses(struct model *model, const uint64_t losses[DWELL_LOSSES])
{
	memcpy(model->losses, losses, sizeof(model->losses));
}

uint64_t model_loss(const struct model *model, enum dwell_loss loss)
{
	return saturating_add(model->losses[loss], model->own_losses[loss]);
}

uint64_t model_live_tasks(const struct model *model)
{
	return model->live;
}

uint64_t model_exited_tasks(const struct model *model)
{
	return model->exited;
}
