/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's ledger of timers: counts by owner, callback and API. */
#include "model/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/saturate.h"
#include "model/owner.h"
#include "model/state.h"

/* ---- ledgers ------------------------------------------------------------------ */

static bool is_kernel(const struct dwell_timer_key *key)
{
	return !key->pid && !key->tid;
}

/* The ledger of @key, made if it is not there. NULL without memory. */
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

static void ledger_free(struct ledger *ledger)
{
	struct ledger_site *site, *next;

	timer_sums_clear(&ledger->sums);
	if (ledger->earlier)
		timer_sums_clear(ledger->earlier);
	free(ledger->earlier);
	free(ledger->course);
	LL_FOREACH_SAFE(ledger->sites, site, next)
	free(site);
	free(ledger);
}

void ledgers_free(struct model *model)
{
	struct ledger *ledger, *next;

	for (int i = 0; i < 2; i++) {
		struct ledger **ledgers = i ? &model->user_ledgers : &model->kernel_ledgers;

		HASH_ITER(hh, *ledgers, ledger, next) {
			HASH_DEL(*ledgers, ledger);
			ledger_free(ledger);
		}
	}
}

/* ---- what was read ------------------------------------------------------------------ */

/* Counts what is new in @counts, of a task's timers, in its owner's rows too. 0 or -ENOMEM. */
static int count_in_rows(struct model *model, const struct ledger *ledger,
			 const struct dwell_timer_counts *counts)
{
	struct row growth = {0};
	int err;

	/* A task's own record counts its sleeps. */
	if (is_kernel(&ledger->key) || ledger->key.kind == DWELL_TIMER_SLEEP)
		return 0;
	err = timer_sums_growth(&ledger->sums, counts, &growth);
	if (!err)
		err = owner_add(&model->roster, ledger, &growth);
	row_clear(&growth);
	return err;
}

static int take_counts(struct model *model, struct ledger *ledger,
		       const struct dwell_timer_counts *counts)
{
	int err;

	if (timer_sums_has(&ledger->sums, counts))
		return 0;
	err = count_in_rows(model, ledger, counts);
	return err ? err : timer_sums_take(&ledger->sums, counts);
}

bool ledger_is_left(struct model *model, const struct ledger *ledger)
{
	const struct task *task;

	if (!ledger->exited)
		return false;
	/* After an exec another thread may live on under the owner's id. */
	task = task_find(&model->roster, ledger->key.tid, ledger->key.start, false);
	return !task || !task->known || task->exited;
}

/*
 * Whether a sleep of @ledger is armed, by its counts: a task has one sleep at a time, and its
 * ledger counts nobody else's. Of a sleep that was armed before the window only the end is counted,
 * so it never appears as armed. A task that exits takes its sleep along.
 */
static bool sleeps(struct model *model, const struct ledger *ledger)
{
	static const struct timer_sums none;
	const struct timer_sums *now = &ledger->sums;
	const struct timer_sums *earlier = ledger->earlier ? ledger->earlier : &none;
	uint64_t began = saturating_add(saturating_add(now->counts.armed, now->before),
					saturating_add(earlier->counts.armed, earlier->before));
	uint64_t ended =
		saturating_add(saturating_add(now->counts.cancelled, now->counts.expired),
			       saturating_add(earlier->counts.cancelled, earlier->counts.expired));

	return began > ended && !ledger_is_left(model, ledger);
}

/* Finds @ledger's outstanding sleep by @counts: the table of armed timers has no sleeps. */
static void take_sleep(struct model *model, struct ledger *ledger,
		       const struct dwell_timer_counts *counts)
{
	bool armed = sleeps(model, ledger);

	ledger->sums.counts.outstanding = armed;
	ledger->oldest = armed ? counts->sleep_armed : 0;
	ledger->due = armed ? counts->sleep_due : 0;
}

/* ---- intake ------------------------------------------------------------------------ */

void model_keep_ledger(struct model *model, size_t left_limit)
{
	model->keeps_ledger = true;
	model->ledgers_left_limit = left_limit;
}

/*
 * The ledger of @key, made if it is not there. It notes whether its owner has exited, because the
 * leavers are soon forgotten. NULL without memory.
 */
static struct ledger *ledger_meet(struct model *model, const struct dwell_timer_key *key)
{
	const struct leaver *leaver = is_kernel(key) ? NULL : leaver_find(model, key);
	struct ledger *ledger = ledger_get(model, key);

	if (ledger && leaver) {
		ledger->exited = true;
		ledger->process = leaver->process;
		ledger->cgroup = leaver->cgroup;
		memcpy(ledger->comm, leaver->comm, sizeof(ledger->comm));
	}
	return ledger;
}

int model_add_timers(struct model *model, const struct dwell_timer_key *key,
		     const struct dwell_timer_counts *counts)
{
	struct ledger *ledger = ledger_meet(model, key);
	int err = ledger ? take_counts(model, ledger, counts) : -ENOMEM;

	if (err)
		return err;
	if (key->kind == DWELL_TIMER_SLEEP)
		take_sleep(model, ledger, counts);
	/* Timerfds that other tasks hold may still be armed. */
	return model->keeps_ledger && ledger_is_left(model, ledger) &&
	       !ledger->sums.counts.outstanding;
}

/* Adds @course, of another ledger, to that of @ledger. 0 or -ENOMEM. */
static int add_course(struct ledger *ledger, const struct course *course)
{
	if (!ledger->course)
		ledger->course = calloc(1, sizeof(*ledger->course));
	if (!ledger->course)
		return -ENOMEM;
	course_add(ledger->course, course);
	return 0;
}

/* Adds @ledger, of an exited task, to the remainder of its kind, then frees it. 0 or -ENOMEM. */
static int ledger_fold(struct model *model, struct ledger *ledger)
{
	struct dwell_timer_key key = {
		.tid = LEDGER_REMAINDER,
		.function = ledger->key.function,
		.syscall = ledger->key.syscall,
		.kind = ledger->key.kind,
	};
	struct ledger *remainder = ledger_get(model, &key);
	int err;

	if (!remainder)
		return -ENOMEM;
	remainder->exited = true;
	err = timer_sums_add(&remainder->sums, ledger->earlier);
	if (!err && ledger->course)
		err = add_course(remainder, ledger->course);
	if (err)
		return err;
	HASH_DEL(model->user_ledgers, ledger);
	ledger_free(ledger);
	return 0;
}

/* Moves @ledger's sums to its earlier ones: the next counts begin at 0. 0 or -ENOMEM. */
static int set_aside(struct model *model, struct ledger *ledger)
{
	int err;

	if (!ledger->earlier) {
		ledger->earlier = calloc(1, sizeof(*ledger->earlier));
		if (!ledger->earlier)
			return -ENOMEM;
		model->ledgers_left += !is_kernel(&ledger->key);
	}
	/* What is outstanding now is no part of earlier sums. */
	ledger->sums.counts.outstanding = 0;
	ledger->oldest = 0;
	ledger->due = 0;
	err = timer_sums_add(ledger->earlier, &ledger->sums);
	timer_sums_clear(&ledger->sums);
	return err;
}

int model_forget_timers(struct model *model, const struct dwell_timer_key *key,
			const struct dwell_timer_counts *counts)
{
	struct ledger *ledger = ledger_get(model, key);
	int err;

	if (!ledger)
		return -ENOMEM;
	err = take_counts(model, ledger, counts);
	if (!err)
		err = set_aside(model, ledger);
	if (err)
		return err;
	/* The kernel's own ledgers have no owner that exits, and are few. */
	if (is_kernel(key) || model->ledgers_left <= model->ledgers_left_limit)
		return 0;
	model->ledgers_left--;
	return ledger_fold(model, ledger);
}

void model_clear_armed(struct model *model)
{
	struct ledger *ledger;
	struct group *group;
	struct task *task;

	for (task = model->roster.tasks; task; task = task->hh.next)
		if (task->owned)
			task->owned->counts.outstanding = 0;
	for (int i = 0; i < 2; i++) {
		ledger = i ? model->user_ledgers : model->kernel_ledgers;
		for (; ledger; ledger = ledger->hh.next) {
			if (ledger->key.kind == DWELL_TIMER_SLEEP)
				continue;
			ledger->sums.counts.outstanding = 0;
			ledger->oldest = 0;
			ledger->due = 0;
		}
	}
	for (int kind = 0; kind < GROUPINGS; kind++) {
		for (group = model->roster.groups.by_key[kind]; group; group = group->hh.next)
			if (group->settled)
				group->settled->timers.outstanding = 0;
		if (model->roster.groups.remainder[kind])
			model->roster.groups.remainder[kind]->timers.outstanding = 0;
	}
}

int model_add_armed(struct model *model, const struct dwell_armed_timer *timer)
{
	static const struct row armed = {.timers.outstanding = 1};
	struct ledger *ledger = ledger_meet(model, &timer->owner);

	if (!ledger)
		return -ENOMEM;
	ledger->sums.counts.outstanding++;
	if (!ledger->oldest || timer->armed_at < ledger->oldest)
		ledger->oldest = timer->armed_at;
	if (!ledger->due || timer->expires < ledger->due)
		ledger->due = timer->expires;
	return is_kernel(&timer->owner) ? 0 : owner_add(&model->roster, ledger, &armed);
}

/* ---- where timers are armed -------------------------------------------------------------- */

int model_add_site(struct model *model, const struct dwell_timer_key *owner, uint64_t samples,
		   const uint64_t stack[DWELL_STACK_DEPTH],
		   const uint64_t user_stack[DWELL_STACK_DEPTH])
{
	struct ledger *ledger = ledger_get(model, owner);
	struct ledger_site *site = calloc(1, sizeof(*site));

	if (!ledger || !site) {
		free(site);
		return -ENOMEM;
	}
	site->samples = samples;
	memcpy(site->stack, stack, sizeof(site->stack));
	memcpy(site->user_stack, user_stack, sizeof(site->user_stack));
	LL_PREPEND(ledger->sites, site);
	return 0;
}
