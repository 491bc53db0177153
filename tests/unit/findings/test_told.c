/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of told.c: which outliers are parts of another, and which one of them is to be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "findings/told.h"

#define US 1000ULL
#define MS 1000000ULL
#define BEGIN 1000000000000ULL
#define TICKER 4712

/* The task's interval from @from to @to, in ns behind BEGIN. */
static struct dwell_outlier outlier_of(enum dwell_measure measure, uint64_t from, uint64_t to)
{
	return (struct dwell_outlier){.measure = measure,
				      .pid = 4711,
				      .tid = TICKER,
				      .start = 7,
				      .from = BEGIN + from,
				      .to = BEGIN + to,
				      .ns = to - from,
				      .threshold = 2 * MS};
}

static struct dwell_outlier latency_of(uint64_t from, uint64_t to, uint64_t lateness)
{
	struct dwell_outlier outlier = outlier_of(DWELL_TIMER_LATENCY, from, to);

	outlier.lateness = lateness;
	outlier.runqueue = outlier.ns - lateness;
	return outlier;
}

static void add(struct told *told, const struct dwell_outlier *outlier)
{
	struct told_parts parts;

	told_find(told, outlier, &parts);
	told_add(told, outlier, &parts, 0);
}

static struct told_parts find(const struct told *told, const struct dwell_outlier *outlier)
{
	struct told_parts parts;

	told_find(told, outlier, &parts);
	return parts;
}

static void the_wait_of_a_timer_latency_is_its_part(void **state)
{
	struct told told = {0};
	struct dwell_outlier wait = outlier_of(DWELL_WOKEN, 10 * US, 5 * MS);
	struct dwell_outlier latency = latency_of(0, 5 * MS, 8 * US);
	struct told_parts parts;

	(void)state;
	add(&told, &wait);
	parts = find(&told, &latency);
	assert_int_equal(parts.kinds, 1U << DWELL_WOKEN);
	assert_int_equal(parts.waits_ns, wait.ns);
	assert_int_equal(told_choose(&latency, &parts), TOLD_OUTER);
	/* Another task's, even one of that number, and another time's are not. */
	latency.start++;
	assert_int_equal(find(&told, &latency).kinds, 0);
	latency.start--;
	latency.tid++;
	assert_int_equal(find(&told, &latency).kinds, 0);
	latency = latency_of(6 * MS, 11 * MS, 0);
	parts = find(&told, &latency);
	assert_int_equal(parts.kinds, 0);
	assert_int_equal(told_choose(&latency, &parts), TOLD_BOTH);
}

static void lateness_that_is_the_matter_stays(void **state)
{
	struct told told = {0};
	struct dwell_outlier late = outlier_of(DWELL_LATENESS, 0, 8 * MS);
	struct dwell_outlier wait = outlier_of(DWELL_WOKEN, 8 * MS, 9 * MS);
	struct dwell_outlier latency = latency_of(0, 9 * MS, 8 * MS);
	struct told_parts parts;

	(void)state;
	add(&told, &late);
	add(&told, &wait);
	parts = find(&told, &latency);
	assert_int_equal(parts.kinds, 1U << DWELL_LATENESS | 1U << DWELL_WOKEN);
	assert_int_equal(parts.lateness_ns, 8 * MS);
	assert_int_equal(told_choose(&latency, &parts), TOLD_PARTS);
	/* With a wait that is an outlier too, the whole tells more. */
	wait = outlier_of(DWELL_WOKEN, 8 * MS, 20 * MS);
	latency = latency_of(0, 20 * MS, 8 * MS);
	add(&told, &wait);
	parts = find(&told, &latency);
	assert_int_equal(told_choose(&latency, &parts), TOLD_OUTER);
}

static void a_quota_is_told_by_its_own_kind(void **state)
{
	struct told told = {0};
	struct dwell_outlier throttled = outlier_of(DWELL_THROTTLED, 0, 80 * MS);
	struct dwell_outlier latency = latency_of(0, 81 * MS, 0);
	struct told_parts parts;

	(void)state;
	add(&told, &throttled);
	parts = find(&told, &latency);
	assert_int_equal(told_choose(&latency, &parts), TOLD_PARTS);
	/* What came on top of it is another incident. */
	latency = latency_of(0, 90 * MS, 0);
	parts = find(&told, &latency);
	assert_int_equal(told_choose(&latency, &parts), TOLD_BOTH);
}

static void a_dwell_that_was_a_wait_is_told(void **state)
{
	struct told told = {0};
	struct dwell_outlier first = outlier_of(DWELL_WOKEN, 0, 30 * MS);
	struct dwell_outlier second = outlier_of(DWELL_PREEMPTED, 40 * MS, 60 * MS);
	struct dwell_outlier open = outlier_of(DWELL_PREEMPTED, 40 * MS, 50 * MS);
	struct dwell_outlier dwell = outlier_of(DWELL_DWELL, 0, 61 * MS);
	struct told_parts parts;

	(void)state;
	open.open = 1;
	add(&told, &first);
	add(&told, &open); /* its end is what counts */
	add(&told, &second);
	parts = find(&told, &dwell);
	assert_int_equal(parts.waits_ns, 50 * MS);
	/* 11 ms are left, and 2 ms are beyond the threshold. */
	assert_int_equal(told_choose(&dwell, &parts), TOLD_BOTH);
	dwell.threshold = 11 * MS;
	assert_int_equal(told_choose(&dwell, &parts), TOLD_PARTS);
}

static void a_wait_counts_once(void **state)
{
	struct told told = {0};
	struct dwell_outlier wait = outlier_of(DWELL_WOKEN, 10 * US, 5 * MS);
	struct dwell_outlier latency = latency_of(0, 5 * MS, 10 * US);
	struct dwell_outlier dwell = outlier_of(DWELL_DWELL, 10 * US, 6 * MS);

	(void)state;
	/* By the latency alone, where the wait was no outlier of its kind … */
	add(&told, &latency);
	assert_int_equal(find(&told, &dwell).waits_ns, 5 * MS - 10 * US);
	/* … and once where both were. */
	told = (struct told){0};
	add(&told, &wait);
	add(&told, &latency);
	assert_int_equal(find(&told, &dwell).waits_ns, 5 * MS - 10 * US);
}

static void an_open_wait_is_the_beginning_of_the_one_that_ends(void **state)
{
	struct dwell_outlier open = outlier_of(DWELL_WOKEN, 0, 10 * MS);
	struct dwell_outlier end = outlier_of(DWELL_PREEMPTED, 1 * US, 30 * MS);
	struct told_interval interval;

	(void)state;
	open.open = 1;
	interval = told_interval(&open);
	assert_true(told_is_beginning(&interval, &end));
	end.measure = DWELL_BLOCKED;
	assert_false(told_is_beginning(&interval, &end));
	end.measure = DWELL_DWELL;
	assert_false(told_is_beginning(&interval, &end));
	end = outlier_of(DWELL_WOKEN, 11 * MS, 30 * MS);
	assert_false(told_is_beginning(&interval, &end));
	end = outlier_of(DWELL_WOKEN, 0, 30 * MS);
	interval.open = 0;
	assert_false(told_is_beginning(&interval, &end));
	/* Timers without an owner have nothing to do with each other. */
	open.tid = end.tid = 0;
	interval = told_interval(&open);
	assert_false(told_is_beginning(&interval, &end));
}

static void only_so_many_are_remembered(void **state)
{
	static struct told told;
	struct dwell_outlier wait = outlier_of(DWELL_WOKEN, 10 * US, 5 * MS), other = wait;
	struct dwell_outlier latency = latency_of(0, 5 * MS, 8 * US);

	(void)state;
	add(&told, &wait);
	for (uint32_t i = 1; i < TOLD_MAX; i++) {
		other.tid = 10000 + i;
		add(&told, &other);
	}
	assert_int_equal(find(&told, &latency).kinds, 1U << DWELL_WOKEN);
	add(&told, &other);
	assert_int_equal(find(&told, &latency).kinds, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_of_a_timer_latency_is_its_part),
		cmocka_unit_test(lateness_that_is_the_matter_stays),
		cmocka_unit_test(a_quota_is_told_by_its_own_kind),
		cmocka_unit_test(a_dwell_that_was_a_wait_is_told),
		cmocka_unit_test(a_wait_counts_once),
		cmocka_unit_test(an_open_wait_is_the_beginning_of_the_one_that_ends),
		cmocka_unit_test(only_so_many_are_remembered),
	};

	return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
