/* SPDX-License-Identifier: GPL-2.0-only */
/* Short processes: each has a row, and what its timers did is counted there. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"
#include "harness/live/report.h"

#define PROCESSES 200
#define COMM "short-lived"

/* What the @i-th process does, each of the ways: so many timers. */
static int work_of(int i)
{
	return 1 + i % 7;
}

static void nap(int times)
{
	const struct timespec rest = {.tv_nsec = 200000};

	for (int i = 0; i < times; i++)
		syscall(SYS_nanosleep, &rest, NULL);
}

/* Arms a POSIX timer so often, and leaves it armed: the exit cancels it. */
static void arm(int times)
{
	const struct itimerspec far = {.it_value = {.tv_sec = 3600}};
	struct sigevent event = {.sigev_notify = SIGEV_NONE};
	timer_t timer;

	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGALRM;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		_exit(1);
	for (int i = 0; i < times; i++)
		if (timer_settime(timer, 0, &far, NULL))
			_exit(1);
}

/* Runs all of them, one after the other, and tells their pids. */
static void run_processes(void (*body)(int times), pid_t pid[PROCESSES])
{
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			live_abort("fork failed");
		if (!pid[i]) {
			prctl(PR_SET_NAME, COMM);
			body(work_of(i));
			_exit(0);
		}
		if (waitpid(pid[i], &status, 0) != pid[i] || status)
			live_abort("a short process failed");
	}
}

/* Runs @body's processes in the window of a run that reports by @by. */
static void measure_processes(const char *by, void (*body)(int times), pid_t pid[PROCESSES],
			      struct report *report)
{
	struct hidden_sample before;
	struct dwell_process run;
	int cpu = proc_pin(0, PROC_LAST_CPU);

	hidden_sample(&before);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-b", by));
	dwell_wait_measuring(&run);
	run_processes(body, pid);
	dwell_interrupt(&run);
	dwell_wait(&run, 30);
	report_read(report, &run);
	report->unseen = hidden_slices(&before, cpu);
	dwell_close(&run);
}

/* What holds of the tasks in each row, and that none is of a task that never was. */
static void check_rows(const struct report *report)
{
	const json_t *row, *comm;
	size_t at;

	json_array_foreach(report->rows, at, row) {
		comm = json_object_get(row, "comm");
		if (comm && !*json_string_value(comm))
			live_fail("there is a row without a name");
	}
}

static void run_naps(const void *argument)
{
	pid_t pid[PROCESSES];
	struct report report;
	int64_t armed = 0, want = 0;

	(void)argument;
	measure_processes("process", nap, pid, &report);
	check_rows(&report);
	for (int i = 0; i < PROCESSES; i++) {
		const json_t *row = report_row(&report, "pid", pid[i]);

		if (!row)
			continue;
		live_expect("its tasks", report_integer(row, "tasks"), 1);
		if (!json_is_true(json_object_get(row, "exited")))
			live_fail("process %d has not exited, it says", pid[i]);
		if (strcmp(json_string_value(json_object_get(row, "comm")), COMM))
			live_fail("process %d has another's name", pid[i]);
		live_expect("its sleeps", report_integer(row, "timers.armed"), work_of(i));
		armed += report_integer(row, "timers.armed");
		want += work_of(i);
		/* It sleeps so often, and dies; whatever else it waits for comes on top. */
		live_expect_range("its switches", report_integer(row, "switches.voluntary"),
				  1 + work_of(i), INT64_MAX);
	}
	live_expect("all their sleeps", armed, want);
	report_free(&report);
}

static void run_timers(const void *argument)
{
	pid_t pid[PROCESSES];
	struct report report;
	int64_t want = 0;
	const json_t *row;

	(void)argument;
	for (int i = 0; i < PROCESSES; i++)
		want += work_of(i);
	measure_processes("comm", arm, pid, &report);
	check_rows(&report);
	row = report_row_named(&report, COMM);
	live_expect("the tasks of that name", report_integer(row, "tasks"), PROCESSES);
	if (!json_is_true(json_object_get(row, "exited")))
		live_fail("not all of them have exited, it says");
	live_expect("their timers", report_integer(row, "timers.armed"), want);
	live_expect("left armed", report_integer(row, "timers.outstanding"), 0);
	report_free(&report);

	measure_processes("process", arm, pid, &report);
	check_rows(&report);
	for (int i = 0; i < PROCESSES; i++) {
		row = report_row(&report, "pid", pid[i]);
		live_expect("the tasks of a process", report_integer(row, "tasks"), 1);
		live_expect("its timers", report_integer(row, "timers.armed"), work_of(i));
	}
	report_free(&report);
}

const struct live_test tests_exited[] = {
	{.name = "exited-processes", .run = run_naps},
	{.name = "exited-timers", .run = run_timers},
	{0},
};
