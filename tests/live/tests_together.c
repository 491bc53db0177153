/* SPDX-License-Identifier: GPL-2.0-only */
/* All timer cases side by side in one window: where starting dwell takes long, and as a load. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/timer_case.h"

#define CASES_MAX 96
#define TRIES 5

struct together {
	const struct live_test *test[CASES_MAX];
	struct workload workload[CASES_MAX];
	unsigned int count;
};

/* The cases that end by themselves are left out: their row may be gone by name. */
static void list_cases(struct together *all, const struct live_test *tests)
{
	for (; tests->name; tests++) {
		const struct timer_case *timer_case = tests->argument;

		if (tests->run != timer_case_run || timer_case->ends)
			continue;
		if (all->count == CASES_MAX)
			live_abort("there are more cases than places");
		all->test[all->count++] = tests;
	}
}

/* How the ledger calls what the cases of that name use. */
static const char *api_of(const char *test)
{
	static const char *const apis[][2] = {
		{"nanosleep", "nanosleep"},
		{"futex", "futex"},
		{"semaphore", "futex"},
		{"poll", "poll"},
		{"ppoll", "ppoll"},
		{"select", "select"},
		{"pselect", "select"},
		{"epoll", "epoll"},
		{"sigtimedwait", "rt_sigtimedwait"},
		{"mqueue", "mq_timedreceive"},
		{"timerfd", "timerfd"},
		{"posix", "posix_timer"},
		{"itimer", "setitimer"},
		{"io-uring", "io_uring_timeout"},
#ifdef SYS_alarm
		{"alarm", "alarm"},
#else
		{"alarm", "setitimer"},
#endif
	};

	for (size_t i = 0; i < sizeof(apis) / sizeof(*apis); i++)
		if (!strncmp(test, apis[i][0], strlen(apis[i][0])) &&
		    test[strlen(apis[i][0])] == '-')
			return apis[i][1];
	return NULL;
}

/* All that a case armed, it armed through its API. */
static void expect_api(const struct report *report, const struct live_test *test, pid_t pid)
{
	const struct timer_case *timer_case = test->argument;
	const char *api = api_of(test->name);
	struct timer_counts got;

	if (!timer_case->want.armed)
		return;
	if (!api)
		live_abort("which API does %s use?", test->name);
	got = report_ledger(report, "pid", pid, api);
	/* Stopped and continued, a call arms once more what is left. */
	got.armed += report_ledger(report, "pid", pid, "restart_syscall").armed;
	if (got.armed != timer_case->want.armed)
		live_fail("%s: %" PRId64 " timers were armed by %s, not %" PRId64, test->name,
			  got.armed, api, timer_case->want.armed);
}

/*
 * Whether @row's process was another one before: by exec, maybe of another of its
 * threads. What that did is among the earlier ones of the summary.
 */
static bool was_another(const struct report *report, const json_t *row)
{
	const json_t *pid = json_object_get(row, "pid"), *comm = json_object_get(row, "comm");
	size_t index;
	json_t *timer;

	json_array_foreach(report->timers, index, timer)
		if (json_equal(json_object_get(timer, "pid"), pid) &&
		    !json_equal(json_object_get(timer, "comm"), comm))
			return true;
	return report_count(report, "pid", json_integer_value(pid)) > 1;
}

/* Of every process on the machine the two views say the same. */
static void expect_agreement(const struct report *report)
{
	unsigned int compared = 0;
	size_t index;
	json_t *row;

	json_array_foreach(report->rows, index, row) {
		const json_t *member = json_object_get(row, "pid");
		struct timer_counts want, got;
		int64_t pid;

		if (!member || was_another(report, row))
			continue;
		pid = json_integer_value(member);
		want = report_timer_counts(row);
		got = report_ledger(report, "pid", pid, NULL);
		if (memcmp(&got, &want, sizeof(got)) != 0)
			live_fail("process %" PRId64 ": the summary says armed %" PRId64
				  " rearmed %" PRId64 " cancelled %" PRId64 " expired %" PRId64
				  " outstanding %" PRId64 ", the ledger %" PRId64 " %" PRId64
				  " %" PRId64 " %" PRId64 " %" PRId64,
				  pid, want.armed, want.rearmed, want.cancelled, want.expired,
				  want.outstanding, got.armed, got.rearmed, got.cancelled,
				  got.expired, got.outstanding);
		compared++;
	}
	live_note("the views agree on %u processes", compared);
}

/* One window for all of @all; those that were disturbed remain in it. */
static void measure_together(struct together *all)
{
	struct hidden_sample before;
	struct dwell_process run;
	struct report report;
	unsigned int again = 0;

	for (unsigned int i = 0; i < all->count; i++) {
		const struct timer_case *timer_case = all->test[i]->argument;

		workload_start(&all->workload[i], timer_case->body, NULL);
	}
	hidden_sample(&before);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "--timers", "-j", "-v", "-d", "0", "-n", "0", "-b",
				    "process"));
	dwell_wait_measuring(&run);
	for (unsigned int i = 0; i < all->count; i++)
		workload_release(&all->workload[i]);
	for (unsigned int i = 0; i < all->count; i++)
		if (!workload_wait(&all->workload[i], live_slower(20, 2)))
			live_abort("the workload of %s died", all->test[i]->name);
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(&report, &run);
	report.unseen = hidden_slices(&before, HIDDEN_ANY_CPU) * HIDDEN_EVENTS;
	for (unsigned int i = 0; i < all->count; i++) {
		const struct live_test *test = all->test[i];
		const struct timer_case *timer_case = test->argument;
		const bool disturbed = all->workload[i].work->disturbed;

		if (!disturbed) {
			report_expect_timers(&report,
					     report_row(&report, "pid", all->workload[i].pid),
					     test->name, &timer_case->want);
			expect_api(&report, test, all->workload[i].pid);
		}
		workload_leave(&all->workload[i]);
		if (disturbed)
			all->test[again++] = test;
	}
	expect_agreement(&report);
	report.others = report_others();
	report_expect_no_loss(&report);
	report_free(&report);
	dwell_close(&run);
	all->count = again;
}

static void run_together(const void *argument)
{
	struct together *all = calloc(1, sizeof(*all));

	(void)argument;
	if (!all)
		live_abort("out of memory");
	list_cases(all, tests_sleeps);
	list_cases(all, tests_timers);
	live_note("%u cases", all->count);
	for (int i = 0; i < TRIES && all->count; i++)
		measure_together(all);
	if (all->count)
		live_abort("%s was disturbed %d times", all->test[0]->name, TRIES);
	free(all);
}

const struct live_test tests_together[] = {
	{.name = "timers-together", .run = run_together},
	{0},
};
