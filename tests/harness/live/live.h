/* SPDX-License-Identifier: GPL-2.0-only */
/* Live tests: what a test is, and how it says what it found. */
#ifndef DWELL_LIVE_H
#define DWELL_LIVE_H

#include <stdbool.h>
#include <stdint.h>

/* One test. It runs in a process of its own and is killed after @seconds. */
struct live_test {
	const char *name;
	void (*run)(const void *argument);
	const void *argument;
	unsigned int seconds; /* 0: LIVE_SECONDS */
};

#define LIVE_SECONDS 60

/* The tables of tests, each ended by a test without a name. */
extern const struct live_test tests_sleeps[];
extern const struct live_test tests_timers[];
extern const struct live_test tests_together[];
extern const struct live_test tests_threads[];
extern const struct live_test tests_sched[];
extern const struct live_test tests_quota[];
extern const struct live_test tests_cyclictest[];
extern const struct live_test tests_tasks[];
extern const struct live_test tests_names[];
extern const struct live_test tests_files[];
extern const struct live_test tests_filters[];
extern const struct live_test tests_errors[];
extern const struct live_test tests_capabilities[];
extern const struct live_test tests_before[];
extern const struct live_test tests_outliers[];
extern const struct live_test tests_culprits[];
extern const struct live_test tests_where[];
extern const struct live_test tests_ledger[];
extern const struct live_test tests_waits[];
extern const struct live_test tests_daemon[];
extern const struct live_test tests_flood[];
extern const struct live_test tests_hostile[];
extern const struct live_test tests_whole[];
extern const struct live_test tests_open[];
extern const struct live_test tests_exited[];
extern const struct live_test tests_shapes[];
extern const struct live_test tests_refusals[];
extern const struct live_test tests_places[];
extern const struct live_test tests_go[];
extern const struct live_test tests_go_truth[];
extern const struct live_test tests_go_hostile[];
extern const struct live_test tests_go_sites[];
extern const struct live_test tests_go_daemon[];
/* Only on emulated CPUs: a machine that is nobody else's. */
extern const struct live_test tests_own_machine[];
extern const struct live_test tests_clock[];

/* What the command line said. */
struct live_options {
	const char *dwell;	 /* path of the program under test */
	const char *cyclictest;	 /* path, or NULL: look in PATH */
	const char *go_fixtures; /* folder that tests/go/build.sh fills */
	/*
	 * The CPUs are emulated: everything takes much longer, and clocks that read
	 * differently on hardware drift apart. Counts stay exact.
	 */
	bool emulated;
};
extern struct live_options live_options;

/* @value, or on emulated CPUs @times as much. */
static inline int64_t live_slower(int64_t value, int times)
{
	return live_options.emulated ? value * times : value;
}

/*
 * What a test found. Each line goes to the runner at once, so a test's own
 * children may report too. A test that reports no failure passes.
 */
#define LIVE_PRINTF __attribute__((format(printf, 1, 2)))

/* A failure; the test goes on, to find out more. The first one is the reason. */
void live_fail(const char *format, ...) LIVE_PRINTF;
/* A failure after which going on makes no sense: ends this process. */
void live_abort(const char *format, ...) LIVE_PRINTF __attribute__((noreturn));
/* The test cannot be done here: ends this process. */
void live_skip(const char *format, ...) LIVE_PRINTF __attribute__((noreturn));
/* A line of diagnostics. */
void live_note(const char *format, ...) LIVE_PRINTF;

/* Fails unless @got is @want, respectively from @low to @high. */
void live_expect(const char *what, int64_t got, int64_t want);
void live_expect_range(const char *what, int64_t got, int64_t low, int64_t high);
/* Fails unless @got and @want differ by @tolerance at most. */
void live_expect_near(const char *what, int64_t got, int64_t want, int64_t tolerance);

/* Runs @test in child processes and prints its line. Called by main() alone. */
enum live_result { LIVE_PASSED, LIVE_FAILED, LIVE_SKIPPED };
enum live_result live_run(const struct live_test *test);

#endif
