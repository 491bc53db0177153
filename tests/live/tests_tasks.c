/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that live for a moment: every one of them counts. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "tests_tasks.h"
#include "harness/live/workload.h"

#define BUSY_LOOPS 2 /* on each CPU */
#define CPUS_MAX 256
#define EXECS 400
#define BATCH 40
#define FORKS_NAME "dwell-forks"
#define EXECS_NAME "dwell-execs"

void tasks_maybe_exit(int argc, char **argv)
{
	char byte;

	if (argc != 2)
		return;
	if (!strcmp(argv[1], TASKS_EXIT))
		_exit(0);
	if (strcmp(argv[1], TASKS_WAIT))
		return;
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	_exit(0);
}

char *tasks_link(const char *comm)
{
	char directory[] = "/tmp/dwell-live-XXXXXX", *link, program[4096];
	const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (length < 0)
		live_abort("/proc/self/exe: %s", strerror(errno));
	program[length] = '\0';
	if (!mkdtemp(directory) || asprintf(&link, "%s/%s", directory, comm) < 0 ||
	    symlink(program, link))
		live_abort("making a link in /tmp: %s", strerror(errno));
	return link;
}

void tasks_unlink(char *link)
{
	unlink(link);
	*strrchr(link, '/') = '\0';
	rmdir(link);
	free(link);
}

/* How many children a test makes: as many as the machine can in a while, between two bounds. */
struct forks {
	int least;
	int most;
};

#define FORKS_NS 5000000000ULL
#define FORKS_SECONDS 100 /* for a machine that hangs */

static struct forks plan_forks(int least, int most)
{
	if (live_options.emulated)
		return (struct forks){.least = least / 20, .most = most / 20};
	return (struct forks){.least = least, .most = most};
}

static void reap(int count)
{
	while (count--)
		if (waitpid(-1, NULL, 0) < 0)
			live_abort("waitpid: %s", strerror(errno));
}

/* Leaves in @turn how many there were. */
static void fork_many(struct work *work)
{
	const struct forks *const forks = work->argument;

	prctl(PR_SET_NAME, FORKS_NAME);
	work->began[0] = proc_now();
	while (work->turn < forks->least ||
	       (work->turn < forks->most && proc_now() < work->began[0] + FORKS_NS)) {
		for (int j = 0; j < BATCH; j++) {
			const pid_t pid = fork();

			if (pid < 0)
				live_abort("fork: %s", strerror(errno));
			if (pid == 0)
				_exit(0);
		}
		reap(BATCH);
		work->turn += BATCH;
	}
	work->ended[0] = proc_now();
}

static void exec_many(struct work *work)
{
	const char *const link = work->argument;

	for (int i = 0; i < EXECS; i++) {
		const pid_t pid = vfork();

		if (pid < 0)
			live_abort("vfork: %s", strerror(errno));
		if (pid == 0) {
			execl(link, "live", TASKS_EXIT, NULL);
			_exit(1);
		}
		reap(1);
	}
}

static void start_run(struct dwell_process *run, const char *by, const char *comm)
{
	dwell_start(run, NULL,
		    comm ? DWELL_ARGUMENTS("summary", "-v", "-j", "-n", "0", "-d", "0", "-b", by,
					   "-c", comm) :
			   DWELL_ARGUMENTS("summary", "-v", "-j", "-n", "0", "-d", "0", "-b", by));
	dwell_wait_measuring(run);
}

static void end_run(struct dwell_process *run, struct report *report)
{
	dwell_interrupt(run);
	dwell_wait(run, 30);
	report_read(report, run);
	dwell_close(run);
}

static void do_work(void (*body)(struct work *work), const void *argument,
		    struct workload *workload)
{
	workload_start(workload, body, argument);
	workload_release(workload);
	if (!workload_wait(workload, live_slower(FORKS_SECONDS, 3)))
		live_abort("the workload died");
}

/*
 * All tasks measured, one row a name. Returns how many that of the forks stands
 * for, and in @made how many there were: they and their parent. A stopped reader takes nothing out of the ring until the forks are done.
 */
static int64_t measure_forks(struct report *report, const struct forks *forks, bool stop_reader,
			     int64_t *made)
{
	struct hidden_sample before;
	struct workload workload;
	struct dwell_process run;

	hidden_sample(&before);
	start_run(&run, "comm", NULL);
	if (stop_reader)
		kill(run.pid, SIGSTOP);
	do_work(fork_many, forks, &workload);
	if (stop_reader)
		kill(run.pid, SIGCONT);
	end_run(&run, report);
	report->unseen = hidden_slices(&before, HIDDEN_ANY_CPU) * HIDDEN_EVENTS;
	*made = workload.work->turn + 1;
	live_note("%llu forks a second",
		  workload.work->turn * 1000000000ULL /
			  (workload.work->ended[0] - workload.work->began[0]));
	workload_leave(&workload);
	return report_integer(report_row_named(report, FORKS_NAME), "tasks");
}

static void run_forks(const void *argument)
{
	const struct forks forks = plan_forks(2000, 20000);
	struct report report;
	int64_t tasks, made;

	(void)argument;
	tasks = measure_forks(&report, &forks, false, &made);
	live_expect("tasks", tasks, made);
	report_expect_no_loss(&report);
	report_free(&report);
}

/* Keeps every CPU busy, at normal priority. Returns how many loops there are. */
static int start_busy_loops(pid_t loops[CPUS_MAX * BUSY_LOOPS])
{
	cpu_set_t allowed, one;
	int count = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		live_abort("CPU affinity: %s", strerror(errno));
	for (int i = 0; i < CPUS_MAX * BUSY_LOOPS; i++) {
		if (!CPU_ISSET(i / BUSY_LOOPS, &allowed))
			continue;
		loops[count] = fork();
		if (loops[count] < 0)
			live_abort("fork: %s", strerror(errno));
		if (loops[count++])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		CPU_ZERO(&one);
		CPU_SET(i / BUSY_LOOPS, &one);
		sched_setaffinity(0, sizeof(one), &one);
		proc_spin(UINT64_MAX);
	}
	return count;
}

/* What the ring had no room for is lost, but never silently. */
static void expect_none_silent(const struct report *report, int64_t tasks, int64_t made)
{
	const int64_t full = report_integer(report->loss, "reasons.ring_full");

	live_note("%" PRId64 " tasks counted, %" PRId64 " lost", tasks, full);
	live_expect_range("tasks counted", tasks, 1, made);
	/* Those of others may be among the lost ones. */
	if (tasks + full < made)
		live_fail("%" PRId64 " tasks were lost silently", made - tasks - full);
	/* Each has a record, or a reason why it has none. */
	live_expect("switches without a record",
		    report_integer(report->loss, "reasons.missing_record"), 0);
}

/* The reader of the ring competes for the CPUs. */
static void run_forks_loaded(const void *argument)
{
	pid_t loops[CPUS_MAX * BUSY_LOOPS];
	const int count = start_busy_loops(loops);
	const struct forks forks = plan_forks(2000, 20000);
	struct report report;
	int64_t tasks, made;

	(void)argument;
	tasks = measure_forks(&report, &forks, false, &made);
	for (int i = 0; i < count; i++)
		kill(loops[i], SIGKILL);
	reap(count);
	live_note("beside %d busy loops", count);
	expect_none_silent(&report, tasks, made);
	report_free(&report);
}

/* The same with a reader that does not read at all. */
static void run_forks_unread(const void *argument)
{
	/* Of more than a KiB each, and there is room for 8 MiB. */
	const struct forks forks = plan_forks(10000, 20000);
	struct report report;
	int64_t tasks, made;

	(void)argument;
	if (live_options.emulated)
		live_skip("filling the ring takes too long on emulated CPUs");
	tasks = measure_forks(&report, &forks, true, &made);
	expect_none_silent(&report, tasks, made);
	if (!report_integer(report.loss, "reasons.ring_full"))
		live_fail("the ring took all: this test proved nothing");
	report_free(&report);
}

/* Only that name measured, one row a process; some rows may stand for many. */
static void run_forks_process(const void *argument)
{
	const struct forks forks = plan_forks(2000, 8000);
	struct workload workload;
	struct dwell_process run;
	struct report report;
	int64_t tasks = 0;
	size_t index;
	json_t *row;

	(void)argument;
	prctl(PR_SET_NAME, FORKS_NAME);
	start_run(&run, "process", FORKS_NAME);
	do_work(fork_many, &forks, &workload);
	end_run(&run, &report);
	json_array_foreach(report.rows, index, row)
		tasks += report_integer(row, "tasks");
	live_note("%zu rows", json_array_size(report.rows));
	/* They, their parent, and this process that forked that. */
	live_expect("tasks", tasks, workload.work->turn + 2);
	workload_leave(&workload);
	report_free(&report);
}

static void run_execs(const void *argument)
{
	char *link = tasks_link(EXECS_NAME);
	struct hidden_sample before;
	struct workload workload;
	struct dwell_process run;
	struct report report;

	(void)argument;
	hidden_sample(&before);
	start_run(&run, "comm", NULL);
	do_work(exec_many, link, &workload);
	end_run(&run, &report);
	report.unseen = hidden_slices(&before, HIDDEN_ANY_CPU) * HIDDEN_EVENTS;
	live_expect("tasks", report_integer(report_row_named(&report, EXECS_NAME), "tasks"), EXECS);
	report_expect_no_loss(&report);
	workload_leave(&workload);
	report_free(&report);
	tasks_unlink(link);
}

const struct live_test tests_tasks[] = {
	{.name = "forks", .run = run_forks, .seconds = 240},
	{.name = "forks-loaded", .run = run_forks_loaded, .seconds = 240},
	{.name = "forks-unread", .run = run_forks_unread, .seconds = 240},
	{.name = "forks-by-process", .run = run_forks_process, .seconds = 240},
	{.name = "execs", .run = run_execs, .seconds = 240},
	{0},
};
