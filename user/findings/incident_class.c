/* SPDX-License-Identifier: GPL-2.0-only */
/* Classifies outliers: the kind of trouble, and the keys that several may have in common. */
#include <string.h>

#include "findings/incident_private.h"

#define CULPRIT_SHARE 0.25 /* a task that had less of a wait is hardly its cause */

/* What a key's number and name are of. A class's keys come in the order of preference. */
enum {
	BY_CULPRIT,
	BY_PROCESS,
	BY_PROGRAM,
	BY_CGROUP,
	BY_OWNER,
	BY_WAKER,
	BY_WAKER_FUNCTION,
	BY_SYSCALL,
	BY_SYSCALL_OF_PROGRAM,
	BY_CPU,
	BY_FUNCTION,
};

static struct incident_key *add_key(struct incident_held *held, uint32_t by, uint64_t number,
				    const char *name)
{
	struct incident_key *key = &held->key[held->keys++];

	/* Keys are compared byte by byte. */
	memset(key, 0, sizeof(*key));
	key->class = held->class;
	key->by = by;
	key->number = number;
	if (name)
		memcpy(key->name, name, strnlen(name, DWELL_COMM_LEN));
	return key;
}

/* Outliers without a name have no program in common. */
static void add_program(struct incident_held *held)
{
	if (held->outlier.comm[0])
		add_key(held, BY_PROGRAM, 0, held->outlier.comm);
}

static enum incident_class class_of(const struct dwell_outlier *outlier)
{
	switch (outlier->measure) {
	case DWELL_THROTTLED:
		return INCIDENT_THROTTLED;
	case DWELL_BLOCKED:
		return INCIDENT_BLOCKED;
	case DWELL_LATENESS:
		return INCIDENT_LATE;
	case DWELL_TIMER_LATENCY:
		return outlier->runqueue >= outlier->lateness ? INCIDENT_WAIT : INCIDENT_LATE;
	case DWELL_DWELL:
		return INCIDENT_DWELL;
	default:
		return INCIDENT_WAIT;
	}
}

/*
 * Without a culprit the waits for one CPU belong together, because many tasks want it. Nobody else
 * is the cause of a dwell that was mostly time on the CPU.
 */
static void add_wait_keys(struct incident_held *held)
{
	const struct outlier_culprit *first = &held->wait.culprit[0];

	if (held->wait.count && first->share >= CULPRIT_SHARE &&
	    held->wait.ns >= held->outlier.ns / 2)
		add_key(held, BY_CULPRIT, first->comm[0] ? 0 : first->tid, first->comm);
	else if (held->class == INCIDENT_WAIT)
		add_key(held, BY_CPU, held->outlier.cpu, NULL);
	add_key(held, BY_PROCESS, held->outlier.pid, NULL);
	add_program(held);
}

/*
 * Many programs in uninterruptible sleep may wait for one thing, such as a lock or a disk. In other
 * sleeps each program waits as it was written to.
 */
static void add_block_keys(struct incident_held *held, const struct naming *naming)
{
	const struct dwell_outlier *outlier = &held->outlier;
	enum outlier_waker waker = WAKER_UNKNOWN;
	uint64_t function = 0, syscall = (uint32_t)outlier->syscall;

	if (!outlier->open)
		waker = outlier_waker(outlier, naming, &function);
	if (outlier->owner)
		add_key(held, BY_OWNER, outlier->owner, NULL);
	else if (waker == WAKER_TASK)
		add_key(held, BY_WAKER, outlier->waker.pid, NULL);
	else if (outlier->block == DWELL_BLOCK_D && function)
		add_key(held, BY_WAKER_FUNCTION, function, NULL);
	if (outlier->block == DWELL_BLOCK_D) {
		add_key(held, BY_SYSCALL, syscall, NULL);
		add_program(held);
	} else {
		add_key(held, BY_SYSCALL_OF_PROGRAM, syscall, outlier->comm);
	}
}

void incident_classify(struct incident_held *held, const struct naming *naming)
{
	const struct dwell_outlier *outlier = &held->outlier;

	held->class = class_of(outlier);
	held->keys = 0;
	held->part = false;
	/* Culprits are named now, because they may be gone when this is told. */
	outlier_wait(outlier, naming, &held->wait);
	switch (held->class) {
	case INCIDENT_THROTTLED:
		add_key(held, BY_CGROUP, outlier->cgroup, NULL);
		return;
	case INCIDENT_BLOCKED:
		add_block_keys(held, naming);
		return;
	case INCIDENT_LATE:
		add_key(held, BY_CPU, outlier->cpu, NULL);
		add_key(held, BY_FUNCTION, outlier->function, NULL);
		add_program(held);
		return;
	default:
		add_wait_keys(held);
	}
}
