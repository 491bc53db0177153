/* SPDX-License-Identifier: GPL-2.0-only */
/* Timers that were armed before the window and expire in it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

/* The window begins so long before the expiry at least. */
#define MARGIN_NS 500000000ULL
#define TRIES 5

/* From arming to expiry, in seconds. */
static unsigned int ahead_sec(void)
{
	return live_slower(2, 6);
}

static void announce_arming(struct work *work)
{
	work->began[0] = proc_now();
	work_announce(work, 1);
}

static void sleep_long(struct work *work)
{
	const struct timespec rest = {.tv_sec = ahead_sec()};

	announce_arming(work);
	if (syscall(SYS_nanosleep, &rest, NULL))
		live_fail("the sleep was cut short");
}

static void read_late(struct work *work)
{
	const struct itimerspec once = {.it_value = {.tv_sec = ahead_sec()}};
	const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t expiries;

	announce_arming(work);
	if (fd < 0 || timerfd_settime(fd, 0, &once, NULL) ||
	    read(fd, &expiries, sizeof(expiries)) != sizeof(expiries))
		live_fail("the timerfd did not expire");
}

static void await_alarm(struct work *work)
{
	const struct itimerval once = {.it_value = {.tv_sec = ahead_sec()}};
	sigset_t signals;
	int number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGALRM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	announce_arming(work);
	if (syscall(SYS_setitimer, ITIMER_REAL, &once, NULL) || sigwait(&signals, &number))
		live_fail("the interval timer did not expire");
}

struct before_case {
	void (*body)(struct work *work);
	bool is_sleep;	 /* whose timer it is can be told without its arming */
	bool everything; /* no filter */
};

static void start_run(struct dwell_process *run, pid_t pid, bool everything)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	dwell_start(run, NULL,
		    everything ? DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0") :
				 DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-p",
						 text));
	dwell_wait_measuring(run);
}

/* The row of the workload, in a window in which what it armed before expired. */
static void measure_expiry(struct workload *workload, const struct before_case *before_case,
			   struct report *report)
{
	struct hidden_sample before;
	struct dwell_process run;
	int cpu;

	cpu = proc_pin(workload->pid, PROC_LAST_CPU);
	workload_release(workload);
	if (!work_await_sleep(workload->work, 1))
		live_abort("the workload did not arm its timer");
	hidden_sample(&before);
	start_run(&run, workload->pid, before_case->everything);
	if (proc_now() - workload->work->began[0] > ahead_sec() * 1000000000ULL - MARGIN_NS)
		live_abort("the window began too late");
	if (!workload_wait(workload, live_slower(20, 2)))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 20);
	report_read(report, &run);
	report->unseen = before_case->everything ?
				 hidden_slices(&before, HIDDEN_ANY_CPU) * HIDDEN_EVENTS :
				 hidden_slices(&before, cpu);
	dwell_close(&run);
}

/* An expiry with no arming and no later one beside it: an unseen one leaves nothing at all. */
static bool may_be_unseen(const struct report *report, pid_t tid, const struct timer_counts *want)
{
	static const struct timer_counts none;
	const struct timer_counts got = report_timer_counts(report_row(report, "tid", tid));

	return want->expired && report->unseen && !memcmp(&got, &none, sizeof(got));
}

static void run_before(const void *argument)
{
	const struct before_case *before_case = argument;
	/*
	 * PREEMPT_RT: a sleep's callback can be interrupted, so only one whose arming
	 * was seen is told from what the interrupt wakes.
	 */
	const struct timer_counts want = {.expired = before_case->is_sleep && !proc_preempt_rt()};
	struct workload workload;
	struct report report;

	for (int i = 0; i < TRIES; i++) {
		workload_start(&workload, before_case->body, NULL);
		measure_expiry(&workload, before_case, &report);
		if (i == TRIES - 1 || !may_be_unseen(&report, workload.pid, &want))
			break;
		live_note("hidden tasks ran, and its only event went unseen; once more");
		report_free(&report);
		workload_leave(&workload);
	}
	report_expect_timers(&report, report_row(&report, "tid", workload.pid), "its task", &want);
	report_expect_no_loss(&report);
	report_free(&report);
	workload_leave(&workload);
}

#define BEFORE_TEST(test_name, ...)                                \
	{                                                          \
		.name = test_name, .run = run_before,              \
		.argument = &(const struct before_case)__VA_ARGS__ \
	}

const struct live_test tests_before[] = {
	BEFORE_TEST("before-sleep", {.body = sleep_long, .is_sleep = true}),
	BEFORE_TEST("before-sleep-unfiltered",
		    {.body = sleep_long, .is_sleep = true, .everything = true}),
	BEFORE_TEST("before-timerfd", {.body = read_late}),
	BEFORE_TEST("before-timerfd-unfiltered", {.body = read_late, .everything = true}),
	BEFORE_TEST("before-itimer", {.body = await_alarm}),
	{0},
};
