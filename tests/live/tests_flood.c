/* SPDX-License-Identifier: GPL-2.0-only */
/* How often one incident is told: open waits, intervals within others, and many of one cause. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

#define MS 1000000ULL
#define SECOND 1000000000ULL
#define MEASURING_SECONDS 20
#define CAP_BIT_PERFMON 38

/* ---- tasks ---------------------------------------------------------------------- */

/* Who has a higher @priority keeps the CPU from the others, until it sleeps. */
static void become_realtime(struct work *work, int priority)
{
	const struct sched_param parameter = {.sched_priority = priority};

	if (sched_setscheduler(0, SCHED_FIFO, &parameter))
		atomic_store(&work->disturbed, errno);
}

static void expect_realtime(const struct workload *workload)
{
	const int err = atomic_load(&workload->work->disturbed);

	if (err)
		live_skip("no real-time task is possible here: %s", strerror(err));
}

static void sleep_until(uint64_t at)
{
	const struct timespec time = {.tv_sec = (time_t)(at / SECOND),
				      .tv_nsec = (long)(at % SECOND)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/* Without -v, which asks for each outlier, nothing is said: the privileges go when it measures. */
static void wait_measuring(const struct dwell_process *run)
{
	const uint64_t deadline = proc_now() + MEASURING_SECONDS * SECOND;
	char path[64], status[4096];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", run->pid);
	for (;;) {
		if (proc_read(path, status, sizeof(status)) > 0 && strstr(status, "Name:\tdwell") &&
		    (line = strstr(status, "CapEff:")) &&
		    !(strtoull(line + strlen("CapEff:"), NULL, 16) >> CAP_BIT_PERFMON & 1))
			return;
		if (proc_now() > deadline)
			live_abort("dwell did not measure within %d s", MEASURING_SECONDS);
		proc_sleep(5 * MS);
	}
}

/* Lets @workload do its work, which takes at most @seconds, and ends @run. */
static void run_beside(struct workload *workload, struct dwell_process *run, int64_t seconds)
{
	workload_release(workload);
	if (!workload_wait(workload, live_slower(seconds, 2)))
		live_abort("the workload died");
	dwell_interrupt(run);
	dwell_wait(run, 30);
}

/* ---- an open wait ----------------------------------------------------------------- */

#define STARVED_NS (13 * SECOND)

/* Begins to spin when the other one sleeps. */
static void starve(struct work *work)
{
	become_realtime(work, 2);
	proc_pin(0, PROC_LAST_CPU);
	if (!work_await_sleep(work, 1))
		live_abort("the task to be starved does not sleep");
	work->began[1] = proc_now();
	proc_spin(work->began[0] + STARVED_NS);
}

static void be_starved(struct work *work)
{
	become_realtime(work, 1);
	work->tid[1] = work_peer(work, starve);
	proc_pin(0, PROC_LAST_CPU);
	work->began[0] = proc_now() + 500 * MS;
	work_announce(work, 1);
	sleep_until(work->began[0]);
	work->ended[0] = proc_now();
	waitpid(work->tid[1], NULL, 0);
}

static void run_on(struct workload *workload, struct report *report)
{
	struct dwell_process run;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", workload->pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "0", "--runqueue", "1s",
				    "--throttled", "off", "--blocked", "off", "--dwell", "off",
				    "--lateness", "off", "--timer-latency", "off", "-p", pid));
	dwell_wait_measuring(&run);
	/* Or it may starve as well, on a CPU that is not balanced with others. */
	proc_pin(run.pid, PROC_FIRST_CPU);
	run_beside(workload, &run, 40);
	report_read(report, &run);
	dwell_close(&run);
}

static void run_open_doubles(const void *argument)
{
	int64_t told = 0, waited, ns, open = 0, ended = 0;
	struct workload workload;
	const json_t *outlier;
	struct report report;
	size_t index;

	(void)argument;
	workload_start(&workload, be_starved, NULL);
	run_on(&workload, &report);
	expect_realtime(&workload);
	waited = (int64_t)(workload.work->ended[0] - workload.work->began[0]);
	json_array_foreach(report.outliers, index, outlier) {
		ns = report_integer(outlier, "ns");
		if (report_integer(outlier, "tid") != workload.pid)
			continue;
		live_note("%s after %" PRId64 " ms",
			  json_is_true(json_object_get(outlier, "open")) ? "open" : "ended",
			  ns / (int64_t)MS);
		if (!told && json_object_get(outlier, "told_ns"))
			live_fail("it was told before it was told");
		/* By how much its beginning moves from look to look. */
		if (told)
			live_expect_near("when it was told before",
					 report_integer(outlier, "told_ns"), told, MS);
		if (!json_is_true(json_object_get(outlier, "open"))) {
			ended++;
			live_expect_near("the wait", ns, waited, waited / 50);
			continue;
		}
		open++;
		if (ended)
			live_fail("it was told open after its end");
		if (ns < 2 * told - (int64_t)MS)
			live_fail("told again, though it has not doubled");
		told = ns;
	}
	if (waited < (int64_t)(STARVED_NS - SECOND))
		live_abort("it was starved for %" PRId64 " ms only", waited / (int64_t)MS);
	live_expect("its end", ended, 1);
	/* 1, 2, 4 and 8 s, or a second later, when it is looked for. */
	live_expect_range("while it was open", open, 2, 4);
	report_free(&report);
	workload_leave(&workload);
}

/* ---- what dwell outliers wrote for people ---------------------------------------------- */

struct lines {
	unsigned int count;    /* of lines */
	unsigned int outliers; /* that they tell */
	unsigned int named;    /* lines that have a word */
	unsigned int in_named; /* outliers of these */
};

/* "HH:MM:SS.mmm 12 runqueue waits of …" tells 12, "HH:MM:SS.mmm runqueue 31ms …" one. */
static struct lines read_lines(const struct dwell_process *run, const char *word)
{
	char *text = strdup(run->out_text), *rest = text, *line;
	struct lines lines = {0};

	while ((line = strsep(&rest, "\n"))) {
		unsigned int told;

		if (strlen(line) < sizeof("00:00:00.000"))
			continue;
		told = (unsigned int)strtoul(line + sizeof("00:00:00.000"), NULL, 10) ?: 1;
		lines.count++;
		lines.outliers += told;
		if (!strstr(line, word))
			continue;
		if (!lines.named++)
			live_note("%s", line);
		lines.in_named += told;
	}
	free(text);
	return lines;
}

/* The sum of the numbers in what the footer says behind @heading: "outliers: 2 dwell, 12 runqueue". */
static unsigned int sum_behind(const struct dwell_process *run, const char *heading)
{
	const char *at = strstr(run->err_text, heading), *end;
	unsigned int sum = 0;

	if (!at)
		return 0;
	at += strlen(heading);
	end = at + strcspn(at, "\n");
	while (at < end) {
		char *next;

		sum += (unsigned int)strtoul(at, &next, 10);
		at = next + strcspn(next, ",\n") + 1;
	}
	return sum;
}

/* The number ahead of @words in the footer; 0: it is not there. */
static unsigned int number_ahead(const struct dwell_process *run, const char *words)
{
	const char *at = strstr(run->err_text, words);

	while (at && at > run->err_text && strchr("0123456789 ", at[-1]))
		at--;
	return at ? (unsigned int)strtoul(at, NULL, 10) : 0;
}

/* Every outlier that dwell has counted is in a line, or part of one that is. */
static void expect_all_told(const struct dwell_process *run, const struct lines *lines)
{
	live_note("%u lines tell %u outliers, %u are parts", lines->count, lines->outliers,
		  number_ahead(run, " more are parts"));
	live_expect("outliers in lines and their parts",
		    lines->outliers + number_ahead(run, " more are parts"),
		    sum_behind(run, "outliers: "));
}

/* ---- an incident with three kinds --------------------------------------------------------- */

#define ROUNDS 4
#define ROUND_NS (2500 * MS)
#define LATE_NS (400 * MS)

/* Has the CPU from a while before the ticker is due until LATE_NS after. */
static void get_ahead(struct work *work)
{
	become_realtime(work, 2);
	proc_pin(0, PROC_LAST_CPU);
	for (int i = 1; i <= ROUNDS; i++) {
		sleep_until(work->began[0] + (uint64_t)i * ROUND_NS - 100 * MS);
		proc_spin(work->began[0] + (uint64_t)i * ROUND_NS + LATE_NS);
	}
}

static void tick_late(struct work *work)
{
	become_realtime(work, 1);
	proc_pin(0, PROC_LAST_CPU);
	work->began[0] = proc_now();
	work->tid[1] = work_peer(work, get_ahead);
	for (int i = 1; i <= ROUNDS; i++) {
		const uint64_t due = work->began[0] + (uint64_t)i * ROUND_NS;

		sleep_until(due);
		/* What is much beyond the threshold counts for sure. */
		work->account[0].slices += proc_now() - due > LATE_NS * 3 / 4;
	}
	waitpid(work->tid[1], NULL, 0);
}

/* Late, queued, and its activation long: one line each time. */
static void run_told_once(const void *argument)
{
	struct workload workload;
	struct dwell_process run;
	struct lines lines;
	char pid[16];

	(void)argument;
	workload_start(&workload, tick_late, NULL);
	snprintf(pid, sizeof(pid), "%d", workload.pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-d", "0", "--runqueue", "200ms", "--throttled",
				    "off", "--blocked", "off", "--dwell", "200ms", "--lateness",
				    "off", "--timer-latency", "200ms", "-p", pid));
	wait_measuring(&run);
	proc_pin(run.pid, PROC_FIRST_CPU);
	run_beside(&workload, &run, 30);
	expect_realtime(&workload);
	lines = read_lines(&run, "timer_latency ");
	live_expect("incidents made", (int64_t)workload.work->account[0].slices, ROUNDS);
	live_expect("timer latencies told", lines.in_named, ROUNDS);
	/* As they happen: more than a second lies between two of them. */
	live_expect_range("lines of timer latencies", lines.named, ROUNDS - 1, ROUNDS);
	/* The look of each second may fall into one; then that is told while it is open, too. */
	live_expect("other lines", lines.count - lines.named - read_lines(&run, " open: ").named,
		    0);
	expect_all_told(&run, &lines);
	if (sum_behind(&run, "outliers: ") < 2 * ROUNDS)
		live_abort("the waits were no outliers: nothing is proved");
	dwell_close(&run);
	workload_leave(&workload);
}

/* ---- in JSON it is marked ------------------------------------------------------------------ */

static bool contains(const json_t *outlier, const char *kind)
{
	const json_t *item;
	size_t index;

	json_array_foreach(json_object_get(outlier, "contains"), index, item)
		if (!strcmp(json_string_value(item), kind))
			return true;
	return false;
}

/* Whether an outlier of @kind was told before the @behind-th that ended with it. */
static bool was_told(const json_t *outliers, size_t behind, const char *kind)
{
	const json_t *outer = json_array_get(outliers, behind), *outlier;

	for (size_t i = 0; i < behind; i++) {
		outlier = json_array_get(outliers, i);
		if (!json_is_true(json_object_get(outlier, "open")) &&
		    !strcmp(json_string_value(json_object_get(outlier, "what")), kind) &&
		    report_integer(outlier, "tid") == report_integer(outer, "tid") &&
		    report_integer(outlier, "mono_ns") == report_integer(outer, "mono_ns"))
			return true;
	}
	return false;
}

static void run_parts_marked(const void *argument)
{
	unsigned int latencies = 0, both = 0;
	struct workload workload;
	struct dwell_process run;
	const json_t *outlier;
	struct report report;
	size_t index;
	char pid[16];

	(void)argument;
	workload_start(&workload, tick_late, NULL);
	snprintf(pid, sizeof(pid), "%d", workload.pid);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-j", "-v", "-d", "0", "--runqueue", "200ms",
				    "--throttled", "off", "--blocked", "off", "--dwell", "off",
				    "--lateness", "off", "--timer-latency", "200ms", "-p", pid));
	dwell_wait_measuring(&run);
	run_beside(&workload, &run, 30);
	report_read(&report, &run);
	expect_realtime(&workload);
	json_array_foreach(report.outliers, index, outlier) {
		const bool told = was_told(report.outliers, index, "runqueue");

		if (strcmp(json_string_value(json_object_get(outlier, "what")), "timer_latency"))
			continue;
		latencies++;
		both += told;
		if (contains(outlier, "runqueue") != told)
			live_fail("a timer latency %s",
				  told ? "does not say that its wait was told" :
					 "says that an untold wait was told");
	}
	live_expect("timer latencies", latencies, ROUNDS);
	if (!both)
		live_abort("no wait was told: nothing is proved");
	report_free(&report);
	dwell_close(&run);
	workload_leave(&workload);
}

/* ---- a flood ----------------------------------------------------------------------------------- */

#define PROGRAMS 12
#define THREADS 3 /* processes of each */
#define BURSTS 16
#define BURST_NS (30 * MS)
#define EVERY_NS (250 * MS)
#define FLOOD_SECONDS (BURSTS * EVERY_NS / SECOND)
#define LINES_A_SECOND 9

static void use_name(const char *format, int number)
{
	char name[16];

	snprintf(name, sizeof(name), format, number);
	prctl(PR_SET_NAME, name);
}

/* Keeps its CPU from all others, several times a second. */
static void burst(struct work *work)
{
	use_name("flood-hog", 0);
	become_realtime(work, 2);
	proc_pin(0, PROC_LAST_CPU);
	for (int i = 1; i <= BURSTS; i++) {
		sleep_until(work->began[0] + (uint64_t)i * EVERY_NS);
		proc_spin(proc_now() + BURST_NS);
	}
	atomic_store(&work->turn, 1);
}

/* Sleeps all the time; counts how often it was late by more than the threshold for sure. */
static void sleep_beside(struct work *work)
{
	_Atomic uint64_t *late = (_Atomic uint64_t *)&work->account[0].slices;

	proc_pin(0, PROC_LAST_CPU);
	while (!atomic_load(&work->turn)) {
		const uint64_t due = proc_now() + 20 * MS;

		sleep_until(due);
		if (proc_now() - due > 15 * MS)
			atomic_fetch_add(late, 1);
	}
}

static void flood(struct work *work)
{
	pid_t pids[PROGRAMS * THREADS + 1];
	size_t count = 0;

	work->began[0] = proc_now() + 200 * MS;
	for (int i = 0; i < PROGRAMS * THREADS; i++) {
		use_name("victim-%d", i % PROGRAMS);
		pids[count++] = work_peer(work, sleep_beside);
	}
	use_name("flood", 0);
	pids[count++] = work_peer(work, burst);
	for (size_t i = 0; i < count; i++)
		waitpid(pids[i], NULL, 0);
}

/* Many programs behind one hog: hundreds of outliers, a few lines a second, and none is silent. */
static void run_flood(const void *argument)
{
	struct workload workload;
	struct dwell_process run;
	struct lines lines;
	int64_t made;

	(void)argument;
	workload_start(&workload, flood, NULL);
	dwell_start(&run, NULL,
		    DWELL_ARGUMENTS("outliers", "-d", "0", "--runqueue", "10ms", "--throttled",
				    "off", "--blocked", "off", "--dwell", "off", "--lateness",
				    "off", "--timer-latency", "10ms"));
	wait_measuring(&run);
	run_beside(&workload, &run, 30);
	expect_realtime(&workload);
	made = (int64_t)workload.work->account[0].slices;
	lines = read_lines(&run, " behind flood-hog[");
	live_note("%" PRId64 " waits made; %u lines name the hog, for %u", made, lines.named,
		  lines.in_named);
	if (made < 10 * (int64_t)FLOOD_SECONDS)
		live_abort("there was no flood");
	expect_all_told(&run, &lines);
	if (lines.outliers + sum_behind(&run, "not shown: ") < made)
		live_fail("fewer outliers were told than waits made");
	/* Besides the workload's seconds there are those before and after it. */
	if (lines.count > LINES_A_SECOND * (FLOOD_SECONDS + (unsigned int)live_slower(4, 4)))
		live_fail("%u lines within some %llu s", lines.count, FLOOD_SECONDS);
	if (lines.in_named * 2 < made)
		live_fail("most are not told as one cause");
	dwell_close(&run);
	workload_leave(&workload);
}

const struct live_test tests_flood[] = {
	{.name = "flood-open-doubles", .run = run_open_doubles},
	{.name = "flood-told-once", .run = run_told_once},
	{.name = "flood-parts-marked", .run = run_parts_marked},
	{.name = "flood-one-hog", .run = run_flood},
	{0},
};
