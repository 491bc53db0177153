/* SPDX-License-Identifier: GPL-2.0-only */
/* The service: its text file, whole and growing, its settings read again, its end. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/daemon_run.h"
#include "harness/live/live.h"
#include "harness/live/timer_case.h"
#include "harness/live/workload.h"

#define MS 1000000ULL

static void sleep_often(struct work *work)
{
	(void)work;
	for (int i = 0; i < 500; i++)
		proc_sleep(MS);
}

/* All that the groups armed, the named ones and the others. */
static double armed(const struct daemon *daemon)
{
	return daemon_sum(daemon, "dwell_timers_armed_total");
}

static int64_t resident_bytes(pid_t pid)
{
	char path[64], text[128];
	unsigned long long pages;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (proc_read(path, text, sizeof(text)) <= 0 || sscanf(text, "%*u %llu", &pages) != 1)
		live_abort("%s cannot be read", path);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void run_export(const void *argument)
{
	struct workload workload;
	struct daemon daemon;
	double before;

	(void)argument;
	workload_start(&workload, sleep_often, NULL);
	daemon_start(&daemon);
	daemon_next_export(&daemon, 0);
	before = armed(&daemon);
	workload_release(&workload);
	if (!workload_wait(&workload, live_slower(20, 3)))
		live_abort("the workload died");
	daemon_fresh_export(&daemon);
	if (armed(&daemon) < before + 500)
		live_fail("timers armed grew from %.0f to %.0f", before, armed(&daemon));
	if (daemon_value(&daemon, "dwell_events_lost_total{reason=\"ring_full\"}") != 0)
		live_fail("it lost records");
	if (daemon_value(&daemon, "dwell_bpf_program_attached{program=\"on_switch\"}") != 1)
		live_fail("on_switch is not attached");
	workload_leave(&workload);
	daemon_end(&daemon);
}

#define TIMER_TASKS 5000 /* more than there is room for at once */

/* Many tasks, one after the other, that leave an armed timer to the end of their process. */
static void arm_and_exit(struct work *work)
{
	static const struct itimerspec hour = {.it_value.tv_sec = CASE_HOUR};

	(void)work;
	prctl(PR_SET_NAME, "dwell-armers");
	for (int i = 0; i < TIMER_TASKS / 2; i++) {
		const pid_t pid = fork();

		if (pid < 0)
			live_abort("fork: %s", strerror(errno));
		if (pid == 0)
			_exit(timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), 0, &hour, NULL));
		waitpid(pid, NULL, 0);
	}
}

/* Timers are forgotten with their owners: there is room for those of the next ones. */
static void run_timers(const void *argument)
{
	struct workload workload;
	struct daemon daemon;
	double before;

	(void)argument;
	daemon_start(&daemon);
	daemon_next_export(&daemon, 0);
	before = armed(&daemon);
	for (int i = 0; i < 2; i++) {
		workload_start(&workload, arm_and_exit, NULL);
		workload_release(&workload);
		if (!workload_wait(&workload, live_slower(20, 3)))
			live_abort("the workload died");
		daemon_fresh_export(&daemon);
		workload_leave(&workload);
	}
	if (armed(&daemon) < before + TIMER_TASKS)
		live_fail("timers armed grew from %.0f to %.0f", before, armed(&daemon));
	live_expect("timers that found no room",
		    (int64_t)daemon_value(&daemon,
					  "dwell_events_lost_total{reason=\"timer_ledger_full\"}"),
		    0);
	daemon_end(&daemon);
}

/* What it says of its memory is what it has, not what it or its starter had at most. */
static void run_memory(const void *argument)
{
	const size_t size = 64 << 20;
	struct daemon daemon;
	void *big;

	(void)argument;
	big = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		   -1, 0);
	if (big == MAP_FAILED)
		live_abort("mmap: %s", strerror(errno));
	daemon_start(&daemon);
	munmap(big, size);
	daemon_next_export(&daemon, 0);
	live_expect_near("resident memory",
			 (int64_t)daemon_value(&daemon, "dwell_resident_memory_bytes"),
			 resident_bytes(daemon.run.pid), 8 << 20);
	daemon_end(&daemon);
}

/* A broken file changes nothing; a good one does, without a restart. */
static void run_reload(const void *argument)
{
	struct daemon daemon;
	double at, then;

	(void)argument;
	daemon_start(&daemon);
	at = daemon_next_export(&daemon, 0);
	daemon_configure(&daemon, "[export]\ninterval = soon\n");
	kill(daemon.run.pid, SIGHUP);
	at = daemon_next_export(&daemon, at);
	at = daemon_next_export(&daemon, at);
	daemon_configure(&daemon, "[export]\ninterval = 4s\n");
	kill(daemon.run.pid, SIGHUP);
	/* Once at the reload, then at the new pace. */
	at = daemon_next_export(&daemon, at);
	at = daemon_next_export(&daemon, at);
	then = daemon_next_export(&daemon, at);
	if (then - at < 3.5)
		live_fail("exports still come after %.1f s", then - at);
	kill(daemon.run.pid, SIGUSR1);
	proc_sleep(1000 * MS);
	daemon_end(&daemon);
}

/* The directory goes and comes back: nothing is lost but the exports meanwhile. */
static void run_directory(const void *argument)
{
	char away[80];
	struct daemon daemon;
	double at;

	(void)argument;
	daemon_start(&daemon);
	at = daemon_next_export(&daemon, 0);
	snprintf(away, sizeof(away), "%s-away", daemon.directory);
	if (rename(daemon.directory, away))
		live_abort("rename: %s", strerror(errno));
	proc_sleep((uint64_t)live_slower(2500, 3) * MS);
	if (rename(away, daemon.directory))
		live_abort("rename: %s", strerror(errno));
	daemon_next_export(&daemon, at);
	/* The file that was away is older: wait for one that knows of the errors. */
	while (daemon_value(&daemon, "dwell_export_errors_total") < 1)
		at = daemon_next_export(&daemon, at);
	daemon_end(&daemon);
}

/* ---- what it costs ------------------------------------------------------------- */

#define STATISTICS "/proc/sys/kernel/bpf_stats_enabled"

static void end_statistics(void)
{
	proc_write(STATISTICS, "0");
}

/* What the kernel's statistics say of one program: nothing, if @fd is of another kind. */
static void add_statistics(pid_t pid, const char *fd, uint64_t *ns, uint64_t *runs)
{
	char path[64], text[4096];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.16s", pid, fd);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return;
	at = strstr(text, "run_time_ns:");
	*ns += at ? strtoull(at + strlen("run_time_ns:"), NULL, 10) : 0;
	at = strstr(text, "run_cnt:");
	*runs += at ? strtoull(at + strlen("run_cnt:"), NULL, 10) : 0;
}

/* Of all programs of the process. */
static void read_statistics(pid_t pid, uint64_t *ns, uint64_t *runs)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;

	*ns = *runs = 0;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	directory = opendir(path);
	if (!directory)
		live_abort("opening %s: %s", path, strerror(errno));
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			add_statistics(pid, entry->d_name, ns, runs);
	closedir(directory);
}

/* Enough to be told from what else the machine does; each one some runs of several programs. */
#define MANY_SLEEPS 60000

static void sleep_much(struct work *work)
{
	(void)work;
	for (int i = 0; i < MANY_SLEEPS; i++)
		proc_sleep(1);
}

static double spent_runs(const struct daemon *daemon)
{
	return daemon_value(daemon, "dwell_bpf_runs_total");
}

static double spent_seconds(const struct daemon *daemon)
{
	return daemon_value(daemon, "dwell_bpf_run_seconds_total");
}

/*
 * What dwell says that its programs take, against the kernel's own statistics. Those count
 * the way into a program too, and programs that are not sampled, but those hardly run.
 */
static void run_cost(const void *argument)
{
	uint64_t ns, runs, more_ns, more_runs;
	struct workload workload;
	struct daemon daemon;
	double at, told_runs, told_ns;

	(void)argument;
	atexit(end_statistics);
	if (proc_write(STATISTICS, "1"))
		live_abort("cannot switch on the kernel's BPF statistics");
	workload_start(&workload, sleep_much, NULL);
	daemon_start(&daemon);
	at = daemon_next_export(&daemon, 0);
	read_statistics(daemon.run.pid, &ns, &runs);
	told_runs = spent_runs(&daemon);
	told_ns = spent_seconds(&daemon) * 1e9;
	workload_release(&workload);
	if (!workload_wait(&workload, live_slower(60, 3)))
		live_abort("the workload died");
	read_statistics(daemon.run.pid, &more_ns, &more_runs);
	at = daemon_next_export(&daemon, at);
	daemon_next_export(&daemon, at);
	told_runs = spent_runs(&daemon) - told_runs;
	told_ns = spent_seconds(&daemon) * 1e9 - told_ns;
	live_note("%.0f runs took %.0f us; the kernel says %" PRIu64 " took %" PRIu64 " us",
		  told_runs, told_ns / 1e3, more_runs - runs, (more_ns - ns) / 1000);
	/* Two exports more of a machine that does little are in the former. */
	if (told_runs < 0.9 * (double)(more_runs - runs) ||
	    told_runs > 1.5 * (double)(more_runs - runs))
		live_fail("runs: %.0f instead of %" PRIu64, told_runs, more_runs - runs);
	/* An emulated CPU stops now and then, and what that does to one sample counts a thousandfold. */
	if (!live_options.emulated &&
	    (told_ns < 0.4 * (double)(more_ns - ns) || told_ns > 2.5 * (double)(more_ns - ns)))
		live_fail("ns: %.0f instead of %" PRIu64, told_ns, more_ns - ns);
	workload_leave(&workload);
	daemon_end(&daemon);
}

static double await_shed_level(struct daemon *daemon, double at, double level)
{
	const uint64_t limit = proc_now() + (uint64_t)live_slower(60, 3) * 1000 * MS;

	while (daemon_value(daemon, "dwell_shed_level") != level) {
		if (proc_now() > limit)
			live_abort("the level stays at %.0f instead of %.0f",
				   daemon_value(daemon, "dwell_shed_level"), level);
		at = daemon_next_export(daemon, at);
	}
	return at;
}

/* With next to nothing allowed all is shed, a step at a time; with all allowed it comes back. */
static void run_budget(const void *argument)
{
	struct daemon daemon;
	double at;

	(void)argument;
	daemon_prepare(&daemon, NULL);
	daemon.limited = true;
	daemon_run(&daemon, NULL);
	at = daemon_next_export(&daemon, 0);
	daemon_configure(&daemon, "[export]\ninterval = 1s\n[limits]\nmax-overhead = 0.01\n");
	kill(daemon.run.pid, SIGHUP);
	for (int level = 1; level <= 3; level++)
		at = await_shed_level(&daemon, at, level);
	if (daemon_value(&daemon, "dwell_overhead_ratio") <= 0)
		live_fail("it says that it costs nothing");
	daemon_configure(&daemon, "[export]\ninterval = 1s\n[limits]\nmax-overhead = off\n");
	kill(daemon.run.pid, SIGHUP);
	await_shed_level(&daemon, at, 0);
	if (!daemon_said(&daemon, "exports are fewer"))
		live_fail("it does not say what it leaves undone");
	daemon_end(&daemon);
}

static void run_usage(const void *argument)
{
	(void)argument;
	dwell_expect_error(NULL, DWELL_ARGUMENTS("daemon", "--config", "/nowhere/at/all"), 2,
			   "/nowhere/at/all");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("daemon", "--groups", "pid"), 2, "comm");
	dwell_expect_error(NULL, DWELL_ARGUMENTS("daemon", "--interval", "1ms"), 2, "interval");
}

const struct live_test tests_daemon[] = {
	{.name = "daemon-export", .run = run_export},
	{.name = "daemon-timers", .run = run_timers},
	{.name = "daemon-memory", .run = run_memory},
	{.name = "daemon-reload", .run = run_reload},
	{.name = "daemon-directory", .run = run_directory},
	{.name = "daemon-cost", .run = run_cost},
	{.name = "daemon-budget", .run = run_budget},
	{.name = "daemon-usage", .run = run_usage},
	{0},
};
