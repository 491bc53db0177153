/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of what is normal for a task: dwell_norm_* against a reference in floating point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <linux/types.h>

#include <cmocka.h>

#include "bpf/dwell.h"

#define US 1000ULL
#define MS 1000000ULL
#define SECOND 1000000000ULL
#define DAY (86400 * SECOND)

/* Without libm. */
static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double distance(double a, double b)
{
	return a > b ? a - b : b - a;
}

/* ---- the reference ------------------------------------------------------ */

/*
 * RFC 6298's estimator as it is written there: in floating point, in ns, every
 * interval taken in when it ends, those below the floor as 0.
 */
struct reference {
	double mean;
	double deviation;
	bool known;
	unsigned int small; /* in a row */
};

static void reference_add(struct reference *reference, double ns)
{
	if (!reference->known)
		return;
	reference->deviation += (distance(ns, reference->mean) - reference->deviation) / 4;
	reference->mean += (ns - reference->mean) / 8;
}

static void reference_small(struct reference *reference)
{
	reference_add(reference, 0);
	/* Once forgotten, it stays so. */
	if (++reference->small >= DWELL_NORM_FORGET)
		*reference = (struct reference){.small = reference->small};
}

static void reference_learn(struct reference *reference, double ns)
{
	reference->small = 0;
	if (reference->known) {
		reference_add(reference, ns);
		return;
	}
	*reference = (struct reference){.mean = ns, .deviation = ns / 2, .known = true};
}

/* ---- the task under test ------------------------------------------------ */

struct task {
	enum dwell_measure measure;
	uint64_t floor;
	uint32_t deviations;
	struct dwell_norm norm;
	uint32_t samples;
	uint64_t threshold; /* of the last interval at or above the floor */
	unsigned int outliers;
	struct reference reference;
};

/* The integers are never further from the reference than so many units: see check_task(). */
#define MEAN_UNITS 1.0
#define DEVIATION_UNITS 2.7

/*
 * Each mean loses less than a unit to rounding in the shift of its input, 7/8
 * of that being forgotten with each step, and gains less than 7/8 by the shift
 * of itself; deviations lose or gain what both do, and 3/4 by their own shift.
 */
static void check_task(const struct task *task)
{
	double unit = (double)(1ULL << dwell_norm_shift(task->measure));
	double mean = task->norm.mean / 8.0 * unit, deviation = task->norm.deviation / 4.0 * unit;
	const struct reference *reference = &task->reference;

	if (distance(mean, reference->mean) > MEAN_UNITS * unit ||
	    distance(deviation, reference->deviation) > DEVIATION_UNITS * unit)
		fail_msg("mean %g, %g in the reference; deviation %g, %g in the reference", mean,
			 reference->mean, deviation, reference->deviation);
}

static void check_threshold(const struct task *task)
{
	double unit = (double)(1ULL << dwell_norm_shift(task->measure));
	double floor = task->floor * (task->samples < DWELL_NORM_NEW ? 8.0 : 1.0);
	double margin =
		larger(task->deviations * task->reference.deviation, task->reference.mean / 2);
	double expected = task->reference.mean + margin;
	double slack = (MEAN_UNITS + 1 + task->deviations * DEVIATION_UNITS) * unit;

	expected = larger(expected, floor);
	if (distance((double)task->threshold, expected) > slack || task->threshold < task->floor)
		fail_msg("threshold %g, %g in the reference", (double)task->threshold, expected);
}

/* An interval ends, as the kernel side sees it: only the floor is compared with. True: outlier. */
static bool end_interval(struct task *task, uint64_t ns)
{
	bool outlier;

	task->samples++;
	if (ns < task->floor) {
		reference_small(&task->reference);
		return false;
	}
	dwell_norm_forget(&task->norm, task->samples);
	check_task(task);
	task->threshold =
		dwell_norm_threshold(&task->norm, task->measure, task->floor, task->deviations);
	check_threshold(task);
	outlier = ns > task->threshold;
	task->outliers += outlier;
	dwell_norm_learn(&task->norm, task->measure, ns, task->threshold);
	reference_learn(&task->reference, -larger(-(double)ns, -2.0 * (double)task->threshold));
	check_task(task);
	return outlier;
}

static unsigned int end_intervals(struct task *task, uint64_t ns, unsigned int times)
{
	unsigned int before = task->outliers;

	while (times--)
		end_interval(task, ns);
	return task->outliers - before;
}

/* A task that has been there for a while, with nothing but small intervals. */
static struct task used_task(enum dwell_measure measure, uint64_t floor, uint32_t deviations)
{
	struct task task = {.measure = measure, .floor = floor, .deviations = deviations};

	end_intervals(&task, floor / 10, 100);
	assert_int_equal(task.outliers, 0);
	return task;
}

/* ---- sequences ---------------------------------------------------------- */

static void steady_intervals_are_news_once(void **state)
{
	(void)state;
	for (uint32_t deviations = 2; deviations <= 64; deviations *= 2) {
		for (uint64_t ns = 3 * MS; ns <= 6 * MS; ns += MS / 10) {
			struct task task = used_task(DWELL_WOKEN, 3 * MS, deviations);

			/* Up to twice the threshold it is taken for what it is. */
			assert_in_range(end_intervals(&task, ns, 1000), 0, 1);
		}
	}
}

/* Each outlier at least doubles the threshold: so many make up for any size. */
static void larger_ones_are_news_a_few_times(void **state)
{
	(void)state;
	for (uint32_t deviations = 4; deviations <= 32; deviations++) {
		for (unsigned int doublings = 1; doublings < 20; doublings++) {
			struct task task = used_task(DWELL_WOKEN, MS, deviations);

			assert_in_range(end_intervals(&task, MS << doublings, 1000), 1,
					doublings + 1);
		}
	}
}

/* Not all alike: within a fifth of 20 ms. That is what this task is used to. */
static void what_varies_a_little_is_no_news(void **state)
{
	unsigned int seed = 7;
	struct task task = used_task(DWELL_PREEMPTED, 3 * MS, 6);

	(void)state;
	end_intervals(&task, 20 * MS, 100);
	task.outliers = 0;
	for (int i = 0; i < 100000; i++)
		end_interval(&task, 16 * MS + (uint64_t)rand_r(&seed) % (8 * MS));
	assert_in_range(task.outliers, 0, 10);
	/* But four times as much is. */
	assert_true(end_interval(&task, 80 * MS));
}

static void one_gap_in_a_period_is_news_once(void **state)
{
	static const uint64_t periods[] = {10 * MS, 200 * MS, SECOND};

	(void)state;
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		struct task task = {.measure = DWELL_BLOCKED, .floor = 100 * MS, .deviations = 6};

		end_intervals(&task, periods[i], 500);
		task.outliers = 0;
		assert_true(end_interval(&task, 30 * SECOND));
		assert_int_equal(end_intervals(&task, periods[i], 500), 0);
		assert_int_equal(task.outliers, 1);
		/* And so is the next one, after so long. */
		assert_true(end_interval(&task, 30 * SECOND));
	}
}

static void what_is_rare_is_always_news(void **state)
{
	struct task task = used_task(DWELL_WOKEN, 3 * MS, 6);
	struct dwell_norm norm;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(end_interval(&task, 4 * MS));
		assert_int_equal(end_intervals(&task, 50 * US, DWELL_NORM_FORGET), 0);
	}
	/* One less, and it is remembered, if only just. */
	end_interval(&task, 4 * MS);
	norm = task.norm;
	dwell_norm_forget(&norm, task.samples + DWELL_NORM_FORGET);
	assert_int_not_equal(norm.mean, 0);
	dwell_norm_forget(&task.norm, task.samples + DWELL_NORM_FORGET + 1);
	assert_int_equal(task.norm.mean, 0);
	assert_int_equal(task.norm.deviation, 0);
}

static void new_tasks_need_eightfold(void **state)
{
	(void)state;
	for (unsigned int before = 0; before < 8; before++) {
		struct task task = {.measure = DWELL_WOKEN, .floor = 3 * MS, .deviations = 6};

		end_intervals(&task, US, before);
		assert_int_equal(end_interval(&task, 24 * MS), before + 1 >= DWELL_NORM_NEW);

		task = (struct task){.measure = DWELL_WOKEN, .floor = 3 * MS, .deviations = 6};
		end_intervals(&task, US, before);
		assert_true(end_interval(&task, 24 * MS + 1));
	}
}

/* ---- extremes ----------------------------------------------------------- */

static void random_sequences_follow_the_reference(void **state)
{
	unsigned int seed = 20261121;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct task task = {
			.measure = rand_r(&seed) & 1 ? DWELL_BLOCKED : DWELL_WOKEN,
			.deviations = 1 + (uint32_t)rand_r(&seed) % 64,
		};
		unsigned int octaves = 1 + (unsigned int)rand_r(&seed) % 14;

		task.floor = (1ULL << dwell_norm_shift(task.measure)) *
			     (1 + (uint64_t)rand_r(&seed) % 1000);
		for (int i = 0; i < 300; i++) {
			uint64_t ns = task.floor + (uint64_t)rand_r(&seed) * 4096 % task.floor;

			/* As often small as not, in runs of any length. */
			if (!(rand_r(&seed) % 4))
				end_intervals(&task, task.floor - 1,
					      (unsigned int)rand_r(&seed) % 50);
			end_interval(&task, ns << ((unsigned int)rand_r(&seed) % octaves));
		}
	}
}

/* Blocks of days and years: UBSan watches, and the threshold follows up to three days. */
static void days_do_not_overflow(void **state)
{
	static const uint64_t lengths[] = {DAY, 3 * DAY, 365 * DAY, INT64_MAX, UINT64_MAX};
	const uint64_t limit = 0x0fffffffULL << dwell_norm_shift(DWELL_BLOCKED);

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct dwell_norm norm = {.samples = 100};
		uint64_t longest = lengths[i] < limit ? lengths[i] : limit, threshold = 0;

		for (uint32_t n = 101; n < 1000; n++) {
			dwell_norm_forget(&norm, n);
			threshold = dwell_norm_threshold(&norm, DWELL_BLOCKED, SECOND, 64);
			assert_in_range(threshold, SECOND, 100 * limit);
			dwell_norm_learn(&norm, DWELL_BLOCKED, lengths[i], threshold);
		}
		/* Within a unit of the mean and three quarters of one of each deviation. */
		longest += longest / 2;
		assert_in_range(threshold, longest - (3 << 20), longest + (50 << 20));
		for (uint32_t n = 1000; n < 1040; n++) {
			dwell_norm_forget(&norm, n);
			dwell_norm_learn(&norm, DWELL_BLOCKED, n & 1 ? lengths[i] : SECOND,
					 dwell_norm_threshold(&norm, DWELL_BLOCKED, SECOND, 64));
			assert_in_range(norm.mean, 1, INT32_MAX);
			assert_in_range(norm.deviation, 0, 1U << 30);
		}
	}
}

/* Years as a floor, or none at all: a new task's eightfold does not become less. */
static void the_largest_floors_stay_large(void **state)
{
	static const uint64_t floors[] = {3000000000000000000, 1ULL << 61, 1ULL << 62, UINT64_MAX};
	const struct dwell_norm new = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++)
		assert_true(dwell_norm_threshold(&new, DWELL_BLOCKED, floors[i], 6) >= floors[i]);
}

static void the_count_of_intervals_wraps(void **state)
{
	struct dwell_norm norm = {.mean = 800, .deviation = 40, .samples = UINT32_MAX - 2};

	(void)state;
	dwell_norm_forget(&norm, 1); /* three were small */
	assert_int_equal(norm.samples, 1);
	assert_in_range(norm.mean, 800 * 7 * 7 * 7 / 512 - 8, 800 * 7 * 7 * 7 / 512 + 8);
	dwell_norm_forget(&norm, 1);
	assert_in_range(norm.mean, 800 * 7 * 7 * 7 / 512 - 8, 800 * 7 * 7 * 7 / 512 + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady_intervals_are_news_once),
		cmocka_unit_test(larger_ones_are_news_a_few_times),
		cmocka_unit_test(what_varies_a_little_is_no_news),
		cmocka_unit_test(one_gap_in_a_period_is_news_once),
		cmocka_unit_test(what_is_rare_is_always_news),
		cmocka_unit_test(new_tasks_need_eightfold),
		cmocka_unit_test(random_sequences_follow_the_reference),
		cmocka_unit_test(days_do_not_overflow),
		cmocka_unit_test(the_largest_floors_stay_large),
		cmocka_unit_test(the_count_of_intervals_wraps),
	};

	return cmocka_run_group_tests_name("norm", tests, NULL, NULL);
}
