// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the budget: what is left undone, and when it comes back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/budget.h"

#define SECOND 1000000000ULL

/* Four CPUs, of which 1 % is 40 ms a second. */
static struct budget budget_of(double limit)
{
	return (struct budget){.limit = limit, .cpus = 4, .overhead = NAN};
}

/* Spends so much in the next second. */
static bool spend(struct budget *budget, uint64_t cpu_ns, uint64_t bpf_ns)
{
	struct budget_spent spent = budget->last;

	spent.at += SECOND;
	spent.cpu_ns += cpu_ns;
	spent.bpf_ns += bpf_ns;
	return budget_update(budget, &spent);
}

static void nothing_is_known_at_first(void **state)
{
	struct budget budget = budget_of(0.01);

	(void)state;
	assert_false(spend(&budget, 10 * SECOND, 10 * SECOND));
	assert_true(isnan(budget.overhead));
	assert_int_equal(budget.shed, DWELL_SHED_NOTHING);
}

static void both_sides_count_as_a_part_of_all_cpus(void **state)
{
	struct budget budget = budget_of(0.01);

	(void)state;
	spend(&budget, 0, 0);
	assert_false(spend(&budget, 10000000, 20000000));
	assert_float_equal(budget.overhead, 0.0075, 1e-9);
	assert_false(spend(&budget, 0, 40000000)); /* exactly the limit */
	assert_float_equal(budget.overhead, 0.01, 1e-9);
	assert_true(spend(&budget, 0, 40000001));
	assert_int_equal(budget.shed, DWELL_SHED_STACKS);
}

static void one_step_at_a_time_and_no_further_than_the_last(void **state)
{
	struct budget budget = budget_of(0.01);

	(void)state;
	spend(&budget, 0, 0);
	for (int level = DWELL_SHED_STACKS; level < DWELL_SHED_LEVELS; level++) {
		assert_true(spend(&budget, SECOND, 0));
		assert_int_equal(budget.shed, level);
	}
	assert_false(spend(&budget, SECOND, 0));
	assert_int_equal(budget.shed, DWELL_SHED_LEVELS - 1);
}

static void a_step_comes_back_after_four_calm_ones(void **state)
{
	struct budget budget = budget_of(0.01);

	(void)state;
	spend(&budget, 0, 0);
	spend(&budget, SECOND, 0);
	spend(&budget, SECOND, 0);
	for (int level = DWELL_SHED_OUTLIERS; level > DWELL_SHED_NOTHING; level--) {
		for (int i = 0; i < 3; i++)
			assert_false(spend(&budget, 19999999, 0));
		assert_int_equal(budget.shed, level);
		assert_true(spend(&budget, 19999999, 0));
		assert_int_equal(budget.shed, level - 1);
	}
	for (int i = 0; i < 10; i++)
		assert_false(spend(&budget, 0, 0));
}

/* Between half of it and all of it, all stays: else it would swing to and fro. */
static void the_upper_half_of_the_limit_changes_nothing(void **state)
{
	struct budget budget = budget_of(0.01);

	(void)state;
	spend(&budget, 0, 0);
	spend(&budget, SECOND, 0);
	for (int i = 0; i < 3; i++)
		spend(&budget, 0, 0);
	for (int i = 0; i < 10; i++)
		assert_false(spend(&budget, 30000000, 0));
	assert_int_equal(budget.shed, DWELL_SHED_STACKS);
	/* The calm before is forgotten. */
	for (int i = 0; i < 3; i++)
		assert_false(spend(&budget, 0, 0));
	assert_true(spend(&budget, 0, 0));
}

static void without_a_limit_nothing_is_left_undone(void **state)
{
	struct budget budget = budget_of(0);

	(void)state;
	spend(&budget, 0, 0);
	assert_false(spend(&budget, 100 * SECOND, 0));
	assert_float_equal(budget.overhead, 25, 1e-9);
	/* Also if it is taken away. */
	budget.limit = 0.01;
	assert_true(spend(&budget, SECOND, 0));
	budget.limit = 0;
	assert_true(spend(&budget, SECOND, 0));
	assert_int_equal(budget.shed, DWELL_SHED_NOTHING);
}

static void no_time_between_two_looks_says_nothing(void **state)
{
	struct budget budget = budget_of(0.01);
	struct budget_spent spent;

	(void)state;
	spend(&budget, 0, 0);
	spent = budget.last;
	spent.cpu_ns += SECOND;
	assert_false(budget_update(&budget, &spent));
	assert_true(isnan(budget.overhead));
}

static void each_level_has_its_words(void **state)
{
	struct budget budget = budget_of(0.01);
	const char *before = NULL;

	(void)state;
	budget.takes_snapshots = true;
	spend(&budget, 0, 0);
	do {
		assert_non_null(budget_step(&budget));
		assert_true(!before || strcmp(before, budget_step(&budget)));
		before = budget_step(&budget);
	} while (spend(&budget, SECOND, 0));
	assert_int_equal(budget.shed, DWELL_SHED_LEVELS - 1);
}

static void snapshots_shrink_first_and_come_back_last(void **state)
{
	struct budget budget = budget_of(0.01);

	(void)state;
	budget.takes_snapshots = true;
	spend(&budget, 0, 0);
	/* A half of 40 ms, an eighth, nothing. */
	assert_int_equal(budget_for_snapshots(&budget, SECOND), 20000000);
	assert_true(spend(&budget, SECOND, 0));
	assert_int_equal(budget_for_snapshots(&budget, SECOND), 5000000);
	assert_true(spend(&budget, SECOND, 0));
	assert_int_equal(budget_for_snapshots(&budget, SECOND), 0);
	assert_int_equal(budget.shed, DWELL_SHED_NOTHING);
	assert_true(spend(&budget, SECOND, 0));
	assert_int_equal(budget.shed, DWELL_SHED_STACKS);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(budget.snapshots, BUDGET_SNAPSHOTS_NONE - (i ? i - 1 : 0));
		for (int j = 0; j < 4; j++)
			spend(&budget, 0, 0);
	}
	assert_int_equal(budget.shed, DWELL_SHED_NOTHING);
	assert_int_equal(budget.snapshots, BUDGET_SNAPSHOTS_ALL);
}

static void without_a_limit_snapshots_have_half_a_cpu(void **state)
{
	struct budget budget = budget_of(0.01);

	(void)state;
	budget.takes_snapshots = true;
	spend(&budget, 0, 0);
	spend(&budget, SECOND, 0);
	budget.limit = 0;
	assert_true(spend(&budget, SECOND, 0));
	assert_int_equal(budget_for_snapshots(&budget, SECOND), SECOND / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(both_sides_count_as_a_part_of_all_cpus),
		cmocka_unit_test(one_step_at_a_time_and_no_further_than_the_last),
		cmocka_unit_test(a_step_comes_back_after_four_calm_ones),
		cmocka_unit_test(the_upper_half_of_the_limit_changes_nothing),
		cmocka_unit_test(without_a_limit_nothing_is_left_undone),
		cmocka_unit_test(no_time_between_two_looks_says_nothing),
		cmocka_unit_test(each_level_has_its_words),
		cmocka_unit_test(snapshots_shrink_first_and_come_back_last),
		cmocka_unit_test(without_a_limit_snapshots_have_half_a_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
