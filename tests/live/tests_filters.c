/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters: what matches is shown, now and later, and nothing else. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/cgroups.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "tests_tasks.h"
#include "harness/live/workload.h"

#define CHOSEN_NAME "dwell-chosen"
#define OTHER_NAME "dwell-other"
#define EXEC_NAME "dwell-became"

/* ---- the workloads: one that is chosen, and one that looks like it --------------- */

static void *new_thread(void *argument)
{
	struct work *work = argument;

	work->tid[1] = proc_tid();
	proc_sleep(1000000);
	return NULL;
}

static void sleep_in_thread(struct work *work)
{
	pthread_t thread;

	proc_sleep(1000000);
	if (pthread_create(&thread, NULL, new_thread, work))
		live_abort("pthread_create failed");
	pthread_join(thread, NULL);
	proc_sleep(1000000);
}

struct pair {
	struct workload chosen, other;
	char pid[16];
};

static void pair_start(struct pair *pair)
{
	workload_start(&pair->chosen, sleep_in_thread, NULL);
	workload_start(&pair->other, sleep_in_thread, NULL);
	snprintf(pair->pid, sizeof(pair->pid), "%d", pair->chosen.pid);
}

/* Lets both work inside @run's window and takes the report. */
static void pair_measure(struct pair *pair, struct dwell_process *run, struct report *report)
{
	dwell_wait_measuring(run);
	workload_release(&pair->chosen);
	workload_release(&pair->other);
	if (!workload_wait(&pair->chosen, 20) || !workload_wait(&pair->other, 20))
		live_abort("a workload died");
	dwell_interrupt(run);
	dwell_wait(run, 20);
	report_read(report, run);
	dwell_close(run);
}

static void pair_leave(struct pair *pair)
{
	workload_leave(&pair->chosen);
	workload_leave(&pair->other);
}

/* Each row must have @value as its @key, and there must be @count of them. */
static void expect_only(const struct report *report, const char *key, int64_t value, size_t count)
{
	live_expect("rows", (int64_t)json_array_size(report->rows), (int64_t)count);
	live_expect(key, report_count(report, key, value), (int64_t)count);
}

/* ---- by id --------------------------------------------------------------------------- */

static void run_pid(const void *argument)
{
	struct dwell_process run;
	struct report report;
	struct pair pair;

	(void)argument;
	pair_start(&pair);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-p", pair.pid));
	pair_measure(&pair, &run, &report);
	expect_only(&report, "pid", pair.chosen.pid, 2);
	live_expect("expiries in the new thread",
		    report_integer(report_row(&report, "tid", pair.chosen.work->tid[1]),
				   "timers.expired"),
		    1);
	report_free(&report);
	pair_leave(&pair);
}

static void run_tid(const void *argument)
{
	struct dwell_process run;
	struct report report;
	struct pair pair;

	(void)argument;
	pair_start(&pair);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-t", pair.pid));
	pair_measure(&pair, &run, &report);
	/* The leader alone, without its new thread. */
	expect_only(&report, "tid", pair.chosen.pid, 1);
	live_expect("expiries",
		    report_integer(report_row(&report, "tid", pair.chosen.pid), "timers.expired"),
		    2);
	report_free(&report);
	pair_leave(&pair);
}

static void run_two_pids(const void *argument)
{
	struct dwell_process run;
	struct report report;
	struct pair pair;
	char both[32];

	(void)argument;
	pair_start(&pair);
	snprintf(both, sizeof(both), "%d,%d", pair.chosen.pid, pair.other.pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-b", "process",
				    "-p", both));
	pair_measure(&pair, &run, &report);
	live_expect("rows", (int64_t)json_array_size(report.rows), 2);
	live_expect("tasks of the first",
		    report_integer(report_row(&report, "pid", pair.chosen.pid), "tasks"), 2);
	live_expect("tasks of the second",
		    report_integer(report_row(&report, "pid", pair.other.pid), "tasks"), 2);
	report_free(&report);
	pair_leave(&pair);
}

/* ---- by name --------------------------------------------------------------------------- */

/* A name, how it is given to dwell, how it is in JSON, and another one that it is not. */
struct names {
	const char *chosen, *given, *json, *other;
};

static const struct names plain = {CHOSEN_NAME, CHOSEN_NAME, CHOSEN_NAME, OTHER_NAME};
static const struct names comma = {"dwell,b\\", "dwell\\,b\\\\", "dwell,b\\", "dwell"};
static const struct names cut = {"\xe6\x97\xa5\xe6", "\\xe6\\x97\\xa5\\xe6",
				 "\xe6\x97\xa5\xef\xbf\xbd", "\xe6\x97\xa5"};

static void run_comm(const void *argument)
{
	const struct names *names = argument;
	struct dwell_process run;
	struct report report;
	struct pair pair;

	/* A child inherits its name. */
	prctl(PR_SET_NAME, names->chosen);
	workload_start(&pair.chosen, sleep_in_thread, NULL);
	prctl(PR_SET_NAME, names->other);
	workload_start(&pair.other, sleep_in_thread, NULL);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-c",
				    names->given));
	pair_measure(&pair, &run, &report);
	expect_only(&report, "pid", pair.chosen.pid, 2);
	live_expect("rows of that name", report_count_named(&report, names->json), 2);
	report_free(&report);
	pair_leave(&pair);
}

static void exec_renamed(struct work *work)
{
	const char *const link = work->argument;
	int input[2], status;
	pid_t pid;

	if (pipe(input))
		live_abort("pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		dup2(input[0], STDIN_FILENO);
		close(input[0]);
		close(input[1]);
		execl(link, "live", TASKS_WAIT, NULL);
		_exit(1);
	}
	work->tid[1] = pid;
	proc_sleep(100000000);
	close(input[1]);
	waitpid(pid, &status, 0);
}

/* A task that gets the wanted name while dwell measures. */
static void run_comm_exec(const void *argument)
{
	char *link = tasks_link(EXEC_NAME);
	struct workload workload;
	struct dwell_process run;
	struct report report;
	const json_t *row;

	(void)argument;
	workload_start(&workload, exec_renamed, link);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-c", EXEC_NAME));
	dwell_wait_measuring(&run);
	workload_release(&workload);
	if (!workload_wait(&workload, 20))
		live_abort("the workload died");
	dwell_interrupt(&run);
	dwell_wait(&run, 20);
	report_read(&report, &run);
	expect_only(&report, "pid", workload.work->tid[1], 1);
	row = report_row_named(&report, EXEC_NAME);
	if (row && report_integer(row, "oncpu_ns") <= 0)
		live_fail("it has used no CPU");
	report_free(&report);
	dwell_close(&run);
	workload_leave(&workload);
	tasks_unlink(link);
}

/* ---- by cgroup --------------------------------------------------------------------------- */

static void run_cgroup(const void *argument)
{
	struct cgroup cgroup;
	struct dwell_process run;
	struct report report;
	struct pair pair;
	size_t index;
	json_t *row;

	(void)argument;
	cgroup_make(&cgroup, "filter");
	pair_start(&pair);
	cgroup_add(&cgroup, pair.chosen.pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-g",
				    cgroup.path));
	pair_measure(&pair, &run, &report);
	expect_only(&report, "pid", pair.chosen.pid, 2);
	json_array_foreach(report.rows, index, row)
		if (strcmp(json_string_value(json_object_get(row, "cgroup")) ?: "", cgroup.path))
			live_fail("a row has the cgroup %s",
				  json_string_value(json_object_get(row, "cgroup")) ?: "(none)");
	report_free(&report);
	pair_leave(&pair);
}

/* ---- what is not there ---------------------------------------------------------------------- */

static void expect_refusal(const char *const *arguments, const char *word)
{
	struct dwell_process run;

	dwell_execute(&run, NULL, arguments);
	if (run.status != 1 && run.status != 2)
		live_fail("%s %s: exit status %d", arguments[1], arguments[2], run.status);
	if (!strstr(run.err_text, word))
		live_fail("%s %s: the message does not name it: %s", arguments[1], arguments[2],
			  run.err_text);
	if (run.out_length)
		live_fail("%s %s: it printed a report", arguments[1], arguments[2]);
	dwell_close(&run);
}

static void run_absent(const void *argument)
{
	pid_t pid = fork();
	char text[16];

	(void)argument;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	snprintf(text, sizeof(text), "%d", pid);
	expect_refusal(DWELL_ARGUMENTS("summary", "-p", text, "-d", "100ms"), text);
	expect_refusal(DWELL_ARGUMENTS("summary", "-t", text, "-d", "100ms"), text);
	expect_refusal(DWELL_ARGUMENTS("summary", "-g", "/dwell-no-such-group", "-d", "100ms"),
		       "/dwell-no-such-group");
}

const struct live_test tests_filters[] = {
	{.name = "filter-pid", .run = run_pid},
	{.name = "filter-two-pids", .run = run_two_pids},
	{.name = "filter-tid", .run = run_tid},
	{.name = "filter-comm", .run = run_comm, .argument = &plain},
	{.name = "filter-comm-comma", .run = run_comm, .argument = &comma},
	{.name = "filter-comm-cut", .run = run_comm, .argument = &cut},
	{.name = "filter-comm-exec", .run = run_comm_exec},
	{.name = "filter-cgroup", .run = run_cgroup},
	{.name = "filter-absent", .run = run_absent},
	{0},
};
