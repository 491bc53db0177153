/* SPDX-License-Identifier: GPL-2.0-only */
/* What has not ended when the window does: waits, blocks and dwells count as far as they came. */
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/cgroups.h"
#include "harness/live/daemon_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/report.h"

#define MS 1000000ULL
#define STILL_NS (100 * MS)  /* who did not move for so long waits for its CPU */
#define SPIN_NS (40000 * MS) /* a spinner that is forgotten ends by itself */

enum role { VICTIM, SLEEPER, SPINNER, ROLES };

/*
 * A stage for three tasks on one CPU, all of them SCHED_FIFO so that neither a
 * fair server nor a limit of the class gives the weaker ones a turn: a spinner
 * that starves a victim that was running, and one that was asleep.
 */
struct stage {
	_Atomic uint64_t
		seen[ROLES]; /* mono: when it was on its CPU last; of the sleeper: is to wake */
	pid_t pid[ROLES];
};

static void spin(_Atomic uint64_t *seen)
{
	uint64_t now = proc_now(), until = now + SPIN_NS;

	for (; now < until; now = proc_now())
		*seen = now;
}

static void sleep_until(uint64_t when)
{
	const struct timespec until = {when / 1000000000, when % 1000000000};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void play(struct stage *stage, enum role role)
{
	static const char *const names[] = {"open-victim", "open-sleeper", "open-spinner"};
	const struct sched_param priority = {role == SPINNER ? 2 : 1};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, names[role]);
	proc_pin(0, PROC_LAST_CPU);
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		_exit(1);
	if (role == SLEEPER) {
		stage->seen[role] = proc_now() + live_slower(500 * MS, 4);
		sleep_until(stage->seen[role]);
		_exit(0);
	}
	spin(&stage->seen[role]);
	_exit(0);
}

static void enter(struct stage *stage, enum role role)
{
	/* Not at once to where the child would write its 0 too. */
	const pid_t pid = fork();

	if (pid < 0)
		live_abort("fork failed");
	if (!pid)
		play(stage, role);
	stage->pid[role] = pid;
	for (int i = 0; !stage->seen[role]; i++) {
		if (i == 1000)
			live_abort("a task of the stage did not begin");
		proc_sleep(10 * MS);
	}
}

static struct stage *stage_open(void)
{
	struct stage *stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (stage == MAP_FAILED)
		live_abort("no memory");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		live_skip("there is one CPU only, and it will be taken");
	/* Dwell and the test need another one. */
	proc_pin(0, PROC_FIRST_CPU);
	return stage;
}

/* There RCU's threads starve with the victim, so that dwell could neither begin nor end. */
static void need_kernel_that_goes_on(void)
{
	if (proc_preempt_rt())
		live_skip("on PREEMPT_RT a spinner stops the kernel's own work");
}

/* The sleeper sleeps, the victim runs, then the spinner comes. Returns when both wait. */
static void stage_play(struct stage *stage)
{
	uint64_t last;

	enter(stage, SLEEPER);
	enter(stage, VICTIM);
	enter(stage, SPINNER);
	do {
		last = stage->seen[VICTIM];
		proc_sleep(STILL_NS);
	} while (last != stage->seen[VICTIM] || proc_now() < stage->seen[SLEEPER] + STILL_NS);
}

static void stage_close(struct stage *stage)
{
	for (int i = 0; i < ROLES; i++) {
		kill(stage->pid[i], SIGKILL);
		waitpid(stage->pid[i], NULL, 0);
	}
	munmap(stage, sizeof(*stage));
}

/* ---- what a report must say -------------------------------------------------------- */

/* When a window ended at the earliest and at the latest: mono. */
struct end {
	uint64_t earliest, latest;
};

/*
 * An interval of @measure that began at @from, or a little later, is open in @row: one,
 * of which the sum has the window's part.
 */
static void expect_open(const json_t *row, const char *measure, uint64_t from, struct end end,
			int64_t window)
{
	int64_t low = end.earliest - from, high = end.latest - from, max;
	char path[64];

	snprintf(path, sizeof(path), "%s.open.count", measure);
	live_expect(path, report_integer(row, path), 1);
	snprintf(path, sizeof(path), "%s.open.max_ns", measure);
	max = report_integer(row, path);
	/* An emulated CPU may stand still between what the task did last and its switch. */
	live_expect_range(path, max, low - live_slower(low / 20, 4), high + high / 20);
	snprintf(path, sizeof(path), "%s.open.sum_ns", measure);
	live_expect(path, report_integer(row, path), max < window ? max : window);
}

static int64_t queue_sum(const json_t *row)
{
	const json_t *queue = json_object_get(row, "runqueue");

	if (!queue)
		return 0;
	return report_integer(queue, "sum_ns") +
	       json_integer_value(json_object_get(json_object_get(queue, "open"), "sum_ns"));
}

/* No row before @row waited less. */
static void expect_order(const struct report *report, const json_t *row)
{
	size_t at;
	json_t *other;

	json_array_foreach(report->rows, at, other) {
		if (other == row)
			return;
		if (queue_sum(other) < queue_sum(row))
			live_fail("%s[%" PRId64 "] comes first, which waited less",
				  json_string_value(json_object_get(other, "comm")),
				  report_integer(other, "tid"));
	}
}

/* @before: whether the waits began before the window. */
static void check_stage(const struct stage *stage, const struct report *report, struct end end,
			bool before)
{
	int64_t window = report_integer(report->header, "window_ns");
	const json_t *row = report_row(report, "tid", stage->pid[VICTIM]);

	expect_open(row, "runqueue", stage->seen[VICTIM], end, window);
	expect_open(row, "runqueue_preempted", stage->seen[VICTIM], end, window);
	expect_order(report, row);
	row = report_row(report, "tid", stage->pid[SLEEPER]);
	expect_open(row, "runqueue", stage->seen[SLEEPER], end, window);
	expect_open(row, "dwell", stage->seen[SLEEPER], end, window);
	/* Nobody knows why it waits who has not seen it begin. */
	if (!before)
		expect_open(row, "runqueue_woken", stage->seen[SLEEPER], end, window);
	expect_order(report, row);
	row = report_row(report, "tid", stage->pid[SPINNER]);
	live_expect("the spinner's open dwell", report_integer(row, "dwell.open.count"), 1);
	if (before)
		live_expect_range("in percent of the window",
				  report_integer(row, "dwell.open.sum_ns") * 100 / window, 97, 100);
}

/* The wait is over: what the scheduler's own account has of it, the report had too. */
static void check_account(struct stage *stage, int64_t told)
{
	const uint64_t from = stage->seen[VICTIM];
	struct proc_account account;

	kill(stage->pid[SLEEPER], SIGKILL);
	kill(stage->pid[SPINNER], SIGKILL);
	while (stage->seen[VICTIM] == from)
		proc_sleep(10 * MS);
	if (!proc_account(stage->pid[VICTIM], stage->pid[VICTIM], &account))
		return;
	live_note("told %" PRId64 " ms, in the end it was %" PRIu64 " ms", told / 1000000,
		  (uint64_t)(account.delay_ns / MS));
	live_expect_range("the wait that was told", told, 1,
			  (int64_t)(account.delay_ns + account.delay_ns / 20));
}

/* ---- starved ------------------------------------------------------------------------- */

/* A run of half a second, from beginning to end. */
static struct end report_of(struct report *report)
{
	struct end end = {.earliest = proc_now()};
	struct dwell_process run;

	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-d", "500ms", "-n", "0"));
	end.latest = proc_now();
	report_read(report, &run);
	end.earliest += report_integer(report->header, "window_ns");
	dwell_close(&run);
	return end;
}

static void run_starved_before(const void *argument)
{
	struct stage *stage = stage_open();
	struct report report;
	struct end end;

	(void)argument;
	need_kernel_that_goes_on();
	stage_play(stage);
	end = report_of(&report);
	check_stage(stage, &report, end, true);
	check_account(stage, report_integer(report_row(&report, "tid", stage->pid[VICTIM]),
					    "runqueue.open.max_ns"));
	report_free(&report);
	stage_close(stage);
}

static const char *const groupings[] = {"task", "process", "comm", "cgroup"};
#define GROUPINGS (sizeof(groupings) / sizeof(*groupings))

/* The tasks of the stage may share their cgroup with others. */
static void check_cgroup(const struct stage *stage, const struct report *report, struct end end)
{
	const json_t *row = NULL, *other;
	size_t at;

	json_array_foreach(report->rows, at, other) {
		if (!row || queue_sum(other) > queue_sum(row))
			row = other;
	}
	live_expect_range("the cgroup's oldest wait", report_integer(row, "runqueue.open.max_ns"),
			  (int64_t)(end.earliest - stage->seen[VICTIM]) * 19 / 20, INT64_MAX);
	live_expect_range("its open waits", report_integer(row, "runqueue.open.sum_ns"),
			  (int64_t)(2 * end.earliest - stage->seen[VICTIM] - stage->seen[SLEEPER]) *
				  19 / 20,
			  INT64_MAX);
}

static void check_grouping(struct stage *stage, const struct report *report, struct end end,
			   const char *by)
{
	const int64_t window = report_integer(report->header, "window_ns");
	const json_t *row;

	if (!strcmp(by, "task")) {
		check_stage(stage, report, end, false);
	} else if (!strcmp(by, "cgroup")) {
		check_cgroup(stage, report, end);
	} else {
		row = !strcmp(by, "comm") ? report_row_named(report, "open-victim") :
					    report_row(report, "pid", stage->pid[VICTIM]);
		expect_open(row, "runqueue", stage->seen[VICTIM], end, window);
		expect_order(report, row);
	}
}

static void run_starved_within(const void *argument)
{
	struct stage *stage = stage_open();
	struct dwell_process run[GROUPINGS];
	struct report report;
	struct end end;

	(void)argument;
	need_kernel_that_goes_on();
	for (size_t i = 0; i < GROUPINGS; i++) {
		dwell_start(&run[i], NULL,
			    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-b",
					    groupings[i]));
		dwell_wait_measuring(&run[i]);
	}
	stage_play(stage);
	proc_sleep(live_slower(500 * MS, 2));
	end.earliest = proc_now();
	for (size_t i = 0; i < GROUPINGS; i++)
		dwell_interrupt(&run[i]);
	for (size_t i = 0; i < GROUPINGS; i++)
		dwell_wait(&run[i], 20);
	end.latest = proc_now();
	for (size_t i = 0; i < GROUPINGS; i++) {
		report_read(&report, &run[i]);
		check_grouping(stage, &report, end, groupings[i]);
		report_free(&report);
		dwell_close(&run[i]);
	}
	check_account(stage, end.earliest - stage->seen[VICTIM]);
	stage_close(stage);
}

/* ---- the text file ----------------------------------------------------------------------- */

static void run_gauge(const void *argument)
{
	static const char series[] =
		"dwell_open_wait_seconds{comm=\"open-victim\",kind=\"runqueue\"}";
	struct stage *stage = stage_open();
	struct daemon daemon;
	double low, got;

	(void)argument;
	need_kernel_that_goes_on();
	daemon_start(&daemon);
	daemon_fresh_export(&daemon);
	stage_play(stage);
	/* Names are given from one export to the next. */
	daemon_fresh_export(&daemon);
	low = (double)(proc_now() - stage->seen[VICTIM]) / 1e9;
	daemon_fresh_export(&daemon);
	got = daemon_value(&daemon, series);
	live_note("waits for more than %.3f s, the file says %.3f", low, got);
	if (got < low * 0.95 || got > (double)(proc_now() - stage->seen[VICTIM]) / 1e9 * 1.05)
		live_fail("%s is %f, not %f or a little more", series, got, low);
	/* Over when it is over. */
	kill(stage->pid[SPINNER], SIGKILL);
	kill(stage->pid[SLEEPER], SIGKILL);
	kill(stage->pid[VICTIM], SIGSTOP);
	if (!proc_wait_state(stage->pid[VICTIM], stage->pid[VICTIM], 'T', 10))
		live_abort("the victim did not stop");
	daemon_fresh_export(&daemon);
	live_expect("once it is over, in us", (int64_t)(daemon_value(&daemon, series) * 1e6), 0);
	daemon_end(&daemon);
	stage_close(stage);
}

/* ---- throttled ----------------------------------------------------------------------------- */

static void run_throttled(const void *argument)
{
	struct stage *stage = stage_open();
	struct dwell_process run;
	struct cgroup cgroup;
	struct report report;
	struct end end;
	uint64_t last;
	pid_t pid;

	(void)argument;
	cgroup_make(&cgroup, "open-quota");
	cgroup_set_quota(&cgroup, 1000, 1000000);
	cgroup_prefer(&cgroup);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		proc_pin(0, PROC_LAST_CPU);
		cgroup_add(&cgroup, getpid());
		spin(&stage->seen[VICTIM]);
		_exit(0);
	}
	dwell_start(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0"));
	dwell_wait_measuring(&run);
	/* It has just run, and has no quota for most of a second. */
	do {
		last = stage->seen[VICTIM];
		proc_sleep(STILL_NS);
	} while (last != stage->seen[VICTIM] || proc_now() - last > 3 * STILL_NS);
	end.earliest = proc_now();
	dwell_interrupt(&run);
	dwell_wait(&run, 20);
	end.latest = proc_now();
	report_read(&report, &run);
	dwell_close(&run);
	if (stage->seen[VICTIM] == last)
		expect_open(report_row(&report, "tid", pid), "throttled", last, end,
			    report_integer(report.header, "window_ns"));
	else
		live_skip("the machine is too slow: it had quota again");
	report_free(&report);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- uninterruptible ------------------------------------------------------------------------ */

static void run_uninterruptible(const void *argument)
{
	struct report report;
	const json_t *row;
	int64_t window;
	pid_t pid;

	(void)argument;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* A parent waits in state D for the child to go its own way, which it does not. */
		pid = vfork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		_exit(1);
	}
	if (!proc_wait_state(pid, pid, 'D', 10))
		live_skip("vfork() does not block uninterruptibly here");
	report_of(&report);
	window = report_integer(report.header, "window_ns");
	row = report_row(&report, "tid", pid);
	live_expect("its blocks that ended", report_integer(row, "blocked.count"), 0);
	live_expect("the open one's part in the window", report_integer(row, "blocked.open.sum_ns"),
		    window);
	live_expect("uninterruptible ones that ended",
		    report_integer(row, "blocked_uninterruptible_ns"), 0);
	live_expect("the open one is uninterruptible",
		    report_integer(row, "blocked_uninterruptible_open_ns"), window);
	report_free(&report);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

const struct live_test tests_open[] = {
	{.name = "open-starved-before", .run = run_starved_before},
	{.name = "open-starved-within", .run = run_starved_within},
	{.name = "open-gauge", .run = run_gauge},
	{.name = "open-throttled", .run = run_throttled},
	{.name = "open-uninterruptible", .run = run_uninterruptible},
	{0},
};
