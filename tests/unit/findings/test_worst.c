/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of worst.c: which outliers of a window are kept, and in what order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "findings/worst.h"

static void add(struct worst *worst, uint32_t tid, uint32_t measure, uint64_t ns,
		uint64_t threshold)
{
	struct dwell_outlier outlier = {
		.tid = tid, .measure = measure, .ns = ns, .threshold = threshold};

	worst_add(worst, &outlier);
}

static void the_furthest_beyond_comes_first(void **state)
{
	struct worst worst = {0};

	(void)state;
	add(&worst, 1, DWELL_WOKEN, 20, 10);
	add(&worst, 2, DWELL_WOKEN, 1000, 900);
	add(&worst, 3, DWELL_WOKEN, 30, 10);
	assert_int_equal(worst.count, 3);
	assert_int_equal(worst.outlier[0].tid, 3);
	assert_int_equal(worst.outlier[1].tid, 1);
	assert_int_equal(worst.outlier[2].tid, 2);
}

static void one_of_a_kind_is_enough(void **state)
{
	struct worst worst = {0};

	(void)state;
	add(&worst, 1, DWELL_WOKEN, 20, 10);
	add(&worst, 1, DWELL_PREEMPTED, 40, 10); /* a wait for a CPU too */
	add(&worst, 1, DWELL_WOKEN, 30, 10);
	add(&worst, 1, DWELL_BLOCKED, 25, 10);
	assert_int_equal(worst.count, 2);
	assert_int_equal(worst.outlier[0].ns, 40);
	assert_int_equal(worst.outlier[1].ns, 25);
}

static void so_many_are_kept(void **state)
{
	struct worst worst = {0};

	(void)state;
	for (uint32_t tid = 1; tid <= 100; tid++)
		add(&worst, tid, DWELL_WOKEN, 10 + tid * 37 % 101, 10);
	assert_int_equal(worst.count, WORST_MAX);
	for (size_t i = 0; i < WORST_MAX; i++)
		assert_int_equal(worst.outlier[i].ns, 110 - i);
	/* One that is there gets worse, and moves up. */
	add(&worst, worst.outlier[WORST_MAX - 1].tid, DWELL_WOKEN, 500, 10);
	assert_int_equal(worst.count, WORST_MAX);
	assert_int_equal(worst.outlier[0].ns, 500);
	assert_int_equal(worst.outlier[WORST_MAX - 1].ns, 110 - (WORST_MAX - 2));
	add(&worst, 1000, DWELL_WOKEN, 11, 10);
	assert_int_equal(worst.outlier[WORST_MAX - 1].ns, 110 - (WORST_MAX - 2));
	add(&worst, 1001, DWELL_WOKEN, 11, 0); /* nonsense does no harm */
	assert_int_equal(worst.count, WORST_MAX);
}

/* A wait and the timer latency around it are not two of the five. */
static void one_incident_is_one_of_the_worst(void **state)
{
	struct dwell_outlier wait = {.tid = 1,
				     .measure = DWELL_WOKEN,
				     .from = 1000010000,
				     .to = 1005000000,
				     .ns = 4990000,
				     .threshold = 1000000};
	struct dwell_outlier latency = {.tid = 1,
					.measure = DWELL_TIMER_LATENCY,
					.from = 1000000000,
					.to = 1005000000,
					.ns = 5000000,
					.threshold = 2000000,
					.lateness = 10000,
					.runqueue = 4990000};
	struct dwell_outlier dwell = {.tid = 1,
				      .measure = DWELL_DWELL,
				      .from = 1000010000,
				      .to = 1006000000,
				      .ns = 5990000,
				      .threshold = 2000000};
	struct worst worst = {0};

	(void)state;
	worst_add(&worst, &wait);
	worst_add(&worst, &dwell); /* but for the wait it is nothing */
	assert_int_equal(worst.count, 1);
	worst_add(&worst, &latency);
	assert_int_equal(worst.count, 1);
	assert_int_equal(worst.outlier[0].measure, DWELL_TIMER_LATENCY);
	/* Of another moment they are two. */
	wait.from += 1000000000;
	wait.to += 1000000000;
	worst_add(&worst, &wait);
	assert_int_equal(worst.count, 2);
}

/* A wait goes only for a timer latency that is kept: not for one less bad than an earlier one. */
static void what_is_not_kept_takes_no_parts_along(void **state)
{
	struct dwell_outlier latency = {.tid = 1,
					.measure = DWELL_TIMER_LATENCY,
					.from = 1000000000,
					.to = 1009000000,
					.ns = 9000000,
					.threshold = 2000000,
					.runqueue = 8990000};
	struct dwell_outlier wait = {.tid = 1,
				     .measure = DWELL_WOKEN,
				     .from = 2000010000,
				     .to = 2005000000,
				     .ns = 4990000,
				     .threshold = 1000000};
	struct worst worst = {0};

	(void)state;
	worst_add(&worst, &latency);
	worst_add(&worst, &wait);
	latency.from = 2000000000;
	latency.to = 2005000000;
	latency.ns = 5000000;
	latency.runqueue = 4990000;
	worst_add(&worst, &latency);
	assert_int_equal(worst.count, 2);
	assert_int_equal(worst.outlier[0].measure, DWELL_WOKEN);
	assert_int_equal(worst.outlier[1].measure, DWELL_TIMER_LATENCY);
	assert_int_equal(worst.outlier[1].ns, 9000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_furthest_beyond_comes_first),
		cmocka_unit_test(one_of_a_kind_is_enough),
		cmocka_unit_test(so_many_are_kept),
		cmocka_unit_test(one_incident_is_one_of_the_worst),
		cmocka_unit_test(what_is_not_kept_takes_no_parts_along),
	};

	return cmocka_run_group_tests_name("worst", tests, NULL, NULL);
}
