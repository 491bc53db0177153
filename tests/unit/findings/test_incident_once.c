/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of incidents: what is told once, when, and in how many lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/unit/incidents.h"

/* ---- one incident, told once -------------------------------------------------------------- */

static void parts_are_told_by_their_whole(void **state)
{
	struct dwell_outlier wait = wait_behind("ticker", 12, BACKUP, 5 * MS, 4990 * US);
	struct dwell_outlier latency =
		outlier_of(DWELL_TIMER_LATENCY, "ticker", 12, 12, 5 * MS, 5 * MS);
	struct dwell_outlier dwell = outlier_of(DWELL_DWELL, "ticker", 12, 12, 6 * MS, 5990 * US);

	latency.lateness = 10 * US;
	latency.runqueue = 4990 * US;
	blame(&latency, BACKUP);
	dwell.oncpu = MS;
	take(*state, &wait);
	take(*state, &latency);
	take(*state, &dwell);
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_string_equal(heard.line[0],
			    "timer_latency 5.0ms timer of ticker[12] on CPU 1: "
			    "lateness 10us + wakeup 0 + run queue 5.0ms; backup[812] "
			    "had 100 %");
	assert_int_equal(incidents_counts(*state).parts, 2);
	assert_int_equal(incidents_counts(*state).outliers, 1);
}

/* Its wait was told in a second that is over. */
static void a_dwell_that_is_an_old_wait_is_not_told_again(void **state)
{
	struct dwell_outlier wait = wait_behind("sh", 12, BACKUP, 30 * MS, 30 * MS);
	struct dwell_outlier dwell = outlier_of(DWELL_DWELL, "sh", 12, 12, 3 * SECOND, 3 * SECOND);

	take(*state, &wait);
	tell(*state);
	forget();
	dwell.threshold = 3 * SECOND - 20 * MS;
	take(*state, &dwell);
	tell(*state);
	assert_int_equal(heard.count, 0);
	assert_int_equal(incidents_counts(*state).parts, 1);
}

static void what_ends_within_its_second_was_not_open(void **state)
{
	struct dwell_outlier open = wait_behind("sh", 12, BACKUP, 30 * MS, 30 * MS), end, block;

	open.open = 1;
	end = wait_behind("sh", 12, BACKUP, 50 * MS, 50 * MS);
	take(*state, &open);
	take(*state, &end);
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.worst_ns[0], 50 * MS);
	assert_int_equal(heard.incident[0].open, 0);
	/* Told before, its end is news. */
	forget();
	open = wait_behind("sh", 13, BACKUP, 100 * MS, 30 * MS);
	open.open = 1;
	take(*state, &open);
	tell(*state);
	end = wait_behind("sh", 13, BACKUP, 5 * SECOND, 5 * SECOND - 70 * MS);
	block = outlier_of(DWELL_BLOCKED, "sh", 13, 13, 5 * SECOND, 30 * MS);
	take(*state, &end);
	take(*state, &block);
	tell(*state);
	assert_int_equal(heard.count, 3);
}

static void an_open_wait_says_since_when_it_was_told(void **state)
{
	struct dwell_outlier open = wait_behind("sh", 12, BACKUP, 10 * SECOND, 10 * SECOND);

	(void)state;
	open.open = 1;
	open.told = 5 * SECOND;
	check_alone(&open, "open: runqueue for 10s and still is (told at 5.0s) sh[12] on CPU 1, "
			   "woken: backup[812] had 100 %");
	open.samples = 3;
	open.typical = 40 * US;
	check_alone(&open,
		    "open: runqueue for 10s and still is (typical 40us, told at 5.0s) sh[12] "
		    "on CPU 1, woken: backup[812] had 100 %");
	open.open = 0;
	check_alone(&open,
		    "runqueue 10s (typical 40us) sh[12] on CPU 1, woken: backup[812] had 100 "
		    "%");
}

static void those_that_are_open_are_counted(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 5; i++) {
		outlier = wait_behind("sh", 12 + i, BACKUP, MS, (10 + i) * MS);
		outlier.open = i > 2;
		take(*state, &outlier);
	}
	tell(*state);
	assert_string_equal(heard.line[0],
			    "5 runqueue waits of 5 tasks of sh, 2 still open, worst 14ms and still "
			    "open (sh[16] on CPU 1): 100 % of 60ms behind backup[812]");
}

/* ---- time and room ---------------------------------------------------------------------------- */

static void a_second_begins_with_its_first_outlier(void **state)
{
	struct dwell_outlier outlier = wait_behind("sh", 12, BACKUP, 500 * MS, 30 * MS);

	assert_false(incidents_due(*state, BEGIN));
	assert_int_equal(try_tell(*state), 0);
	take(*state, &outlier);
	assert_false(incidents_due(*state, BEGIN + 500 * MS));
	assert_false(incidents_due(*state, BEGIN + 1499 * MS));
	assert_true(incidents_due(*state, BEGIN + 1500 * MS));
	/* The next one is the first of another second. */
	outlier = wait_behind("sh", 12, BACKUP, 1600 * MS, 30 * MS);
	take(*state, &outlier);
	assert_int_equal(heard.count, 1);
	assert_false(incidents_due(*state, BEGIN + 2599 * MS));
	assert_true(incidents_due(*state, BEGIN + 2600 * MS));
}

/* Nothing in common: @count outliers of as many programs. */
static void take_strangers(struct incidents *incidents, uint32_t count, uint64_t to)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	for (uint32_t i = 0; i < count; i++) {
		snprintf(comm, sizeof(comm), "stranger%u", i % 1000);
		outlier = outlier_of(DWELL_WOKEN, comm, 20000 + i, 20000 + i, to, 3 * MS + i);
		outlier.cpu = i;
		take(incidents, &outlier);
	}
}

static void as_many_lines_as_can_be_read(void **state)
{
	struct dwell_outlier outlier = wait_behind("severe", 12, BACKUP, 0, 900 * MS);

	take(*state, &outlier);
	take_strangers(*state, INCIDENT_LINES, MS);
	tell(*state);
	assert_int_equal(heard.count, INCIDENT_LINES + 1);
	forget();
	/* One more, and the least are told together. What is severe keeps its line. */
	outlier.to += SECOND;
	take(*state, &outlier);
	take_strangers(*state, INCIDENT_LINES + 22, SECOND + MS);
	tell(*state);
	assert_int_equal(heard.count, INCIDENT_LINES + 1);
	assert_int_equal(heard.outliers, INCIDENT_LINES + 23);
	assert_non_null(strstr(heard.line[0], "severe[12]"));
	for (size_t i = 1; i < heard.count; i++)
		if (heard.incident[i].count > 1)
			assert_string_equal(heard.line[i],
					    "23 runqueue waits of 23 tasks of 23 programs, worst "
					    "3.0ms (stranger22[20022] on CPU 22): 100 % of "
					    "69ms not seen");
}

static void the_rest_may_be_of_all_kinds(void **state)
{
	struct dwell_outlier outlier;
	char comm[DWELL_COMM_LEN];

	take_strangers(*state, INCIDENT_LINES, 0);
	for (uint32_t i = 0; i < 10; i++) {
		snprintf(comm, sizeof(comm), "sleeper%u", i);
		outlier = block_of(comm, 40 + i, DWELL_BLOCK_S, 0, MS);
		outlier.ns = 2100 * US;
		take(*state, &outlier);
	}
	outlier = outlier_of(DWELL_THROTTLED, "sh", 50, 50, MS, 2200 * US);
	take(*state, &outlier);
	tell(*state);
	assert_int_equal(heard.count, INCIDENT_LINES + 1);
	assert_int_equal(heard.outliers, INCIDENT_LINES + 11);
	assert_string_equal(heard.line[heard.count - 1],
			    "11 others (10 blocked, 1 throttled) of 11 tasks of 11 programs, worst "
			    "throttled 2.2ms (sh[50] on CPU 1: quota of /work is 0.2 CPUs)");
}

/* Any flood: every outlier is in a line or a part, and there are only so many lines. */
static void nothing_is_silent(void **state)
{
	struct incident_counts counts;
	struct dwell_outlier outlier;
	uint64_t total = 0, random = 1;
	char comm[DWELL_COMM_LEN];

	for (uint32_t i = 0; i < 3 * INCIDENT_HELD + 5; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		snprintf(comm, sizeof(comm), "p%u", (uint32_t)(random >> 33) % 300);
		outlier = outlier_of((random >> 40) % DWELL_MEASURES, comm,
				     1000 + (uint32_t)(random >> 45) % 500,
				     1000 + (uint32_t)(random >> 35) % 900, i * US,
				     (random >> 50) * US);
		outlier.block = (random >> 20) % DWELL_BLOCKS;
		outlier.open = !((random >> 22) % 8);
		outlier.cpu = (random >> 25) % 64;
		take(*state, &outlier);
		total++;
		if (heard.count >= INCIDENT_LINES + 1) {
			assert_int_equal(heard.count, INCIDENT_LINES + 1);
			forget();
		}
	}
	tell(*state);
	counts = incidents_counts(*state);
	assert_int_equal(counts.outliers + counts.parts, total);
	assert_int_equal(counts.lines,
			 4 * (INCIDENT_LINES + 1) - (INCIDENT_LINES + 1 - heard.count));
}

static void who_listens_can_fail(void **state)
{
	struct dwell_outlier outlier = wait_behind("sh", 12, BACKUP, 0, 30 * MS);

	take(*state, &outlier);
	heard.err = -32;
	assert_int_equal(try_tell(*state), -32);
	heard.err = 0;
	assert_int_equal(try_tell(*state), 0);
	assert_int_equal(heard.count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, incidents_set_up, incidents_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_are_told_by_their_whole),
		TEST(a_dwell_that_is_an_old_wait_is_not_told_again),
		TEST(what_ends_within_its_second_was_not_open),
		TEST(an_open_wait_says_since_when_it_was_told),
		TEST(those_that_are_open_are_counted),
		TEST(a_second_begins_with_its_first_outlier),
		TEST(as_many_lines_as_can_be_read),
		TEST(the_rest_may_be_of_all_kinds),
		TEST(nothing_is_silent),
		TEST(who_listens_can_fail),
	};

	return cmocka_run_group_tests_name("incident once", tests, NULL, NULL);
}
