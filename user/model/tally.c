/* SPDX-License-Identifier: GPL-2.0-only */
/* Tallies: each ledger of timers is assigned to a row, and the ledgers of a row are added up. */
#include "model/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/saturate.h"
#include "model/state.h"

/* The owner of a ledger, as far as it is known. */
struct owner {
	const char *comm;    /* NULL: not known */
	uint64_t cgroup;     /* id */
	uint64_t generation; /* of the process */
	bool exited;
};

/* ---- which row ------------------------------------------------------------------ */

/* A process goes by its leader's name and cgroup. */
static void find_process_owner(const struct group *process, struct owner *owner)
{
	owner->comm = process->leader_comm;
	owner->cgroup = process->leader_cgroup;
}

static struct owner find_owner(struct model *model, const struct ledger *ledger, enum timer_by by)
{
	struct task *task = task_find(&model->roster, ledger->key.tid, ledger->key.start, false);
	struct owner owner = {.exited = ledger_is_left(model, ledger)};
	/* Another process may have the pid of an exited owner by now. */
	struct group *process = owner.exited ?
					process_find_serial(&model->roster.groups, ledger->key.pid,
							    ledger->process) :
					process_find(&model->roster.groups, ledger->key.pid);

	if (owner.exited) {
		owner.generation = ledger->process;
		owner.comm = ledger->comm;
		owner.cgroup = ledger->cgroup;
	} else if (task && task->known) {
		owner.comm = task->group[GROUP_COMM]->key.name;
		owner.cgroup = task->group[GROUP_CGROUP]->key.number;
	}
	if (task && task->group[GROUP_PROCESS])
		process = task->group[GROUP_PROCESS];
	if (by == TIMER_BY_PROCESS && process && process->leader_comm[0])
		find_process_owner(process, &owner);
	if (process)
		owner.generation = process->key.generation;
	return owner;
}

static void set_owner(struct timer_row_key *key, struct model *model, const struct ledger *ledger,
		      enum timer_by by, bool *alive)
{
	struct owner owner = find_owner(model, ledger, by);

	*alive = !owner.exited;
	switch (by) {
	case TIMER_BY_TASK:
		key->tid = ledger->key.tid;
		key->pid = ledger->key.pid;
		key->start = ledger->key.start;
		key->cgroup = owner.cgroup;
		break;
	case TIMER_BY_PROCESS:
		key->pid = ledger->key.pid;
		key->start = owner.generation;
		key->cgroup = owner.cgroup;
		break;
	case TIMER_BY_CGROUP:
		key->cgroup = owner.cgroup;
		return;
	case TIMER_BY_COMM:
		break;
	case TIMER_BY_CALLBACK:
	case TIMER_BY_API:
		*alive = true;
		return;
	}
	if (owner.comm)
		memcpy(key->comm, owner.comm, sizeof(key->comm));
}

static struct timer_row_key row_key(struct model *model, const struct ledger *ledger,
				    const struct timer_view *view, const struct naming *naming,
				    bool *alive)
{
	const struct dwell_timer_key *id = &ledger->key;
	struct timer_row_key key;

	memset(&key, 0, sizeof(key));
	timer_api(key.api, id, naming_callback(naming, id->function));
	key.wheel = id->kind == DWELL_TIMER_WHEEL;
	key.kind = (uint8_t)id->kind;
	if (view->by != TIMER_BY_API)
		key.function = id->function;
	*alive = true;
	if (id->tid == LEDGER_REMAINDER && !id->pid)
		key.remainder = view->by < TIMER_BY_CALLBACK;
	else if (id->tid)
		set_owner(&key, model, ledger, view->by, alive);
	else if (id->kind == DWELL_TIMER_USER)
		key.unowned = view->by < TIMER_BY_CALLBACK;
	else
		key.kernel = view->by < TIMER_BY_CALLBACK;
	return key;
}

static struct tally *tally_get(struct tally **tallies, const struct timer_row_key *key)
{
	struct tally *tally;

	HASH_FIND(hh, *tallies, key, sizeof(*key), tally);
	if (tally)
		return tally;
	tally = calloc(1, sizeof(*tally));
	if (!tally)
		return NULL;
	tally->key = *key;
	HASH_ADD(hh, *tallies, key, sizeof(tally->key), tally);
	if (tally->hh.tbl)
		return tally;
	free(tally);
	return NULL;
}

/* ---- adding up -------------------------------------------------------------------- */

/* Inserts @site among the most frequent ones, if it is one of them. */
static void add_site(struct tally *tally, const struct ledger_site *site, uint32_t pid)
{
	size_t at = tally->sites;

	tally->site_samples = saturating_add(tally->site_samples, site->samples);
	while (at && tally->site[at - 1].samples < site->samples)
		at--;
	if (at == TIMER_SITES)
		return;
	if (tally->sites < TIMER_SITES)
		tally->sites++;
	memmove(&tally->site[at + 1], &tally->site[at],
		(tally->sites - at - 1) * sizeof(*tally->site));
	tally->site[at] = (struct timer_site){.samples = site->samples, .pid = pid};
	memcpy(tally->site[at].stack, site->stack, sizeof(site->stack));
	memcpy(tally->site[at].user_stack, site->user_stack, sizeof(site->user_stack));
}

static int add_ledger(struct tally *tally, const struct ledger *ledger)
{
	const struct ledger_site *site;
	int err = timer_sums_add(&tally->sums, &ledger->sums);

	if (!err && ledger->earlier)
		err = timer_sums_add(&tally->sums, ledger->earlier);
	if (err)
		return err;
	if (ledger->course)
		course_add(&tally->course, ledger->course);
	if (ledger->oldest && (!tally->oldest || ledger->oldest < tally->oldest))
		tally->oldest = ledger->oldest;
	if (ledger->due && (!tally->due || ledger->due < tally->due))
		tally->due = ledger->due;
	LL_FOREACH(ledger->sites, site)
		add_site(tally, site, ledger->key.pid);
	return 0;
}

static bool is_empty(const struct ledger *ledger)
{
	const struct timer_counts *counts = &ledger->sums.counts;

	return !ledger->earlier && !counts->armed && !counts->cancelled && !counts->expired &&
	       !counts->outstanding;
}

/* Adds @ledger and those after it to @tallies. 0 or -ENOMEM. */
static int tally_ledgers(struct model *model, struct ledger *ledger, const struct timer_view *view,
			 const struct naming *naming, struct tally **tallies)
{
	for (; ledger; ledger = ledger->hh.next) {
		struct timer_row_key key;
		struct tally *tally;
		bool alive;

		if (is_empty(ledger))
			continue;
		key = row_key(model, ledger, view, naming, &alive);
		tally = tally_get(tallies, &key);
		if (!tally || add_ledger(tally, ledger))
			return -ENOMEM;
		tally->alive |= alive;
	}
	return 0;
}

int tally_all(struct model *model, const struct timer_view *view, const struct naming *naming,
	      struct tally **tallies)
{
	int err = tally_ledgers(model, model->user_ledgers, view, naming, tallies);

	return err ? err : tally_ledgers(model, model->kernel_ledgers, view, naming, tallies);
}

void tallies_free(struct tally **tallies)
{
	struct tally *tally, *next;

	HASH_ITER(hh, *tallies, tally, next) {
		HASH_DEL(*tallies, tally);
		timer_sums_clear(&tally->sums);
		free(tally);
	}
}
