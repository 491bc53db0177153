/* SPDX-License-Identifier: GPL-2.0-only */
/* Capabilities: which ones a measurement needs, and that it gives them up. */
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/timer_case.h"

#define BIT(capability) (1ULL << (capability))

/* For systems whose headers are older than these. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

/* ---- given up ------------------------------------------------------------- */

/* From 5.19 on a map's descriptor suffices to read it. */
static uint64_t needed_to_read(void)
{
	return proc_kernel_at_least(5, 19) ? 0 : BIT(CAP_BPF);
}

/* The set called @name in a task's status. */
static uint64_t capability_set(const char *status, const char *name)
{
	const char *found = strstr(status, name);

	if (!found)
		live_abort("there is no %s", name);
	return strtoull(found + strlen(name), NULL, 16);
}

static void expect_task_dropped(pid_t pid, const char *tid, uint64_t may_keep)
{
	static const char *const sets[] = {"\nCapEff:", "\nCapPrm:", "\nCapInh:", "\nCapAmb:"};
	char path[300], status[8192];

	snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, tid);
	if (proc_read(path, status, sizeof(status)) <= 0)
		live_abort("%s cannot be read", path);
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		const uint64_t set = capability_set(status, sets[i]);

		if (set & ~may_keep)
			live_fail("%s%llx while it measures", sets[i] + 1, (unsigned long long)set);
	}
	if (!strstr(status, "\nNoNewPrivs:\t1\n"))
		live_fail("it may gain privileges by exec while it measures");
}

static void expect_dropped(pid_t pid, uint64_t may_keep)
{
	const struct dirent *entry;
	unsigned int tasks = 0;
	DIR *directory;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory)))
		if (*entry->d_name != '.') {
			expect_task_dropped(pid, entry->d_name, may_keep);
			tasks++;
		}
	if (directory)
		closedir(directory);
	if (!tasks)
		live_fail("it has no task");
}

/* A measurement that has begun has given up all but @may_keep, and ends well without them. */
static void check_dropped(const char *const *arguments, uint64_t may_keep)
{
	struct dwell_process run;

	dwell_start(&run, NULL, arguments);
	dwell_wait_measuring(&run);
	expect_dropped(run.pid, may_keep);
	dwell_interrupt(&run);
	dwell_wait(&run, 20);
	if (run.status)
		live_fail("exit status %d: %s", run.status, run.err_text);
	dwell_close(&run);
}

static void run_dropped(const void *argument)
{
	char directory[] = "/tmp/dwell-live-XXXXXX", path[64], text[32];
	const uint64_t reading = needed_to_read();

	(void)argument;
	if (!mkdtemp(directory))
		live_abort("mkdtemp: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/file", directory);
	check_dropped(DWELL_ARGUMENTS("summary", "-v", "-j", "-d", "0"), reading);
	check_dropped(DWELL_ARGUMENTS("summary", "-v", "-j", "-d", "0", "-o", path),
		      reading | BIT(CAP_DAC_OVERRIDE));
	if (proc_read(path, text, sizeof(text)) <= 0 || strncmp(text, "{\"kind\":\"header\"", 16))
		live_fail("the file does not hold the report");
	/* Programs' files are read by others. */
	check_dropped(DWELL_ARGUMENTS("timers", "--sites", "-v", "-j", "-d", "0"), reading);
	check_dropped(DWELL_ARGUMENTS("outliers", "--user-stacks", "-v", "-j", "-d", "0"), reading);
	unlink(path);
	rmdir(directory);
}

/* ---- enough ---------------------------------------------------------------- */

static const struct dwell_manner with_all = {
	.unprivileged = true,
	.capabilities = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_SYSLOG),
};
static const struct dwell_manner without_symbols = {
	.unprivileged = true,
	.capabilities = BIT(CAP_BPF) | BIT(CAP_PERFMON),
};

static const struct timer_case *case_named(const struct live_test *tests, const char *name)
{
	for (; tests->name; tests++)
		if (!strcmp(tests->name, name))
			return tests->argument;
	live_abort("there is no test %s", name);
}

/* Each kind of timer is counted exactly by a dwell that has these capabilities alone. */
static void run_enough(const void *argument)
{
	const struct dwell_manner *manner = argument;

	timer_case_measure(case_named(tests_sleeps, "nanosleep-relative"), manner);
	timer_case_measure(case_named(tests_timers, "timerfd-oneshot"), manner);
	timer_case_measure(case_named(tests_timers, "posix-oneshot"), manner);
	timer_case_measure(case_named(tests_timers, "itimer-oneshot"), manner);
}

static void run_missing(const void *argument)
{
	const struct dwell_manner no_perfmon = {.unprivileged = true,
						.capabilities = BIT(CAP_BPF) | BIT(CAP_SYSLOG)};
	const struct dwell_manner no_bpf = {.unprivileged = true,
					    .capabilities = BIT(CAP_PERFMON) | BIT(CAP_SYSLOG)};

	(void)argument;
	dwell_expect_error(&no_perfmon, DWELL_ARGUMENTS("summary", "-d", "100ms"), 4,
			   "CAP_PERFMON");
	dwell_expect_error(&no_bpf, DWELL_ARGUMENTS("summary", "-d", "100ms"), 4, "CAP_BPF");
}

const struct live_test tests_capabilities[] = {
	{.name = "capabilities-dropped", .run = run_dropped},
	{.name = "capabilities-enough", .run = run_enough, .argument = &with_all},
	{.name = "capabilities-no-syslog", .run = run_enough, .argument = &without_symbols},
	{.name = "capabilities-missing", .run = run_missing},
	{0},
};
