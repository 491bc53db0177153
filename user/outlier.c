/* SPDX-License-Identifier: GPL-2.0-only */
/* What an outlier's times add up to: who had the CPU, and why a timer was late. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "outlier_private.h"

/* The queue's own time stamps differ by as much from those of the task. */
#define MOVED_NS 20000
#define NS_PER_S 1000000000LL

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- waits for a CPU ------------------------------------------------------ */

/* Whose how much of a wait was. */
struct tally {
	struct outlier_culprit task[DWELL_RUNS];
	size_t count;
	uint64_t tasks_ns; /* of all of them */
	uint64_t idle_ns;
	uint64_t own_ns;
};

static int compare_runs(const void *left, const void *right)
{
	const struct dwell_run *a = left, *b = right;

	return (a->until > b->until) - (a->until < b->until);
}

/*
 * Copies the runs in use by the time they ended, and returns how many. Where the
 * ring begins is not asked: a copy made while the CPU wrote to it would have a
 * beginning that is older than the runs.
 */
static size_t sort_runs(const struct dwell_outlier *outlier, struct dwell_run runs[DWELL_RUNS])
{
	size_t count = 0;

	for (size_t i = 0; i < DWELL_RUNS; i++)
		if (outlier->runs[i].until)
			runs[count++] = outlier->runs[i];
	qsort(runs, count, sizeof(*runs), compare_runs);
	return count;
}

static void add_task(struct tally *tally, const struct dwell_run *run, uint64_t ns)
{
	size_t i = 0;

	tally->tasks_ns += ns;
	while (i < tally->count && tally->task[i].tid != run->tid)
		i++;
	if (i == tally->count)
		tally->task[tally->count++] = (struct outlier_culprit){.tid = run->tid};
	tally->task[i].pid = run->pid;
	tally->task[i].ns += ns;
}

static void tally_runs(const struct dwell_outlier *outlier, uint64_t from, uint64_t to,
		       struct tally *tally)
{
	struct dwell_run runs[DWELL_RUNS];
	size_t count = sort_runs(outlier, runs);

	/* When the oldest one began is not known. */
	for (size_t i = 1; i < count; i++) {
		uint64_t begin = larger(runs[i - 1].until, from), end = smaller(runs[i].until, to);

		if (begin >= end)
			continue;
		if (runs[i].tid == outlier->tid)
			tally->own_ns += end - begin;
		else if (!runs[i].tid)
			tally->idle_ns += end - begin;
		else
			add_task(tally, &runs[i], end - begin);
	}
}

static int compare_culprits(const void *left, const void *right)
{
	const struct outlier_culprit *a = left, *b = right;

	if (a->ns != b->ns)
		return a->ns > b->ns ? -1 : 1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/*
 * Whether the wait began with the task's being taken from this very CPU. Then
 * it was in its queue all the time, though the kernel may have stamped it anew:
 * it also does so when it changes a queued task's priority or group.
 */
static bool left_here(const struct dwell_outlier *outlier, uint64_t from)
{
	for (size_t i = 0; i < DWELL_RUNS; i++)
		if (outlier->runs[i].tid == outlier->tid && outlier->runs[i].until == from)
			return true;
	return false;
}

void outlier_divide(const struct dwell_outlier *outlier, uint64_t from, uint64_t to,
		    struct outlier_wait *wait)
{
	uint64_t rest, unseen, others, queued_at;
	struct tally tally = {0};

	*wait = (struct outlier_wait){0};
	if (to <= from)
		return;
	queued_at = left_here(outlier, from) ? from : larger(from, outlier->queued_at);
	wait->moved = queued_at - from > MOVED_NS;
	tally_runs(outlier, queued_at, to, &tally);
	rest = to - from - tally.own_ns;
	unseen = rest - tally.tasks_ns - tally.idle_ns;
	/* A dwell's own runs on other CPUs are no wait either. */
	if (outlier->measure == DWELL_DWELL && outlier->oncpu > tally.own_ns) {
		uint64_t elsewhere = smaller(outlier->oncpu - tally.own_ns, unseen);

		unseen -= elsewhere;
		rest -= elsewhere;
	}
	wait->ns = rest;
	wait->idle_share = share(tally.idle_ns, rest);
	wait->unseen_share = share(unseen, rest);

	qsort(tally.task, tally.count, sizeof(tally.task[0]), compare_culprits);
	wait->count = smaller(tally.count, OUTLIER_CULPRITS);
	others = tally.tasks_ns;
	for (size_t i = 0; i < wait->count; i++) {
		wait->culprit[i] = tally.task[i];
		wait->culprit[i].share = share(tally.task[i].ns, rest);
		others -= tally.task[i].ns;
	}
	wait->others_share = share(others, rest);
}

bool outlier_wait(const struct dwell_outlier *outlier, struct outlier_wait *wait)
{
	uint64_t from = outlier->from;

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
	return wait->ns != 0;
}

/* ---- late timers ---------------------------------------------------------- */

static int compare_callbacks(const void *left, const void *right)
{
	const struct dwell_callback *a = left, *b = right;

	return (a->entered > b->entered) - (a->entered < b->entered);
}

/* Copies the callbacks in use in the order they were entered, and returns how many. */
static size_t sort_callbacks(const struct dwell_outlier *outlier,
			     struct dwell_callback callbacks[DWELL_CALLBACKS])
{
	size_t count = 0;

	for (size_t i = 0; i < DWELL_CALLBACKS; i++)
		if (outlier->callbacks[i].function)
			callbacks[count++] = outlier->callbacks[i];
	qsort(callbacks, count, sizeof(*callbacks), compare_callbacks);
	return count;
}

void outlier_lateness(const struct dwell_outlier *outlier, struct outlier_lateness *lateness)
{
	struct dwell_callback callbacks[DWELL_CALLBACKS];
	size_t count = sort_callbacks(outlier, callbacks);
	uint64_t due = outlier->expires;

	*lateness = (struct outlier_lateness){.interrupt_ns = outlier->lateness};
	for (size_t i = 0; i < count; i++) {
		uint64_t entered = callbacks[i].entered;

		if (entered < due || entered - due >= outlier->lateness)
			continue;
		if (!lateness->count)
			lateness->interrupt_ns = entered - due;
		lateness->ahead[lateness->count++] = callbacks[i].function;
	}
	lateness->callbacks_ns = outlier->lateness - lateness->interrupt_ns;
	lateness->more = lateness->count && count == DWELL_CALLBACKS && callbacks[0].entered >= due;
}

/* ---- what text and JSON have in common ------------------------------------ */

const char *outlier_kind(unsigned int measure)
{
	static const char *const names[DWELL_MEASURES] = {
		[DWELL_DWELL] = "dwell",	 [DWELL_WOKEN] = "runqueue",
		[DWELL_BLOCKED] = "blocked",	 [DWELL_PREEMPTED] = "runqueue",
		[DWELL_LATENESS] = "lateness",	 [DWELL_TIMER_LATENCY] = "timer_latency",
		[DWELL_THROTTLED] = "throttled",
	};

	return measure < DWELL_MEASURES ? names[measure] : "unknown";
}

const char *outlier_what(const struct dwell_outlier *outlier)
{
	return outlier_kind(outlier->measure);
}

const char *outlier_cause(const struct dwell_outlier *outlier)
{
	switch (outlier->measure) {
	case DWELL_WOKEN:
		return "woken";
	case DWELL_PREEMPTED:
		return "preempted";
	case DWELL_THROTTLED:
		return "throttled";
	}
	return NULL;
}

const char *outlier_comm(const struct outlier_names *names, uint32_t pid, uint32_t tid)
{
	return names->comm ? names->comm(names->context, pid, tid) : NULL;
}

const char *outlier_cgroup(const struct outlier_names *names, uint64_t id)
{
	return names->cgroup && id ? names->cgroup(names->context, id) : NULL;
}

const char *outlier_function(const struct outlier_names *names, uint64_t address)
{
	return names->function && address ? names->function(names->context, address) : NULL;
}

const char *outlier_user_function(const struct outlier_names *names, uint32_t pid, uint64_t address)
{
	return names->user_function && address ?
		       names->user_function(names->context, pid, address) :
		       NULL;
}

const char *outlier_syscall(const struct outlier_names *names, int number)
{
	return names->syscall && number >= 0 ? names->syscall(names->context, number) : NULL;
}

double outlier_quota(const struct outlier_names *names, uint64_t id)
{
	return names->quota && id ? names->quota(names->context, id) : 0;
}

bool outlier_has_timer(const struct dwell_outlier *outlier)
{
	return (outlier->measure == DWELL_LATENESS || outlier->measure == DWELL_TIMER_LATENCY) &&
	       outlier->function;
}

const char *outlier_api(const char *callback)
{
	static const char *const apis[][2] = {
		{"hrtimer_wakeup", "sleep"},   {"timerfd_tmrproc", "timerfd"},
		{"it_real_fn", "itimer"},      {"posix_timer_fn", "posix_timer"},
		{"alarmtimer_fired", "alarm"},
	};

	if (!callback)
		return NULL;
	for (size_t i = 0; i < sizeof(apis) / sizeof(apis[0]); i++)
		if (!strcmp(callback, apis[i][0]))
			return apis[i][1];
	if (!strncmp(callback, "io_", 3) &&
	    (strstr(callback, "timeout") || strstr(callback, "cqring")))
		return "io_uring";
	return NULL;
}

bool outlier_time(const struct dwell_outlier *outlier, const struct outlier_clock *clock,
		  struct tm *local, unsigned int *ns)
{
	/* Later or earlier: a difference of more than 292 years is none. */
	int64_t since = (int64_t)(outlier->to - clock->mono), rest = since % NS_PER_S;
	time_t seconds;

	rest += clock->real.tv_nsec;
	seconds = clock->real.tv_sec + since / NS_PER_S + rest / NS_PER_S;
	rest %= NS_PER_S;
	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	*ns = (unsigned int)rest;
	return localtime_r(&seconds, local);
}
