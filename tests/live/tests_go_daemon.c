/* SPDX-License-Identifier: GPL-2.0-only */
/* The service and Go programs: read only where it is told to, counted exactly, no harm from any. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/daemon_run.h"
#include "harness/live/go_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#define MS 1000000ULL

static const char *const tickers[] = {"leaky-tickers", "30", NULL};
static const char *const reads[] = {"--go", "on", NULL};

/* The fixtures' name here, for others may run elsewhere; and a link of that name to one. */
static char comm[16], link_path[32];
static const char *const reads_ours[] = {"--go", "on", "-c", comm, NULL};

static void remove_link(void)
{
	unlink(link_path);
}

/* Has @binary run under a name of this test's own. */
static void rename_binary(struct go_binary *binary)
{
	const pid_t pid = getpid();
	char *path = realpath(binary->path, NULL);

	snprintf(comm, sizeof(comm), "fx-%d", pid);
	snprintf(link_path, sizeof(link_path), "/tmp/fx-%d", pid);
	unlink(link_path);
	if (!path || symlink(path, link_path))
		live_abort("%s cannot be made", link_path);
	free(path);
	atexit(remove_link);
	snprintf(binary->path, sizeof(binary->path), "%s", link_path);
}

static struct go_binary our_newest(void)
{
	struct go_binary binary = go_newest();

	rename_binary(&binary);
	return binary;
}

/* "FAMILY{comm="COMM"}"; valid until the next call. */
static const char *of_ours(const char *family)
{
	static char series[128];

	snprintf(series, sizeof(series), "%s{comm=\"%s\"}", family, comm);
	return series;
}

/* Whether the file as read last has a family that begins so. */
static bool has_family(const struct daemon *daemon, const char *beginning)
{
	for (size_t i = 0; i < daemon->seen.families; i++)
		if (!strncmp(daemon->seen.family[i].name, beginning, strlen(beginning)))
			return true;
	return false;
}

/* Waits until that series has @value. */
static void await_value(struct daemon *daemon, const char *series, double value)
{
	const uint64_t limit = proc_now() + (uint64_t)live_slower(20, 3) * 1000 * MS;

	while (!daemon_read(daemon) || daemon_value(daemon, series) != value) {
		if (proc_now() > limit)
			live_abort("%s is %g instead of %g", series, daemon_value(daemon, series),
				   value);
		proc_sleep(50 * MS);
	}
}

/* The label of a name in a row of truth. */
static const char *label_of(const json_t *row, const char *key)
{
	const char *name = go_text(row, key);

	return *name ? name : "~none";
}

/* The series of a row of truth, in @series: of timers, or of goroutines if it is of no kind. */
static void name_series(char series[512], const json_t *row)
{
	const char *what = go_text(row, "what");

	if (*what)
		snprintf(series, 512, "dwell_go_timers{comm=\"%s\",kind=\"%s\",owner=\"%s\"}", comm,
			 what, label_of(row, "owner"));
	else
		snprintf(series, 512, "dwell_go_goroutines{comm=\"%s\",creator=\"%s\"}", comm,
			 label_of(row, "created_by"));
}

/* Waits until the file has just @times what each row of truth says. */
static void expect_rows(struct daemon *daemon, const json_t *rows, int times)
{
	const json_t *row, *other;
	char series[512], its[512];
	size_t i, j;

	json_array_foreach(rows, i, row) {
		int64_t count = 0;

		name_series(series, row);
		/* Rows may differ in what is no label: in periods and places. */
		json_array_foreach(rows, j, other) {
			name_series(its, other);
			if (!strcmp(series, its))
				count += go_number(other, "count");
		}
		/* What there is none of has no series. */
		await_value(daemon, series, count ? (double)(count * times) : -1);
	}
}

/* By default nothing is read: there is no family of Go programs, and no process that reads. */
static void run_off(const void *argument)
{
	const struct go_binary binary = our_newest();
	struct go_fixture fixture;
	struct daemon daemon;
	double at;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, tickers);
	daemon_start(&daemon);
	at = daemon_next_export(&daemon, 0);
	daemon_next_export(&daemon, at);
	if (has_family(&daemon, "dwell_go_"))
		live_fail("there are families of Go programs");
	daemon_end(&daemon);
	go_fixture_end(&fixture);
}

static void expect_truth(struct daemon *daemon, const struct go_binary *binary,
			 const char *scenario)
{
	const char *const arguments[] = {scenario, "30", NULL};
	struct go_fixture fixture;

	go_fixture_start(&fixture, binary, NULL, arguments);
	live_note("%s", fixture.name);
	await_value(daemon, of_ours("dwell_go_comm_processes"), 1);
	expect_rows(daemon, json_object_get(fixture.truth, "timers"), 1);
	expect_rows(daemon, json_object_get(fixture.truth, "goroutines"), 1);
	live_expect("processes read",
		    (int64_t)daemon_value(daemon, "dwell_go_processes{state=\"read\"}"), 1);
	go_fixture_expect_alive(&fixture);
	go_fixture_end(&fixture);
	await_value(daemon, of_ours("dwell_go_comm_processes"), -1);
}

/* One program of each version that was built: what the service exports is what they hold. */
static void run_counts(const void *argument)
{
	static const char *const scenarios[] = {"leaky-tickers", "contexts", "stuck-send", "mix"};
	struct go_binary list[GO_BINARIES_MAX], first = our_newest();
	const size_t count = go_binaries(list, NULL, first.variant);
	struct daemon daemon;

	(void)argument;
	daemon_prepare(&daemon, NULL);
	daemon_run(&daemon, reads_ours);
	for (size_t i = 0; i < count; i++) {
		rename_binary(&list[i]);
		for (size_t j = 0; j < sizeof(scenarios) / sizeof(*scenarios); j++)
			expect_truth(&daemon, &list[i], scenarios[j]);
	}
	daemon_end(&daemon);
}

/* Processes of one name are added up, come and go. */
static void run_sums(const void *argument)
{
	const struct go_binary binary = our_newest();
	struct go_fixture fixture[3];
	struct daemon daemon;

	(void)argument;
	daemon_prepare(&daemon, NULL);
	daemon_run(&daemon, reads_ours);
	daemon_next_export(&daemon, 0);
	live_expect("processes read",
		    (int64_t)daemon_value(&daemon, "dwell_go_processes{state=\"read\"}"), 0);
	for (int i = 0; i < 3; i++) {
		go_fixture_start(&fixture[i], &binary, NULL, tickers);
		await_value(&daemon, of_ours("dwell_go_comm_processes"), i + 1);
		expect_rows(&daemon, json_object_get(fixture[0].truth, "timers"), i + 1);
		expect_rows(&daemon, json_object_get(fixture[0].truth, "goroutines"), i + 1);
	}
	go_fixture_end(&fixture[1]);
	await_value(&daemon, of_ours("dwell_go_comm_processes"), 2);
	expect_rows(&daemon, json_object_get(fixture[0].truth, "timers"), 2);
	/* As many as are allowed, also when that changes meanwhile. */
	daemon_configure(&daemon, "[export]\ninterval = 1s\n[limits]\nmax-go = 1\n");
	kill(daemon.run.pid, SIGHUP);
	await_value(&daemon, "dwell_go_processes{state=\"not_admitted\"}", 1);
	expect_rows(&daemon, json_object_get(fixture[0].truth, "timers"), 1);
	go_fixture_end(&fixture[0]);
	go_fixture_end(&fixture[2]);
	await_value(&daemon, of_ours("dwell_go_comm_processes"), -1);
	daemon_end(&daemon);
}

/* Which processes may be read does not depend on whose they are: the service is root's. */
static void become_nobody(const char *path)
{
	(void)path;
	if (setgid(65534) || setuid(65534))
		_exit(1);
}

static void run_others(const void *argument)
{
	static const struct go_manner manner = {.prepare = become_nobody};
	const struct go_binary binary = our_newest();
	struct go_fixture fixture;
	struct daemon daemon;

	(void)argument;
	go_fixture_start(&fixture, &binary, &manner, tickers);
	daemon_prepare(&daemon, NULL);
	daemon_run(&daemon, reads_ours);
	await_value(&daemon, of_ours("dwell_go_comm_processes"), 1);
	expect_rows(&daemon, json_object_get(fixture.truth, "timers"), 1);
	daemon_end(&daemon);
	go_fixture_end(&fixture);
}

/* Takes from this process, and all that it starts, what reading memory takes. */
static void lose_memory(void)
{
	static const int lost[] = {CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH};

	for (size_t i = 0; i < sizeof(lost) / sizeof(*lost); i++)
		if (prctl(PR_CAPBSET_DROP, lost[i], 0, 0, 0))
			live_abort("a capability cannot be dropped");
}

/* Without the privilege the service goes on, says so once, and says that it reads none. */
static void run_forbidden(const void *argument)
{
	const struct go_binary binary = our_newest();
	struct go_fixture fixture;
	struct daemon daemon;
	double at;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, tickers);
	lose_memory();
	daemon_prepare(&daemon, NULL);
	daemon_run(&daemon, reads);
	at = daemon_next_export(&daemon, 0);
	daemon_next_export(&daemon, at);
	live_expect("processes read",
		    (int64_t)daemon_value(&daemon, "dwell_go_processes{state=\"read\"}"), 0);
	live_expect("the reduction",
		    (int64_t)daemon_value(&daemon, "dwell_reduction{name=\"go_memory\"}"), 1);
	live_expect("how often it says so",
		    daemon_said(&daemon, "Go programs are not read: it takes CAP_SYS_PTRACE"), 1);
	if (has_family(&daemon, "dwell_go_timers") || has_family(&daemon, "dwell_go_goroutines"))
		live_fail("there are figures of Go programs");
	if (daemon_value(&daemon, "dwell_timers_armed_total{comm=\"~other\"}") < 0)
		live_fail("the other figures are gone too");
	daemon_end(&daemon);
	go_fixture_end(&fixture);
}

/* The process id of the service's reader; 0: there is none. */
static pid_t reader_of(const struct daemon *daemon)
{
	char path[64], children[256], comm[32];
	char *next = children;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", daemon->run.pid, daemon->run.pid);
	if (proc_read(path, children, sizeof(children)) <= 0)
		return 0;
	for (;;) {
		const pid_t pid = (pid_t)strtol(next, &next, 10);

		if (!pid)
			return 0;
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (proc_read(path, comm, sizeof(comm)) > 0 && !strcmp(comm, "dwell-go\n"))
			return pid;
	}
}

/* A reader that stands still holds up nobody; it is replaced, and gone when the service is. */
static void run_hangs(const void *argument)
{
	const struct go_binary binary = our_newest();
	struct go_fixture fixture;
	struct daemon daemon;
	pid_t reader;
	double at;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, tickers);
	daemon_prepare(&daemon, NULL);
	daemon_run(&daemon, reads_ours);
	await_value(&daemon, of_ours("dwell_go_comm_processes"), 1);
	reader = reader_of(&daemon);
	if (!reader)
		live_abort("there is no dwell-go");
	kill(reader, SIGSTOP);
	await_value(&daemon, "dwell_go_processes{state=\"skipped\"}", 1);
	expect_rows(&daemon, json_object_get(fixture.truth, "timers"), 1);
	at = daemon_stamp(&daemon);
	for (int i = 0; i < 3; i++) {
		const double before = at;

		at = daemon_next_export(&daemon, at);
		if (!live_options.emulated && at > before + 2)
			live_fail("an export came after %.1f s", at - before);
	}
	await_value(&daemon, "dwell_go_restarts_total", 1);
	await_value(&daemon, "dwell_go_processes{state=\"read\"}", 1);
	reader = reader_of(&daemon);
	daemon_end(&daemon);
	for (int i = 0; i < 100 && !kill(reader, 0); i++)
		proc_sleep(20 * MS);
	if (!kill(reader, 0))
		live_fail("its reader outlives it");
	go_fixture_expect_alive(&fixture);
	go_fixture_end(&fixture);
}

/* With next to nothing allowed, Go programs are read less, then not at all, before all else. */
static void run_budget(const void *argument)
{
	const struct go_binary binary = our_newest();
	struct go_fixture fixture;
	struct daemon daemon;

	(void)argument;
	go_fixture_start(&fixture, &binary, NULL, tickers);
	daemon_prepare(&daemon, NULL);
	daemon.limited = true;
	daemon_configure(&daemon, "[export]\ninterval = 1s\n[limits]\nmax-overhead = 0.01\n");
	daemon_run(&daemon, reads_ours);
	daemon_await_words(&daemon, "Go programs are read less often", 1);
	daemon_await_words(&daemon, "Go programs are not read", 1);
	daemon_await_words(&daemon, "outliers have no stacks", 1);
	await_value(&daemon, "dwell_go_processes{state=\"read\"}", 0);
	daemon_configure(&daemon, "[export]\ninterval = 1s\n[limits]\nmax-overhead = off\n");
	kill(daemon.run.pid, SIGHUP);
	await_value(&daemon, "dwell_go_processes{state=\"read\"}", 1);
	expect_rows(&daemon, json_object_get(fixture.truth, "timers"), 1);
	daemon_end(&daemon);
	go_fixture_end(&fixture);
}

const struct live_test tests_go_daemon[] = {
	{.name = "go-daemon-off", .run = run_off},
	{.name = "go-daemon-counts", .run = run_counts, .seconds = 300},
	{.name = "go-daemon-sums", .run = run_sums},
	{.name = "go-daemon-others", .run = run_others},
	{.name = "go-daemon-forbidden", .run = run_forbidden},
	{.name = "go-daemon-hangs", .run = run_hangs, .seconds = 120},
	{.name = "go-daemon-budget", .run = run_budget},
	{0},
};
