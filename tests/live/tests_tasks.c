/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that live for a moment: every one of them counts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live.h"
#include "report.h"
#include "tests_tasks.h"
#include "workload.h"

#define FORKS 8000
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

static void reap(int count)
{
	while (count--)
		if (waitpid(-1, NULL, 0) < 0)
			live_abort("waitpid: %s", strerror(errno));
}

static void fork_many(struct work *work)
{
	prctl(PR_SET_NAME, FORKS_NAME);
	work->began[0] = proc_now();
	for (int i = 0; i < FORKS; i += BATCH) {
		for (int j = 0; j < BATCH; j++) {
			const pid_t pid = fork();

			if (pid < 0)
				live_abort("fork: %s", strerror(errno));
			if (pid == 0)
				_exit(0);
		}
		reap(BATCH);
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

static void start_run(struct dwell_run *run, const char *by, const char *comm)
{
	dwell_start(run, NULL,
		    comm ? DWELL_ARGUMENTS("summary", "-v", "-j", "-n", "0", "-d", "0", "-b", by,
					   "-c", comm) :
			   DWELL_ARGUMENTS("summary", "-v", "-j", "-n", "0", "-d", "0", "-b", by));
	dwell_wait_measuring(run);
}

static void end_run(struct dwell_run *run, struct report *report)
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
	if (!workload_wait(workload, 60))
		live_abort("the workload died");
}

/* All tasks measured, one row a name. */
static void run_forks(const void *argument)
{
	struct workload workload;
	struct dwell_run run;
	struct report report;

	(void)argument;
	start_run(&run, "comm", NULL);
	do_work(fork_many, NULL, &workload);
	end_run(&run, &report);
	live_note("%llu forks a second",
		  FORKS * 1000000000ULL / (workload.work->ended[0] - workload.work->began[0]));
	/* They and their parent. */
	live_expect("tasks", report_integer(report_row_named(&report, FORKS_NAME), "tasks"),
		    FORKS + 1);
	report_expect_no_loss(&report);
	workload_leave(&workload);
	report_free(&report);
}

/* Only that name measured, one row a process; some rows may stand for many. */
static void run_forks_process(const void *argument)
{
	struct workload workload;
	struct dwell_run run;
	struct report report;
	int64_t tasks = 0;
	size_t index;
	json_t *row;

	(void)argument;
	prctl(PR_SET_NAME, FORKS_NAME);
	start_run(&run, "process", FORKS_NAME);
	do_work(fork_many, NULL, &workload);
	end_run(&run, &report);
	json_array_foreach(report.rows, index, row)
		tasks += report_integer(row, "tasks");
	live_note("%zu rows", json_array_size(report.rows));
	/* They, their parent, and this process that forked that. */
	live_expect("tasks", tasks, FORKS + 2);
	workload_leave(&workload);
	report_free(&report);
}

static void run_execs(const void *argument)
{
	char *link = tasks_link(EXECS_NAME);
	struct workload workload;
	struct dwell_run run;
	struct report report;

	(void)argument;
	start_run(&run, "comm", NULL);
	do_work(exec_many, link, &workload);
	end_run(&run, &report);
	live_expect("tasks", report_integer(report_row_named(&report, EXECS_NAME), "tasks"), EXECS);
	report_expect_no_loss(&report);
	workload_leave(&workload);
	report_free(&report);
	tasks_unlink(link);
}

const struct live_test tests_tasks[] = {
	{.name = "forks", .run = run_forks, .seconds = 120},
	{.name = "forks-by-process", .run = run_forks_process, .seconds = 120},
	{.name = "execs", .run = run_execs, .seconds = 120},
	{0},
};
