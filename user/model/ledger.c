/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's ledger of timers: what each owner and callback came to. */
#include "model/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/saturate.h"
#include "model/member.h"
#include "model/state.h"

/* ---- sums -------------------------------------------------------------------- */

static void add_to(uint64_t *value, uint64_t more)
{
	*value = saturating_add(*value, more);
}

int timer_sums_add(struct timer_sums *sums, const struct timer_sums *from)
{
	int err;

	timer_counts_add(&sums->counts, &from->counts);
	add_to(&sums->before, from->before);
	add_to(&sums->woke, from->woke);
	add_to(&sums->callback_ns, from->callback_ns);
	add_to(&sums->slack_granted, from->slack_granted);
	add_to(&sums->slack_used, from->slack_used);
	err = dist_merge(&sums->lateness, &from->lateness);
	return err ? err : dist_merge(&sums->timeout, &from->timeout);
}

void timer_sums_clear(struct timer_sums *sums)
{
	dist_clear(&sums->lateness);
	dist_clear(&sums->timeout);
	memset(sums, 0, sizeof(*sums));
}

/* Makes @dist what the kernel side counted in @buckets. 0 or -ENOMEM. */
static int dist_replace(struct dist *dist, const __u32 buckets[DWELL_BUCKETS], uint64_t sum,
			uint64_t max)
{
	int err = 0;

	dist->used = 0;
	dist->sum = sum;
	dist->max = max;
	for (uint32_t i = 0; i < DWELL_BUCKETS && !err; i++)
		err = dist_add(dist, i, buckets[i]);
	return err;
}

/* ---- ledgers ------------------------------------------------------------------ */

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

/* What @counts has more than @ledger, into @growth (a row's timers and lateness). */
static int ledger_growth(const struct ledger *ledger, const struct dwell_timer_counts *counts,
			 struct row *growth)
{
	const struct timer_counts *last = &ledger->sums.counts;
	struct dist *lateness = &growth->measure[DWELL_LATENESS];
	int err;

	growth->timers.armed = saturating_subtract(counts->armed, last->armed);
	growth->timers.rearmed = saturating_subtract(counts->rearmed, last->rearmed);
	growth->timers.cancelled = saturating_subtract(counts->cancelled, last->cancelled);
	growth->timers.expired = saturating_subtract(counts->expired, last->expired);
	err = dist_replace(lateness, counts->late_buckets, counts->late_sum, counts->late_max);
	if (!err)
		dist_subtract(lateness, &ledger->sums.lateness);
	return err;
}

/* Makes what @counts says the last known of @ledger. 0 or -ENOMEM. */
static int ledger_replace(struct ledger *ledger, const struct dwell_timer_counts *counts)
{
	struct timer_sums *sums = &ledger->sums;
	int err;

	sums->counts.armed = counts->armed;
	sums->counts.rearmed = counts->rearmed;
	sums->counts.cancelled = counts->cancelled;
	sums->counts.expired = counts->expired;
	sums->before = counts->before;
	sums->woke = counts->woke;
	sums->callback_ns = counts->callback_ns;
	sums->slack_granted = counts->slack_granted;
	sums->slack_used = counts->slack_used;
	err = dist_replace(&sums->lateness, counts->late_buckets, counts->late_sum,
			   counts->late_max);
	return err ? err :
		     dist_replace(&sums->timeout, counts->timeout_buckets, counts->timeout_sum,
				  counts->timeout_max);
}

/* ---- owners ----------------------------------------------------------------------- */

/* A task of which only its timers are known. NULL without memory. */
static struct task *unknown_task(struct model *model, const struct dwell_timer_key *key)
{
	struct group *process = process_find(&model->roster.groups, key->pid);
	struct task *task = task_new(&model->roster, key->tid, key->start);
	char comm[DWELL_COMM_LEN] = "";

	if (!task)
		return NULL;
	/* Its process is the best guess of its name. */
	if (process)
		memcpy(comm, process->leader_comm, sizeof(comm));
	if (task_place(&model->roster, task, key->pid, comm, process ? process->leader_cgroup : 0))
		return NULL;
	return task;
}

static int add_to_task(struct task *task, const struct row *growth)
{
	if (!task->owned)
		task->owned = calloc(1, sizeof(*task->owned));
	if (!task->owned)
		return -ENOMEM;
	timer_counts_add(&task->owned->counts, &growth->timers);
	return dist_merge(&task->owned->lateness, &growth->measure[DWELL_LATENESS]);
}

/*
 * What the timers of a task that is kept no more did goes where its own counters went: to
 * @process, or what is left of processes that are gone (NULL). 0 or -ENOMEM.
 */
static int add_to_groups(struct model *model, struct group *process, const char *comm,
			 uint64_t cgroup, const struct row *growth)
{
	struct group *const group[GROUPINGS] = {
		[GROUP_PROCESS] = process,
		[GROUP_COMM] = group_get(&model->roster.groups, GROUP_COMM, 0, comm),
		[GROUP_CGROUP] = group_get(&model->roster.groups, GROUP_CGROUP, cgroup, NULL),
	};
	int err = group[GROUP_COMM] && group[GROUP_CGROUP] ? 0 : -ENOMEM;

	for (int kind = 0; kind < GROUPINGS && !err; kind++)
		err = group_settle(&model->roster.groups, kind, group[kind], growth);
	return err;
}

/* Adds the timers and lateness of @growth to @ledger's owner. 0 or -ENOMEM. */
static int add_to_owner(struct model *model, const struct ledger *ledger, const struct row *growth)
{
	const struct dwell_timer_key *key = &ledger->key;
	struct task *task = task_find(&model->roster, key->tid, key->start, false);
	struct group *process = task ? NULL : process_find(&model->roster.groups, key->pid);

	if (!task && ledger->exited)
		return add_to_groups(model,
				     process_find_serial(&model->roster.groups, key->pid,
							 ledger->process),
				     ledger->comm, ledger->cgroup, growth);
	if (process && process->settled && process->settled->exited)
		return add_to_groups(model, process, process->leader_comm, process->leader_cgroup,
				     growth);
	if (!task)
		task = unknown_task(model, key);
	return task ? add_to_task(task, growth) : -ENOMEM;
}

/* Has what @counts says of a task's timers counted in its rows too. 0 or -ENOMEM. */
static int count_in_rows(struct model *model, const struct ledger *ledger,
			 const struct dwell_timer_counts *counts)
{
	struct row growth = {0};
	int err;

	/* Its own record counts a task's sleeps. */
	if (is_kernel(&ledger->key) || ledger->key.kind == DWELL_TIMER_SLEEP)
		return 0;
	err = ledger_growth(ledger, counts, &growth);
	if (!err)
		err = add_to_owner(model, ledger, &growth);
	row_clear(&growth);
	return err;
}

static bool is_unchanged(const struct ledger *ledger, const struct dwell_timer_counts *counts)
{
	const struct timer_sums *sums = &ledger->sums;

	return counts->armed == sums->counts.armed && counts->rearmed == sums->counts.rearmed &&
	       counts->cancelled == sums->counts.cancelled &&
	       counts->expired == sums->counts.expired && counts->before == sums->before &&
	       counts->late_sum == sums->lateness.sum &&
	       counts->late_count == dist_count(&sums->lateness) &&
	       counts->callback_ns == sums->callback_ns;
}

static int take_counts(struct model *model, struct ledger *ledger,
		       const struct dwell_timer_counts *counts)
{
	int err;

	if (is_unchanged(ledger, counts))
		return 0;
	err = count_in_rows(model, ledger, counts);
	return err ? err : ledger_replace(ledger, counts);
}

bool ledger_is_left(struct model *model, const struct ledger *ledger)
{
	const struct task *task;

	if (!ledger->exited)
		return false;
	/* After an exec another thread has its leader's id. */
	task = task_find(&model->roster, ledger->key.tid, ledger->key.start, false);
	return !task || !task->known || task->exited;
}

/*
 * Whether a sleep of @ledger is armed, by what was counted of it: a task has one
 * at a time, and its key is its own. Those armed before the window are not: only
 * what ends them is seen. Of one who has exited none is: it took its sleep along.
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

/* The table of armed timers has no sleeps: what is outstanding of them, as of @counts. */
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

/* The same as ledger_get(), and it learns that its owner has exited: nobody else may know that later. */
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
	/* Others may have its timerfds, armed yet. */
	return model->keeps_ledger && ledger_is_left(model, ledger) &&
	       !ledger->sums.counts.outstanding;
}

/* Adds the course of another ledger to @ledger's. 0 or -ENOMEM. */
static int add_course(struct ledger *ledger, const struct course *course)
{
	if (!ledger->course)
		ledger->course = calloc(1, sizeof(*ledger->course));
	if (!ledger->course)
		return -ENOMEM;
	course_add(ledger->course, course);
	return 0;
}

/* Adds @ledger, of a task that has exited, to that of all such. 0 or -ENOMEM. */
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

/* Makes what @ledger came to a part of what came earlier. 0 or -ENOMEM. */
static int set_aside(struct model *model, struct ledger *ledger)
{
	int err;

	if (!ledger->earlier) {
		ledger->earlier = calloc(1, sizeof(*ledger->earlier));
		if (!ledger->earlier)
			return -ENOMEM;
		model->ledgers_left += !is_kernel(&ledger->key);
	}
	/* No sum of several reads is armed now. */
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
	/* The kernel's own have no owner who leaves, and are few. */
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
	return is_kernel(&timer->owner) ? 0 : add_to_owner(model, ledger, &armed);
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
