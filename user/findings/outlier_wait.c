// SPDX-License-Identifier: GPL-2.0-only
/* Divides a wait for a CPU among the tasks that had it meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "findings/outlier.h"

/* Up to so many tasks of one name are told one by one. */
#define TASKS_APART 2

/* A task with less than this fraction (1 / …) of the unseen time is no explanation. */
#define UNSEEN_PARTS 4

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* @ns * @part / @whole; @whole is not 0, and not less than @part. */
static uint64_t scale(uint64_t ns, uint64_t part, unsigned __int128 whole)
{
	return (uint64_t)((unsigned __int128)ns * part / whole);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* ---- what the CPU ran ------------------------------------------------------ */

/* A task that had the CPU, or several (tid 0) of one process or of several (pid 0). */
struct part {
	struct outlier_culprit culprit;
	uint64_t tasks; /* bit tid % 64 of each */
	uint32_t exact; /* tasks that the runs name one by one */
};

struct tally {
	struct part part[DWELL_RUNS];
	size_t count;
	uint64_t mixed_ns; /* runs whose names the kernel side gave up */
	uint64_t idle_ns;
};

/* How much of @run lies between @from and @to, if it was spread evenly. */
static uint64_t overlap(const struct dwell_run *run, uint64_t from, uint64_t to)
{
	uint64_t begin = larger(run->begin, from), end = smaller(run->until, to);

	/* A run that was copied while it was written may hold anything. */
	if (run->until <= run->begin || begin >= end)
		return 0;
	return scale(smaller(run->ns, run->until - run->begin), end - begin,
		     run->until - run->begin);
}

/* Copies @from up to its NUL: the kernel may have left parts of an earlier name behind that. */
static void copy_comm(char to[DWELL_COMM_LEN], const char *from)
{
	memset(to, 0, DWELL_COMM_LEN);
	memcpy(to, from, strnlen(from, DWELL_COMM_LEN));
}

/* A task's run that goes on has no name, but an earlier run of the task may have one. */
static bool same(const struct outlier_culprit *a, const struct outlier_culprit *b)
{
	bool unnamed = a->tid && (!a->comm[0] || !b->comm[0]);

	return a->tid == b->tid && a->pid == b->pid &&
	       (unnamed || !memcmp(a->comm, b->comm, DWELL_COMM_LEN));
}

static void add_part(struct tally *tally, const struct dwell_run *run, uint64_t ns)
{
	struct part part = {
		.culprit = {.pid = run->pid, .tid = run->tid, .ns = ns},
		.tasks = run->tasks,
		.exact = run->tid != 0,
	};
	size_t i = 0;

	copy_comm(part.culprit.comm, run->comm);
	while (i < tally->count && !same(&tally->part[i].culprit, &part.culprit))
		i++;
	if (i == tally->count) {
		tally->part[tally->count++] = part;
		return;
	}
	if (!tally->part[i].culprit.comm[0])
		copy_comm(tally->part[i].culprit.comm, run->comm);
	tally->part[i].culprit.ns += ns;
	tally->part[i].tasks |= part.tasks;
}

/* The wait from @from to @to, and the CPUs in whose queues it was (mono ns). */
struct span {
	uint64_t from, to;
	uint64_t queued_at;   /* since then in the queue of the outlier's CPU */
	uint64_t moved_since; /* since then, until @queued_at, in that of its moved_from */
};

static struct span span_of(const struct dwell_outlier *outlier, uint64_t from, uint64_t to)
{
	struct span span = {.from = from, .to = to};

	span.queued_at = smaller(larger(from, outlier->queued_at), to);
	span.moved_since = smaller(larger(from, outlier->moved_since), span.queued_at);
	return span;
}

/* How much of @run lies in the part of the wait that was in the queue of @run's CPU, in ns. */
static uint64_t count_run(const struct dwell_outlier *outlier, const struct span *span,
			  const struct dwell_run *run)
{
	uint64_t ns = 0;

	if (run->cpu == outlier->cpu)
		ns += overlap(run, span->queued_at, span->to);
	else if (run->cpu == outlier->moved_from)
		ns += overlap(run, span->moved_since, span->queued_at);
	return ns;
}

static void tally_runs(const struct dwell_outlier *outlier, const struct span *span,
		       struct tally *tally)
{
	for (size_t i = 0; i < DWELL_RUNS && i < outlier->runs_count; i++) {
		const struct dwell_run *run = &outlier->runs[i];
		uint64_t ns = count_run(outlier, span, run);

		if (!ns)
			continue;
		switch (run->kind) {
		case DWELL_RUN_IDLE:
			tally->idle_ns += ns;
			break;
		case DWELL_RUN_TASK:
		case DWELL_RUN_PROCESS:
		case DWELL_RUN_NAME:
			/* A task's own runs are no part of its wait. */
			if (run->tid != outlier->tid)
				add_part(tally, run, ns);
			break;
		case DWELL_RUN_MIXED:
			tally->mixed_ns += ns;
			break;
		}
	}
}

/*
 * Scales @tally down if it sums up to more than @whole ns. The parts of an entry that lies only
 * half in the wait are estimates, and a torn copy can have one run twice.
 */
static void fit(struct tally *tally, uint64_t whole)
{
	unsigned __int128 sum = (unsigned __int128)tally->mixed_ns + tally->idle_ns;
	uint64_t left = whole;

	for (size_t i = 0; i < tally->count; i++)
		sum += tally->part[i].culprit.ns;
	if (sum <= whole)
		return;
	tally->mixed_ns = scale(tally->mixed_ns, whole, sum);
	tally->idle_ns = scale(tally->idle_ns, whole, sum);
	left -= tally->mixed_ns + tally->idle_ns;
	for (size_t i = 0; i < tally->count; i++) {
		uint64_t *ns = &tally->part[i].culprit.ns;

		*ns = smaller(scale(*ns, whole, sum), left);
		left -= *ns;
	}
}

/* ---- tasks told together ---------------------------------------------------- */

static bool belongs(const struct outlier_culprit *culprit, const struct outlier_culprit *group,
		    bool process)
{
	return !memcmp(culprit->comm, group->comm, DWELL_COMM_LEN) &&
	       (!process || culprit->pid == group->pid);
}

/* The sum of the parts of a tally that belong together: of one name, and maybe of one process. */
struct group {
	uint64_t ns;
	size_t parts;
	bool several; /* one part already stands for several tasks, or processes, of the group */
};

static struct group look_at(const struct tally *tally, const struct outlier_culprit *group,
			    bool process)
{
	struct group found = {0};

	for (size_t i = 0; i < tally->count; i++) {
		const struct outlier_culprit *culprit = &tally->part[i].culprit;

		if (!belongs(culprit, group, process))
			continue;
		found.ns += culprit->ns;
		found.parts++;
		found.several |= process ? !culprit->tid : !culprit->pid;
	}
	return found;
}

static void remove_part(struct tally *tally, size_t at)
{
	tally->count--;
	memmove(&tally->part[at], &tally->part[at + 1],
		(tally->count - at) * sizeof(tally->part[0]));
}

/* Whether a task, or a process, had more than all its like together: then it is told apart. */
static bool stands_out(const struct part *part, bool process, uint64_t ns)
{
	return (process ? part->culprit.tid : part->culprit.pid) &&
	       part->culprit.ns > ns - part->culprit.ns;
}

/* Joins all parts that belong to the part @at, the first of them, but for one that stands out. */
static void fold(struct tally *tally, size_t at, bool process, uint64_t ns)
{
	const struct outlier_culprit group = tally->part[at].culprit;
	size_t into = tally->count;

	for (size_t i = at; i < tally->count;) {
		struct part *part = &tally->part[i], *first;

		if (!belongs(&part->culprit, &group, process) || stands_out(part, process, ns)) {
			i++;
			continue;
		}
		if (into == tally->count) {
			into = i++;
			continue;
		}
		first = &tally->part[into];
		first->culprit.ns += part->culprit.ns;
		first->culprit.tid = 0;
		if (first->culprit.pid != part->culprit.pid)
			first->culprit.pid = 0;
		first->tasks |= part->tasks;
		first->exact += part->exact;
		remove_part(tally, i);
	}
}

/* Joins the many tasks of one name, with @process those of one process; few stay apart. */
static void fold_all(struct tally *tally, bool process)
{
	for (size_t i = 0; i < tally->count; i++) {
		const struct outlier_culprit *culprit = &tally->part[i].culprit;
		struct group group;

		if (!culprit->comm[0] || (process && !culprit->pid))
			continue;
		group = look_at(tally, culprit, process);
		if (group.parts > 1 && (group.several || group.parts > TASKS_APART))
			fold(tally, i, process, group.ns);
	}
}

/* ---- the division ------------------------------------------------------------ */

static int compare_parts(const void *left, const void *right)
{
	const struct outlier_culprit *a = &((const struct part *)left)->culprit;
	const struct outlier_culprit *b = &((const struct part *)right)->culprit;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid > b->tid ? 1 : -1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* The number of tasks, at least: two tasks can share a bit. */
static uint32_t count_tasks(const struct part *part)
{
	uint32_t bits = (uint32_t)__builtin_popcountll(part->tasks);

	return part->culprit.tid ? 1 : bits > part->exact ? bits : part->exact;
}

/* Names the largest parts; those that are small beside the unseen time count as others. */
static void take_culprits(struct tally *tally, uint64_t unseen, struct outlier_wait *wait)
{
	uint64_t others = tally->mixed_ns;

	qsort(tally->part, tally->count, sizeof(tally->part[0]), compare_parts);
	for (size_t i = 0; i < tally->count; i++) {
		struct outlier_culprit *culprit = &tally->part[i].culprit;

		if (i >= OUTLIER_CULPRITS || culprit->ns < unseen / UNSEEN_PARTS) {
			others += culprit->ns;
			continue;
		}
		culprit->tasks = count_tasks(&tally->part[i]);
		culprit->share = share(culprit->ns, wait->ns);
		wait->culprit[wait->count++] = *culprit;
	}
	wait->others_share = share(others, wait->ns);
}

void outlier_divide(const struct dwell_outlier *outlier, uint64_t from, uint64_t to,
		    struct outlier_wait *wait)
{
	struct tally tally = {0};
	struct span span;
	uint64_t unseen;

	*wait = (struct outlier_wait){0};
	if (to <= from)
		return;
	wait->ns = to - from;
	if (outlier->measure == DWELL_DWELL)
		wait->ns -= smaller(outlier->oncpu, wait->ns);
	span = span_of(outlier, from, to);
	wait->moved = span.queued_at > from;
	wait->moved_from = span.moved_since < span.queued_at ? (int)outlier->moved_from : -1;
	tally_runs(outlier, &span, &tally);
	fit(&tally, wait->ns);
	unseen = wait->ns - tally.idle_ns - tally.mixed_ns;
	for (size_t i = 0; i < tally.count; i++)
		unseen -= tally.part[i].culprit.ns;
	wait->idle_share = share(tally.idle_ns, wait->ns);
	wait->unseen_share = share(unseen, wait->ns);
	fold_all(&tally, true);
	fold_all(&tally, false);
	take_culprits(&tally, unseen, wait);
}

bool outlier_wait(const struct dwell_outlier *outlier, const struct naming *naming,
		  struct outlier_wait *wait)
{
	uint64_t from = outlier->from;

	*wait = (struct outlier_wait){0};
	switch (outlier->measure) {
	case DWELL_TIMER_LATENCY:
		from = outlier->to - smaller(outlier->runqueue, outlier->to);
		break;
	case DWELL_WOKEN:
	case DWELL_PREEMPTED:
	case DWELL_DWELL:
		break;
	default:
		return false;
	}
	outlier_divide(outlier, from, outlier->to, wait);
	if (!wait->ns) {
		*wait = (struct outlier_wait){0};
		return false;
	}
	for (size_t i = 0; i < wait->count; i++)
		outlier_name_culprit(&wait->culprit[i], naming);
	return true;
}
