// SPDX-License-Identifier: GPL-2.0-only
/* Reductions: parts that the kernel or the host refused, and that dwell does without. */
#include "model/reduction.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define ENDS                                                                            \
	(FIGURE_EXPIRED | FIGURE_OUTSTANDING | FIGURE_LATENESS | FIGURE_TIMER_LATENCY | \
	 FIGURE_WOKE | FIGURE_CALLBACK)
#define ARMS (FIGURE_ARMED | FIGURE_REARMED | FIGURE_TIMEOUT)
#define RUNS (FIGURE_WOKE | FIGURE_CALLBACK)

/* The programs, maps and files that dwell can do without, and what it loses without each. */
static const struct optional {
	const char *name, *lost;
	struct unmeasured unmeasured;
} optionals[] = {
	/* ---- which tasks have a record ---- */
	{"adopt_tasks",
	 "tasks that exist are measured from the first time on that they are woken",
	 {0}},
	{"on_newtask", "a new task has one chance less to be measured from its beginning", {0}},
	{"on_newtask_twin", "a new task has one chance less to be measured from its beginning", {0}},
	{"on_fork", "a new task has one chance less to be measured from its beginning", {0}},
	{"on_exec",
	 "who gets a wanted name by exec, or was born unseen, is measured from its next wake-up on",
	 {0}},
	{"on_exit", "a task that exits has one chance less to be counted", {0}},
	{"on_exit_twin", "a task that exits has one chance less to be counted", {0}},
	{"ring", "tasks that exit are not counted", {.exits = true}},

	/* ---- what wakes them ---- */
	{"on_waking",
	 "no timer latency and no end of sleeps; of the blocks only those are outliers that go on; "
	 "who is woken without CPU quota waits in the run queue",
	 {.sleeps = ENDS,
	  .users = FIGURE_TIMER_LATENCY | FIGURE_WOKE,
	  .kernel = FIGURE_WOKE,
	  .wheel = FIGURE_WOKE}},

	/* ---- timers ---- */
	{"learn_callback",
	 "timers of tasks are not told from the kernel's own",
	 {.sleeps = FIGURES, .users = FIGURES}},
	{"on_timer_start",
	 "no timer is seen to be armed: whose it is and how late is not known",
	 {.sleeps = ARMS | ENDS, .users = ARMS | ENDS, .kernel = ARMS | FIGURE_OUTSTANDING}},
	{"on_timer_cancel",
	 "no timer is seen to be cancelled",
	 {.sleeps = FIGURE_CANCELLED | FIGURE_OUTSTANDING,
	  .users = FIGURE_CANCELLED | FIGURE_OUTSTANDING,
	  .kernel = FIGURE_CANCELLED | FIGURE_OUTSTANDING}},
	{"on_timer_expire",
	 "no timer is seen to expire: no lateness, no timer latency",
	 {.sleeps = ENDS, .users = ENDS, .kernel = ENDS}},
	{"on_timer_expire_twin", "an expiry that interrupts another one may go unseen", {0}},
	{"on_timer_expired",
	 "no end of a timer's callback is seen: no timer latency, no end of sleeps",
	 {.sleeps = ENDS, .users = FIGURE_TIMER_LATENCY | RUNS, .kernel = RUNS}},
	{"on_timer_expired_twin",
	 "the end of a callback that interrupts another one may go unseen",
	 {0}},
	{"on_timer_start_expired", "a timer that is due when armed is not seen to expire", {0}},
	{"builtin_timers",
	 "nothing but a little time: the tick is counted like any other timer",
	 {0}},
	{"kernel_timers",
	 "timers of the kernel are not counted",
	 {.kernel = FIGURES, .wheel = FIGURES}},
	{"timer_ledger",
	 "timers of tasks other than sleeps are not counted, nor is any by its API: dwell timers has "
	 "nothing to tell, and no late timer is an outlier",
	 {.users = FIGURES}},
	{"armed_timers",
	 "timers of tasks other than sleeps are counted no further than armed, and no late timer is "
	 "an outlier",
	 {.users = FIGURE_CANCELLED | ENDS, .wheel = FIGURE_CANCELLED | ENDS}},
	{"on_wheel_start", "timers of the timer wheel are not counted", {.wheel = FIGURES}},
	{"on_wheel_cancel", "timers of the timer wheel are not counted", {.wheel = FIGURES}},
	{"on_wheel_expire", "timers of the timer wheel are not counted", {.wheel = FIGURES}},
	{"on_wheel_expired", "callbacks of the timer wheel are not timed", {.wheel = RUNS}},
	{"sites", "where timers are armed is not told", {0}},
	{"stacks", "where timers are armed is not told", {0}},

	/* ---- outliers ---- */
	{"outliers", "outliers are not told", {0}},
	{"find_open", "an outlier is not told before it has ended", {0}},
	{"on_move", "who had the CPU that a task waited for before it was moved is not told", {0}},
	{"user_stacks", "where a task that blocks is in user space is not told", {0}},

	/* ---- Go programs ---- */
	{"go_memory", "timers and goroutines of Go programs are not exported", {0}},

	/* ---- names and files ---- */
	{"name_function", "functions of the kernel that /proc/kallsyms hides have no names", {0}},
	{"/proc/self",
	 "functions of programs, and tasks that have no row, have no names: /proc is another pid "
	 "namespace's",
	 {0}},
	{"/proc",
	 "cgroups and functions of programs have no names; dwell's own memory, and how many tasks are hidden, is not known",
	 {0}},
};

static const struct optional *find(const char *name)
{
	for (size_t i = 0; i < LENGTH(optionals); i++)
		if (!strcmp(optionals[i].name, name))
			return &optionals[i];
	return NULL;
}

bool reduction_possible(const char *name, const struct reduction_context *context)
{
	if (!strcmp(name, "timer_ledger"))
		return !context->timers_alone;
	if (!strcmp(name, "outliers"))
		return !context->outliers_alone;
	return find(name);
}

void reductions_add(struct reductions *reductions, const char *name, int error)
{
	const struct optional *optional = find(name);

	if (!optional || reductions->count >= REDUCTIONS_MAX || reductions_have(reductions, name))
		return;
	reductions->list[reductions->count++] = (struct reduction){
		.name = optional->name,
		.lost = optional->lost,
		.error = error,
	};
}

bool reductions_have(const struct reductions *reductions, const char *name)
{
	for (size_t i = 0; i < reductions->count; i++)
		if (!strcmp(reductions->list[i].name, name))
			return true;
	return false;
}

void reductions_end(struct reductions *reductions, const char *name, int error)
{
	snprintf(reductions->required, sizeof(reductions->required), "%s", name);
	reductions->error = error;
}

bool reductions_leave_no_record(const struct reductions *reductions)
{
	static const char *const makers[] = {"adopt_tasks", "on_newtask", "on_newtask_twin",
					     "on_fork", "on_waking"};

	for (size_t i = 0; i < LENGTH(makers); i++)
		if (!reductions_have(reductions, makers[i]))
			return false;
	return true;
}

/*
 * The figures of timers that are lost too if the kernel traces a cancel before each expiry and each
 * re-arm: only the next event tells what such a cancel was.
 */
static unsigned int also_unmeasured(const char *name, const struct reduction_context *context)
{
	if (context->was_armed)
		return 0;
	if (!strcmp(name, "on_timer_expire") || !strcmp(name, "on_timer_start"))
		return FIGURE_CANCELLED;
	return strcmp(name, "on_timer_cancel") ? 0 : FIGURE_REARMED;
}

struct unmeasured reductions_unmeasured(const struct reductions *reductions,
					const struct reduction_context *context)
{
	struct unmeasured sum = {0};

	for (size_t i = 0; i < reductions->count; i++) {
		const struct optional *optional = find(reductions->list[i].name);
		unsigned int more = also_unmeasured(optional->name, context);

		sum.sleeps |= optional->unmeasured.sleeps | more;
		sum.users |= optional->unmeasured.users | more;
		sum.kernel |= optional->unmeasured.kernel | more;
		sum.wheel |= optional->unmeasured.wheel;
		sum.exits |= optional->unmeasured.exits;
	}
	if (reductions_have(reductions, "on_exit") && reductions_have(reductions, "on_exit_twin"))
		sum.exits = true;
	return sum;
}

const char *reduction_reason(const struct reduction *reduction)
{
	return strerror(reduction->error);
}
