/* SPDX-License-Identifier: GPL-2.0-only */
/* Places: namespaces, a host without /proc or /sys, few open files. It measures there, or says why not. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

#define ROUNDS 20
#define BIT(capability) (1ULL << (capability))

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static void sleep_some(struct work *work)
{
	const struct timespec timeout = {.tv_nsec = 2000000};

	proc_account(work->pid, work->pid, &work->account[0]);
	for (int i = 0; i < ROUNDS; i++)
		syscall(SYS_nanosleep, &timeout, NULL);
	proc_account(work->pid, work->pid, &work->account[1]);
}

/* Runs @body in a child in new namespaces @flags, and waits for its end. */
static void run_in(int flags, void (*body)(void))
{
	pid_t pid;
	int status;

	if (unshare(flags))
		live_skip("there are no such namespaces: %s", strerror(errno));
	if ((flags & CLONE_NEWNS) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		live_abort("the mounts stay shared: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		body();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		live_abort("fork: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		live_fail("the child ended with status %x", (unsigned int)status);
}

/* ---- a pid namespace ------------------------------------------------------------ */

/* A number that outside is this test's, and inside nobody's. */
static pid_t outside;

static void expect_only_ours(const struct report *report, pid_t most)
{
	const json_t *row;
	size_t at;

	json_array_foreach(report->rows, at, row) {
		const char *comm = json_string_value(json_object_get(row, "comm"));

		if (json_integer_value(json_object_get(row, "tid")) > most)
			live_fail("%s has the number %" PRId64 ", which is another namespace's",
				  comm, (int64_t)json_integer_value(json_object_get(row, "tid")));
		if (comm && !strcmp(comm, "dwell"))
			live_fail("dwell lists itself");
	}
}

static void measure_namespace(const char *pid)
{
	struct dwell_process run;
	struct workload workload;
	struct report report;
	const json_t *row;
	int64_t switches;

	workload_start(&workload, sleep_some, NULL);
	proc_pin(workload.pid, PROC_LAST_CPU);
	if (pid)
		dwell_start(&run, NULL,
			    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0", "-p",
					    pid));
	else
		dwell_start(&run, NULL,
			    DWELL_ARGUMENTS("summary", "-j", "-v", "-d", "0", "-n", "0"));
	dwell_wait_measuring(&run);
	workload_release(&workload);
	workload_wait(&workload, 20);
	dwell_interrupt(&run);
	dwell_wait(&run, 20);
	report_read(&report, &run);
	expect_only_ours(&report, getpid() + 100);
	row = report_row(&report, "tid", pid ? atoi(pid) : workload.pid);
	if (!pid) {
		switches = (int64_t)(workload.work->account[1].voluntary -
				     workload.work->account[0].voluntary);
		/* One more into the wait for this test; what hidden tasks keep from view may lack. */
		live_expect_range("switches", report_integer(row, "switches.voluntary"),
				  switches - 1, switches + 1);
		live_expect_range("armed timers", report_integer(row, "timers.armed"), ROUNDS - 1,
				  ROUNDS);
	}
	report_free(&report);
	dwell_close(&run);
	workload_leave(&workload);
}

static void live_in_pid_namespace(void)
{
	char text[16], lockdown[128];

	if (mount("proc", "/proc", "proc", 0, NULL))
		live_abort("mounting /proc: %s", strerror(errno));
	live_expect("its own number", getpid(), 1);
	/* The numbers of a namespace are read from kernel memory. */
	if (proc_read("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown)) > 0 &&
	    strstr(lockdown, "[confidentiality]")) {
		dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-d", "100ms"), 3,
				   "pid namespace");
		return;
	}
	measure_namespace(NULL);
	measure_namespace("1");
	snprintf(text, sizeof(text), "%d", outside);
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-d", "100ms", "-p", text), 1,
			   "there is no process");
}

static void run_pid_namespace(const void *argument)
{
	(void)argument;
	outside = getpid();
	/* In a namespace as small as this one numbers below 1,000 could be somebody's. */
	if (outside < 1000)
		outside = 4000000;
	run_in(CLONE_NEWPID | CLONE_NEWNS, live_in_pid_namespace);
}

/* ---- a user namespace ------------------------------------------------------------- */

/* The outer namespace's /proc has other processes under the inner numbers. */
static void live_with_outer_proc(void)
{
	struct dwell_process run;
	struct report report;
	const json_t *one;
	size_t at, named = 0;

	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-d", "300ms", "-n", "0"));
	report_read(&report, &run);
	json_array_foreach(json_object_get(report.loss, "reductions"), at, one)
		named += !strcmp(json_string_value(json_object_get(one, "name")) ?: "",
				 "/proc/self");
	live_expect("reductions that name /proc/self", (int64_t)named, 1);
	report_free(&report);
	dwell_close(&run);
}

static void run_outer_proc(const void *argument)
{
	(void)argument;
	run_in(CLONE_NEWPID | CLONE_NEWNS, live_with_outer_proc);
}

static void live_in_user_namespace(void)
{
	struct dwell_process run;

	/* Root there, or an exec would take its capabilities away, and nothing be new. */
	if (proc_write("/proc/self/setgroups", "deny") ||
	    proc_write("/proc/self/uid_map", "0 0 1") || proc_write("/proc/self/gid_map", "0 0 1"))
		live_abort("mapping users: %s", strerror(errno));
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-d", "100ms"), 4,
			   "initial user namespace");
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("check"));
	live_expect("exit status of check", run.status, 4);
	if (!strstr(run.out_text, "missing  the initial user namespace"))
		live_fail("check does not say so: %s", run.out_text);
	dwell_close(&run);
}

static void run_user_namespace(const void *argument)
{
	(void)argument;
	run_in(CLONE_NEWUSER, live_in_user_namespace);
}

/* ---- without /proc, without /sys ---------------------------------------------------- */

static void live_without_proc(void)
{
	struct dwell_process run;
	struct report report;
	const json_t *one;
	size_t at, named = 0;

	if (umount2("/proc", MNT_DETACH))
		live_abort("unmounting /proc: %s", strerror(errno));
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-d", "300ms", "-n", "0"));
	report_read(&report, &run);
	json_array_foreach(json_object_get(report.loss, "reductions"), at, one)
		named += !strcmp(json_string_value(json_object_get(one, "name")) ?: "", "/proc");
	live_expect("reductions that name /proc", (int64_t)named, 1);
	if (json_object_get(json_object_get(report.loss, "overhead"), "rss_bytes"))
		live_fail("it tells its memory, which it cannot know");
	if (json_object_get(report.loss, "hidden_tasks"))
		live_fail("it tells how many tasks are hidden, which it cannot know");
	if (json_array_size(report.rows) < 2)
		live_fail("the report is empty");
	report_free(&report);
	dwell_close(&run);
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-d", "100ms", "-n", "1"));
	live_expect("exit status", run.status, 0);
	if (strstr(run.out_text, "RSS 0.0") || !strstr(run.out_text, "without /proc"))
		live_fail("the table does not say what is missing: %s", run.out_text);
	dwell_close(&run);
}

static void run_no_proc(const void *argument)
{
	(void)argument;
	run_in(CLONE_NEWNS, live_without_proc);
}

static void live_without_sys(void)
{
	struct dwell_process run;

	/* Without the list of CPUs it knows no less; without type information it cannot start. */
	if (mount("none", "/sys/devices/system", "tmpfs", 0, NULL))
		live_abort("hiding the CPUs: %s", strerror(errno));
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("summary", "-j", "-d", "100ms", "-n", "1"));
	if (run.status)
		live_fail("without a list of CPUs it ends with %d: %s", run.status, run.err_text);
	dwell_close(&run);
	if (umount2("/sys", MNT_DETACH))
		live_abort("unmounting /sys: %s", strerror(errno));
	dwell_expect_error(NULL, DWELL_ARGUMENTS("summary", "-d", "100ms"), 3, "mount /sys");
}

static void run_no_sys(const void *argument)
{
	(void)argument;
	run_in(CLONE_NEWNS, live_without_sys);
}

/* ---- others' tasks are hidden in /proc ----------------------------------------------- */

static void live_with_hidepid(void)
{
	const struct dwell_manner nobody = {
		.unprivileged = true,
		.capabilities = BIT(CAP_BPF) | BIT(CAP_PERFMON),
	};
	struct dwell_process run;
	struct report report;
	char text[16];

	if (mount("proc", "/proc", "proc", 0, "hidepid=2"))
		live_skip("there is no hidepid: %s", strerror(errno));
	snprintf(text, sizeof(text), "%d", getpid());
	dwell_execute(&run, &nobody, DWELL_ARGUMENTS("summary", "-j", "-d", "100ms", "-p", text));
	report_read(&report, &run);
	report_row(&report, "tid", getpid());
	report_free(&report);
	dwell_close(&run);
	dwell_expect_error(&nobody, DWELL_ARGUMENTS("summary", "-d", "100ms", "-p", "4000000"), 1,
			   "there is no process");
}

static void run_hidepid(const void *argument)
{
	(void)argument;
	run_in(CLONE_NEWNS, live_with_hidepid);
}

/* ---- few open files ---------------------------------------------------------------------- */

static void limit_files(void *context)
{
	setrlimit(RLIMIT_NOFILE, context);
}

/* With every limit it either says at once that it is too low, or measures to the end. */
static void run_few_files(const void *argument)
{
	static const rlim_t most[] = {8, 16, 32, 45, 56, 64, 72, 80, 96, 128};
	unsigned int measured = 0;

	(void)argument;
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++) {
		struct rlimit limit = {most[i], most[i]};
		const struct dwell_manner manner = {.prepare = limit_files, .context = &limit};
		struct dwell_process run;

		dwell_execute(&run, &manner,
			      DWELL_ARGUMENTS("summary", "-v", "-j", "-d", "50ms", "-n", "0"));
		measured += !run.status;
		if (run.status && strstr(run.err_text, "dwell: measuring"))
			live_fail("with %d files it fails after it measured: %s", (int)most[i],
				  run.err_text);
		if (run.status && !strstr(run.err_text, "open enough files"))
			live_fail("with %d files it says: %s", (int)most[i], run.err_text);
		dwell_close(&run);
	}
	if (!measured)
		live_fail("128 files are not enough");
}

/* A soft limit is dwell's own to raise. */
static void run_soft_limit(const void *argument)
{
	struct rlimit limit;
	const struct dwell_manner manner = {.prepare = limit_files, .context = &limit};
	struct dwell_process run;

	(void)argument;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 16;
	dwell_execute(&run, &manner, DWELL_ARGUMENTS("summary", "-j", "-d", "50ms", "-n", "1"));
	if (run.status)
		live_fail("it does not raise the limit: %s", run.err_text);
	dwell_close(&run);
}

const struct live_test tests_places[] = {
	{.name = "pid-namespace", .run = run_pid_namespace},
	{.name = "user-namespace", .run = run_user_namespace},
	{.name = "outer-proc", .run = run_outer_proc},
	{.name = "no-proc", .run = run_no_proc},
	{.name = "no-sys", .run = run_no_sys},
	{.name = "hidepid", .run = run_hidepid},
	{.name = "few-files", .run = run_few_files},
	{.name = "soft-limit", .run = run_soft_limit},
	{0},
};
