/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of distributions: the edges of buckets, percentiles against exact ones, saturation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/dist.h"

static void check_value(uint64_t ns)
{
	uint32_t bucket = dwell_bucket(ns);

	assert_in_range(bucket, 0, DWELL_BUCKETS - 1);
	assert_true(dist_bucket_start(bucket) <= ns);
	if (bucket < DWELL_BUCKETS - 1)
		assert_true(ns < dist_bucket_start(bucket + 1));
}

static void powers_of_two_fall_between_their_buckets_edges(void **state)
{
	(void)state;
	check_value(0);
	check_value(UINT64_MAX);
	for (unsigned int k = 0; k < 64; k++) {
		check_value((1ULL << k) - 1);
		check_value(1ULL << k);
		check_value((1ULL << k) + 1);
	}
	/* A power of two begins a bucket, from the first octave to the last. */
	for (unsigned int k = DWELL_FIRST_OCTAVE; k <= DWELL_FIRST_OCTAVE + DWELL_OCTAVES; k++) {
		assert_int_equal(dist_bucket_start(dwell_bucket(1ULL << k)), 1ULL << k);
		assert_int_equal(dwell_bucket((1ULL << k) - 1) + 1, dwell_bucket(1ULL << k));
	}
}

static void every_bucket_begins_where_it_says(void **state)
{
	(void)state;
	assert_int_equal(dist_bucket_start(0), 0);
	for (uint32_t bucket = 1; bucket < DWELL_BUCKETS; bucket++) {
		assert_int_equal(dwell_bucket(dist_bucket_start(bucket)), bucket);
		assert_int_equal(dwell_bucket(dist_bucket_start(bucket) - 1), bucket - 1);
	}
}

static void no_bucket_is_wider_than_the_error_allows(void **state)
{
	(void)state;
	for (uint32_t bucket = 1; bucket < DWELL_BUCKETS - 1; bucket++)
		assert_true((double)dist_bucket_start(bucket + 1) <=
			    1.2857 * (double)dist_bucket_start(bucket));
}

/* ---- percentiles -------------------------------------------------------- */

#define SAMPLES 5000

static uint64_t random_bits(void)
{
	static uint64_t seed = 0x9e3779b97f4a7c15;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t uniform(void)
{
	return 1000 + random_bits() % 1000000;
}

static uint64_t log_uniform(void)
{
	return (1ULL << (7 + random_bits() % 33)) + random_bits() % 128;
}

static uint64_t narrow(void)
{
	return 50000 + random_bits() % 100;
}

static uint64_t two_peaks(void)
{
	return random_bits() % 50 ? 3000 + random_bits() % 1000 : 40000000 + random_bits() % 9999;
}

static uint64_t heavy_tail(void)
{
	return 200000000000ULL / (1 + random_bits() % 1000000);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void check_percentiles(uint64_t (*shape)(void), size_t samples)
{
	static const unsigned int per_mille[] = {1, 100, 250, 500, 900, 990, 999, 1000};
	uint64_t values[SAMPLES];
	struct dist dist = {0};

	for (size_t i = 0; i < samples; i++) {
		values[i] = shape();
		assert_int_equal(dist_add(&dist, dwell_bucket(values[i]), 1), 0);
		dist.sum += values[i];
		if (dist.max < values[i])
			dist.max = values[i];
	}
	qsort(values, samples, sizeof(*values), compare);
	for (size_t i = 0; i < sizeof(per_mille) / sizeof(*per_mille); i++) {
		size_t rank = (samples * per_mille[i] + 999) / 1000;
		double exact = (double)values[rank - 1];
		double found = (double)dist_percentile(&dist, per_mille[i]);

		assert_true(found <= (double)dist.max);
		assert_true(found >= exact * 0.875 && found <= exact * 1.125);
	}
	assert_int_equal(dist_percentile(&dist, 1000), values[samples - 1]);
	dist_clear(&dist);
}

static void percentiles_are_within_an_eighth_of_the_exact_ones(void **state)
{
	uint64_t (*const shapes[])(void) = {uniform, log_uniform, narrow, two_peaks, heavy_tail};
	static const size_t sizes[] = {1, 2, 3, 10, 99, 100, 101, SAMPLES};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(*sizes); j++)
			check_percentiles(shapes[i], sizes[j]);
}

static void a_percentile_never_exceeds_the_maximum(void **state)
{
	struct dist dist = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(dist_add(&dist, dwell_bucket(1025), 1), 0);
	dist.max = 1025;
	assert_in_range(dist_percentile(&dist, 500), 1024, 1025);
	/* Beyond the last bucket's start nothing but the maximum is known. */
	dist_clear(&dist);
	dist_add(&dist, DWELL_BUCKETS - 1, 2);
	dist.max = UINT64_MAX;
	assert_in_range(dist_percentile(&dist, 500), dist_bucket_start(DWELL_BUCKETS - 1),
			UINT64_MAX);
	/* A maximum that was lost makes no percentile above it. */
	dist.max = 5;
	assert_int_equal(dist_percentile(&dist, 1), 5);
	dist_clear(&dist);
}

/* An hour and a day lie beyond the last bucket's start: their mean is known, as the sum is. */
static void what_is_beyond_the_last_bucket_has_its_mean(void **state)
{
	const uint64_t minute = 60000000000, hour = 60 * minute;
	struct dist dist = {.sum = 10 * minute + 3 * hour, .max = hour};

	(void)state;
	dist_add(&dist, dwell_bucket(minute), 10);
	dist_add(&dist, dwell_bucket(hour), 3);
	assert_int_equal(dwell_bucket(hour), DWELL_BUCKETS - 1);
	assert_in_range(dist_percentile(&dist, 500), minute / 8 * 7, minute / 8 * 9);
	assert_in_range(dist_percentile(&dist, 900), hour / 20 * 19, hour);
	/* A sum that was lost makes no percentile below where the bucket begins. */
	dist.sum = 0;
	assert_int_equal(dist_percentile(&dist, 900), dist_bucket_start(DWELL_BUCKETS - 1));
	dist_clear(&dist);
}

static void an_empty_distribution_has_only_zeros(void **state)
{
	struct dist dist = {0};

	(void)state;
	assert_int_equal(dist_count(&dist), 0);
	assert_int_equal(dist_percentile(&dist, 500), 0);
	assert_int_equal(dist_add(&dist, 3, 0), 0);
	assert_int_equal(dist.used, 0);
	dist_clear(&dist);
}

/* ---- adding up ----------------------------------------------------------- */

static void cells_stay_in_order_and_are_added_up(void **state)
{
	static const uint32_t order[] = {50, 3, 103, 0, 50, 77, 3, 1, 2, 0, 102};
	struct dist dist = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		assert_int_equal(dist_add(&dist, order[i], i + 1), 0);
	assert_int_equal(dist.used, 8);
	for (uint32_t i = 1; i < dist.used; i++)
		assert_true(dist.cells[i - 1].bucket < dist.cells[i].bucket);
	assert_int_equal(dist.cells[0].count, 4 + 10);
	assert_int_equal(dist_count(&dist), 66);
	dist_clear(&dist);
	assert_null(dist.cells);
	assert_int_equal(dist.used, 0);
}

static void merging_equals_adding_one_by_one(void **state)
{
	struct dist parts[3] = {0}, merged = {0}, whole = {0};

	(void)state;
	for (int i = 0; i < 3000; i++) {
		uint64_t ns = log_uniform();
		struct dist *part = &parts[i % 3];

		dist_add(part, dwell_bucket(ns), 1);
		dist_add(&whole, dwell_bucket(ns), 1);
		part->sum += ns;
		whole.sum += ns;
		part->max = part->max > ns ? part->max : ns;
		whole.max = whole.max > ns ? whole.max : ns;
	}
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dist_merge(&merged, &parts[i]), 0);
		dist_clear(&parts[i]);
	}
	assert_int_equal(merged.sum, whole.sum);
	assert_int_equal(merged.max, whole.max);
	assert_int_equal(merged.used, whole.used);
	for (uint32_t i = 0; i < whole.used; i++) {
		assert_int_equal(merged.cells[i].bucket, whole.cells[i].bucket);
		assert_int_equal(merged.cells[i].count, whole.cells[i].count);
	}
	dist_clear(&merged);
	dist_clear(&whole);
}

static void counts_and_sums_saturate(void **state)
{
	struct dist dist = {.sum = UINT64_MAX - 1}, more = {.sum = 2, .max = 7};

	(void)state;
	dist_add(&dist, 5, UINT64_MAX - 1);
	dist_add(&more, 5, 2);
	dist_add(&more, 6, 3);
	assert_int_equal(dist_merge(&dist, &more), 0);
	assert_int_equal(dist.cells[0].count, UINT64_MAX);
	assert_int_equal(dist.sum, UINT64_MAX);
	assert_int_equal(dist_count(&dist), UINT64_MAX);
	assert_int_equal(dist_percentile(&dist, 500), 7);
	dist_clear(&dist);
	dist_clear(&more);
}

static void a_bucket_that_does_not_exist_is_the_last(void **state)
{
	struct dist dist = {0};

	(void)state;
	dist_add(&dist, UINT32_MAX, 1);
	assert_int_equal(dist.cells[0].bucket, DWELL_BUCKETS - 1);
	dist_clear(&dist);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(powers_of_two_fall_between_their_buckets_edges),
		cmocka_unit_test(every_bucket_begins_where_it_says),
		cmocka_unit_test(no_bucket_is_wider_than_the_error_allows),
		cmocka_unit_test(percentiles_are_within_an_eighth_of_the_exact_ones),
		cmocka_unit_test(a_percentile_never_exceeds_the_maximum),
		cmocka_unit_test(what_is_beyond_the_last_bucket_has_its_mean),
		cmocka_unit_test(an_empty_distribution_has_only_zeros),
		cmocka_unit_test(cells_stay_in_order_and_are_added_up),
		cmocka_unit_test(merging_equals_adding_one_by_one),
		cmocka_unit_test(counts_and_sums_saturate),
		cmocka_unit_test(a_bucket_that_does_not_exist_is_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
