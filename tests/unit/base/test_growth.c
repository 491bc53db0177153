/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of growth: what keeps growing is told, with its slope; what only moves is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/growth.h"

#define SECOND 1000000000ULL
#define SAMPLES_MAX 64
#define TRIES 1000

/* What the ledger asks for. */
#define LEAST 5
#define SHARE 0.02

/* Samples at 1 s, from some time of day on. */
struct course {
	uint64_t at[SAMPLES_MAX];
	double value[SAMPLES_MAX];
	size_t count;
};

static struct course course_of(size_t count, double (*value)(double i, double count))
{
	struct course course = {.count = count};

	for (size_t i = 0; i < count; i++) {
		course.at[i] = 1000 * SECOND + i * SECOND;
		course.value[i] = value((double)i, (double)count);
	}
	return course;
}

static struct growth judge(const struct course *course)
{
	return growth_judge(course->at, course->value, course->count, LEAST, SHARE);
}

static void check_grows(double (*value)(double i, double count), size_t from, size_t to)
{
	for (size_t count = from; count <= to; count++) {
		struct course course = course_of(count, value);
		struct growth growth = judge(&course);

		assert_true(growth.grows);
		assert_true(growth.per_s > 0);
		assert_true(growth.to > growth.from);
	}
}

static void check_nothing(const struct growth *growth)
{
	assert_false(growth->grows);
	assert_true(growth->per_s == 0 && growth->from == 0 && growth->to == 0);
}

static void check_stays(double (*value)(double i, double count), size_t from, size_t to)
{
	for (size_t count = from; count <= to; count++) {
		struct course course = course_of(count, value);
		struct growth growth = judge(&course);

		check_nothing(&growth);
	}
}

static bool near(double value, double expected)
{
	return value > expected - 1e-6 && value < expected + 1e-6;
}

/* Of TRIES courses how many grow. */
static size_t count_growing(double (*value)(double i, double count), size_t count)
{
	size_t growing = 0;

	srand(5);
	for (int i = 0; i < TRIES; i++) {
		struct course course = course_of(count, value);

		growing += judge(&course).grows;
	}
	return growing;
}

/* From -@size to @size. */
static double noise(double size)
{
	return size * (2.0 * rand() / RAND_MAX - 1);
}

/* ---- what grows ---------------------------------------------------------------- */

static double leak(double i, double count)
{
	(void)count;
	return 3 + i;
}

static double leak_above_many(double i, double count)
{
	(void)count;
	return 10000 + 100 * i;
}

static double leak_in_steps(double i, double count)
{
	(void)count;
	return 5 * (double)((int)i / 3);
}

static double noisy_leak(double i, double count)
{
	(void)count;
	return 20 + i + rand() % 3 - 1;
}

/* What comes and goes on top of what stays. */
static double leak_below_saw_tooth(double i, double count)
{
	(void)count;
	return 20 + 2 * i + 2 * ((int)i % 4);
}

static double doubling(double i, double count)
{
	(void)count;
	return (double)(1ULL << (int)i);
}

static double slowing(double i, double count)
{
	return 400 * i / (i + 3 * count);
}

static void a_leak_is_told_with_its_slope(void **state)
{
	struct course course = course_of(10, leak);
	struct growth growth = judge(&course);

	(void)state;
	assert_true(growth.grows);
	assert_true(near(growth.per_s, 1));
	assert_true(near(growth.from, 3));
	assert_true(near(growth.to, 12));
}

static void leaks_of_every_shape_are_told(void **state)
{
	(void)state;
	check_grows(leak, 7, SAMPLES_MAX);
	check_grows(leak_above_many, 6, SAMPLES_MAX);
	check_grows(leak_in_steps, 10, SAMPLES_MAX);
	check_grows(leak_below_saw_tooth, 10, SAMPLES_MAX);
	check_grows(doubling, 6, 12);
	check_grows(slowing, 6, SAMPLES_MAX);
}

static void a_leak_is_told_through_noise(void **state)
{
	(void)state;
	assert_in_range(count_growing(noisy_leak, 10), TRIES * 9 / 10, TRIES);
	assert_int_equal(count_growing(noisy_leak, 60), TRIES);
}

static void times_count_not_samples(void **state)
{
	static const uint64_t pauses[] = {0, 1, 3, 4, 9, 10, 10, 16, 20, 21};
	struct course course = {.count = 10};
	struct growth growth;

	(void)state;
	for (size_t i = 0; i < course.count; i++) {
		course.at[i] = UINT64_MAX / 2 + pauses[i] * SECOND / 2;
		course.value[i] = 7 + 4.0 * (double)pauses[i];
	}
	growth = judge(&course);
	assert_true(growth.grows);
	assert_true(near(growth.per_s, 8));
	assert_true(near(growth.from, 7));
	assert_true(near(growth.to, 91));
}

/* ---- what does not --------------------------------------------------------------- */

static double constant(double i, double count)
{
	(void)i, (void)count;
	return 10000;
}

static double nothing(double i, double count)
{
	(void)i, (void)count;
	return 0;
}

static double saw_tooth(double i, double count)
{
	(void)count;
	return 50 + 10 * ((int)i % 5);
}

static double decay(double i, double count)
{
	return 1000 / (1 + 10 * i / count);
}

/* Goes up once, and has a little noise too; where is for @step_at to say. */
static double step_at;

static double step(double i, double count)
{
	(void)count;
	return i < step_at ? 10 : 100;
}

static double noisy_step(double i, double count)
{
	return step(i, count) + rand() % 3;
}

/* Warms up until two thirds of the time are over. */
static double ramp(double i, double count)
{
	return 10 * (i < count * 2 / 3 ? i : count * 2 / 3);
}

static double noisy_ramp(double i, double count)
{
	return ramp(i, count) + rand() % 2;
}

static double saturation(double i, double count)
{
	return 100 * i / (i + count / 20);
}

/* Rises, but falls back. */
static double hill(double i, double count)
{
	return 100 * i * (count - 1 - i);
}

static double little(double i, double count)
{
	return 4.9 * i / (count - 1);
}

static double small_share(double i, double count)
{
	return 10000 + 199 * i / (count - 1);
}

static void what_stays_does_not_grow(void **state)
{
	(void)state;
	check_stays(constant, 0, SAMPLES_MAX);
	check_stays(nothing, 0, SAMPLES_MAX);
	check_stays(saw_tooth, 10, SAMPLES_MAX);
	check_stays(decay, 0, SAMPLES_MAX);
	check_stays(hill, 6, SAMPLES_MAX);
}

static void a_single_step_is_no_growth(void **state)
{
	(void)state;
	for (size_t count = 6; count <= SAMPLES_MAX; count++)
		for (step_at = 0; step_at <= (double)count; step_at++)
			check_stays(step, count, count);
	srand(6);
	/* Of fewer samples a third is too short to tell noise from a rise. */
	for (size_t count = 9; count <= SAMPLES_MAX; count++)
		for (step_at = 0; step_at <= (double)count; step_at++)
			check_stays(noisy_step, count, count);
}

static void what_has_come_to_an_end_does_not_grow(void **state)
{
	(void)state;
	/* The last third of 7 samples begins before the ramp ends. */
	check_stays(ramp, 8, SAMPLES_MAX);
	check_stays(saturation, 6, SAMPLES_MAX);
	srand(7);
	check_stays(noisy_ramp, 12, SAMPLES_MAX);
}

static void too_little_is_no_growth(void **state)
{
	(void)state;
	check_stays(little, 6, SAMPLES_MAX);
	check_stays(small_share, 6, SAMPLES_MAX);
}

static double some_noise(double i, double count)
{
	(void)i, (void)count;
	return 100 + noise(10);
}

static double much_noise(double i, double count)
{
	(void)i, (void)count;
	return 1000 + noise(900);
}

static double few_or_more(double i, double count)
{
	(void)i, (void)count;
	return rand() % 21;
}

static void noise_hardly_ever_grows(void **state)
{
	static const size_t counts[] = {6, 8, 10, 12, 20, 30, 64};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		size_t limit = TRIES / 100;

		assert_in_range(count_growing(some_noise, counts[i]), 0, limit);
		assert_in_range(count_growing(much_noise, counts[i]), 0, limit);
		assert_in_range(count_growing(few_or_more, counts[i]), 0, limit);
	}
}

static void nothing_is_known_of_few_samples(void **state)
{
	(void)state;
	check_stays(leak_above_many, 0, 5);
	assert_false(growth_judge(NULL, NULL, 0, LEAST, SHARE).grows);
}

static void equal_times_tell_nothing(void **state)
{
	struct course course = course_of(12, leak);
	struct growth growth;

	(void)state;
	for (size_t i = 0; i < course.count; i++)
		course.at[i] = 12345678901;
	growth = judge(&course);
	check_nothing(&growth);

	/* Nor do those of the last third alone. */
	course = course_of(12, leak);
	for (size_t i = 8; i < course.count; i++)
		course.at[i] = course.at[8] + 1234567;
	course.at[8] = course.at[9];
	growth = judge(&course);
	check_nothing(&growth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_told_with_its_slope),
		cmocka_unit_test(leaks_of_every_shape_are_told),
		cmocka_unit_test(a_leak_is_told_through_noise),
		cmocka_unit_test(times_count_not_samples),
		cmocka_unit_test(what_stays_does_not_grow),
		cmocka_unit_test(a_single_step_is_no_growth),
		cmocka_unit_test(what_has_come_to_an_end_does_not_grow),
		cmocka_unit_test(too_little_is_no_growth),
		cmocka_unit_test(noise_hardly_ever_grows),
		cmocka_unit_test(nothing_is_known_of_few_samples),
		cmocka_unit_test(equal_times_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
