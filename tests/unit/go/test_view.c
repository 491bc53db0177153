/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of views: how timers and goroutines become rows, their order, and what grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "harness/unit/go_names.h"
#include "go/course.h"
#include "go/view.h"

#define MS 1000000LL
#define S 1000000000LL
#define NOW (100 * S)

enum { PARK = 1, RECEIVE, SLEEP, LEAKY, OTHER, MAIN, STARTER, CLOSURE };

static struct go_rows rows;
static uint32_t receiving, sleeping;

static int begin(void **state)
{
	(void)state;
	make_nothing(NOW);
	name_at(PARK, "runtime.gopark", NULL, 0);
	name_at(RECEIVE, "runtime.chanrecv", NULL, 0);
	name_at(SLEEP, "time.Sleep", NULL, 0);
	name_at(LEAKY, "main.leaky.func1", "main.go", 12);
	name_at(OTHER, "main.other", "main.go", 20);
	name_at(MAIN, "main.main", "main.go", 30);
	name_at(STARTER, "main.leaky", "main.go", 11);
	name_at(CLOSURE, "main.main.func3", "main.go", 31);
	receiving = make_stack(RECEIVE, LEAKY, 0);
	sleeping = make_stack(SLEEP, OTHER, MAIN);
	return 0;
}

static int end(void **state)
{
	(void)state;
	go_rows_free(&rows);
	return 0;
}

static void view(enum go_by by, enum go_sort sort, size_t limit)
{
	const struct go_view asked = {.by = by, .sort = sort, .limit = limit};

	go_rows_free(&rows);
	assert_int_equal(go_rows_make(&made, &program, &asked, &rows), 0);
}

/* @count tickers of 200 ms, each received by a goroutine of its own. */
static void make_leak(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		make_goroutine(GO_WAITING, receiving, STARTER);
		receive(make_timer(GO_TICKER, 200 * MS, NOW + (int64_t)i * MS + 1));
	}
}

static void timers_of_one_owner_are_a_row(void **state)
{
	(void)state;
	make_leak(30);
	make_timer(GO_FUNC, 0, NOW + 3600 * S)->function = CLOSURE;
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_int_equal(rows.timers, 2);
	assert_int_equal(rows.timer[0].kind, GO_TICKER);
	assert_int_equal(rows.timer[0].count, 30);
	assert_int_equal(rows.timer[0].received, 30);
	assert_int_equal(rows.timer[0].period_ns, 200 * MS);
	assert_false(rows.timer[0].periods);
	assert_string_equal(rows.timer[0].owner, "main.leaky.func1");
	assert_string_equal(rows.timer[0].creator, "main.leaky");
	assert_int_equal(rows.timer[0].stack, receiving);
	assert_int_equal(rows.timer[0].next, NOW + 1);
	assert_int_equal(rows.timer[0].last, NOW + 29 * MS + 1);
	assert_string_equal(rows.timer[1].owner, "main.main.func3");
	assert_null(rows.timer[1].creator);
	assert_int_equal(rows.timer[1].stack, GO_NONE);
	assert_int_equal(rows.armed, 31);
	assert_int_equal(rows.next, NOW + 1);
	assert_int_equal(rows.last, NOW + 3600 * S);
}

static void what_is_of_timers_is_counted(void **state)
{
	struct go_timer *timer;

	(void)state;
	make_goroutine(GO_WAITING, receiving, STARTER);
	timer = make_timer(GO_TICKER, S, NOW - 24 * MS);
	receive(timer);
	receive(timer);
	make_timer(GO_TICKER, S, NOW + S)->full = true;
	make_timer(GO_TICKER, S, NOW - GO_OVERDUE_LEAST_NS + 1);
	make_timer(GO_TICKER, S, NOW - 3600 * S)->dead = true;
	view(GO_BY_KIND, GO_SORT_COUNT, 0);
	assert_int_equal(rows.timers, 1);
	assert_int_equal(rows.timer[0].count, 3);
	assert_int_equal(rows.timer[0].dead, 1);
	assert_int_equal(rows.timer[0].received, 1);
	assert_int_equal(rows.timer[0].crowded, 1);
	assert_int_equal(rows.timer[0].full, 1);
	assert_int_equal(rows.timer[0].overdue, 1);
	assert_int_equal(rows.timer[0].overdue_max_ns, 24 * MS);
	assert_int_equal(rows.timer[0].next, NOW - 24 * MS);
	assert_null(rows.timer[0].owner);
	assert_int_equal(rows.overdue, 1);
	assert_int_equal(rows.overdue_max_ns, 24 * MS);
	assert_int_equal(rows.dead, 1);
}

static void what_is_late_by_design_is_not_overdue(void **state)
{
	(void)state;
	make_timer(GO_TIMER, 0, NOW - GO_OVERDUE_LEAST_NS + 1);
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_int_equal(rows.overdue, 0);
	make_timer(GO_TIMER, 0, NOW - GO_OVERDUE_LEAST_NS);
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_int_equal(rows.overdue, 1);
}

static void the_runtime_is_no_creator(void **state)
{
	(void)state;
	make_goroutine(GO_WAITING, sleeping, PARK);
	receive(make_timer(GO_SLEEP, 0, NOW + S));
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_null(rows.goroutine[0].creator);
	assert_null(rows.timer[0].creator);
}

static void times_at_the_ends_do_not_overflow(void **state)
{
	(void)state;
	make_timer(GO_TIMER, 0, INT64_MIN);
	make_timer(GO_TIMER, UINT64_MAX, INT64_MAX);
	make_goroutine(GO_WAITING, GO_NONE, 0)->since = INT64_MIN;
	make_goroutine(GO_WAITING, 999999, 0)->since = INT64_MAX;
	make_timer(GO_TIMER, 0, NOW)->goroutine = 1234567;
	view(GO_BY_SITE, GO_SORT_LAST, 0);
	assert_int_equal(rows.armed, 3);
	assert_true(rows.overdue_max_ns > (uint64_t)INT64_MAX);
	assert_int_equal(rows.goroutine[0].stack, GO_NONE);
	assert_true(rows.goroutine[0].oldest_ns > (uint64_t)INT64_MAX);
}

static void periods_make_rows_of_their_own_unless_they_do_not_matter(void **state)
{
	const struct go_view coarse = {.by = GO_BY_SITE, .coarse = true};

	(void)state;
	make_timer(GO_TICKER, 2 * S, NOW + S);
	make_timer(GO_TICKER, S, NOW + S);
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_int_equal(rows.timers, 2);
	assert_int_equal(rows.timer[0].period_ns, S);
	go_rows_free(&rows);
	assert_int_equal(go_rows_make(&made, &program, &coarse, &rows), 0);
	assert_int_equal(rows.timers, 1);
	assert_int_equal(rows.timer[0].period_ns, S);
	assert_true(rows.timer[0].periods);
}

static void goroutines_are_grouped_by_creator_and_place(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		make_goroutine(GO_WAITING, receiving, STARTER)->start = LEAKY;
	make_goroutine(GO_RUNNABLE, receiving, STARTER)->start = LEAKY;
	made_goroutine[2].since = NOW - 3 * S;
	made_goroutine[3].since = NOW - 5 * S;
	make_goroutine(GO_WAITING, sleeping, STARTER)->start = OTHER;
	make_goroutine(GO_RUNNING, GO_NONE, STARTER)->start = OTHER;
	make_goroutine(GO_WAITING, receiving, 0)->system = true;
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_int_equal(rows.goroutines, 3);
	assert_int_equal(rows.goroutine[0].count, 6);
	assert_int_equal(rows.goroutine[0].state[GO_WAITING], 5);
	assert_int_equal(rows.goroutine[0].state[GO_RUNNABLE], 1);
	assert_string_equal(rows.goroutine[0].place, "main.leaky.func1");
	assert_string_equal(rows.goroutine[0].creator, "main.leaky");
	assert_string_equal(rows.goroutine[0].wait, "chan receive");
	assert_string_equal(rows.goroutine[0].start, "main.leaky.func1");
	assert_int_equal(rows.goroutine[0].known, 2);
	assert_int_equal(rows.goroutine[0].oldest_ns, 5 * S);
	assert_null(rows.goroutine[1].place);
	assert_string_equal(rows.goroutine[1].start, "main.other");
	assert_string_equal(rows.goroutine[2].place, "main.other");
	assert_string_equal(rows.goroutine[2].wait, "sleep");
	assert_int_equal(rows.system, 1);
	assert_int_equal(rows.state[GO_WAITING], 6);
	view(GO_BY_CREATOR, GO_SORT_COUNT, 0);
	assert_int_equal(rows.goroutines, 1);
	assert_int_equal(rows.goroutine[0].count, 8);
	assert_null(rows.goroutine[0].place);
	assert_null(rows.goroutine[0].start);
	view(GO_BY_KIND, GO_SORT_COUNT, 0);
	assert_int_equal(rows.goroutines, 3);
	assert_int_equal(rows.goroutine[0].state[GO_WAITING], 6);
	assert_null(rows.goroutine[0].creator);
}

static void rows_are_sorted_and_cut(void **state)
{
	(void)state;
	make_leak(3);
	make_timer(GO_FUNC, 0, NOW + 12 * 3600 * S)->function = CLOSURE;
	make_timer(GO_SLEEP, 0, NOW - 50 * MS);
	make_timer(GO_TIMER, 0, NOW)->dead = true;
	view(GO_BY_SITE, GO_SORT_LAST, 0);
	assert_int_equal(rows.timer[0].kind, GO_FUNC);
	assert_int_equal(rows.timer[3].dead, 1);
	view(GO_BY_SITE, GO_SORT_NEXT, 0);
	assert_int_equal(rows.timer[0].kind, GO_SLEEP);
	assert_int_equal(rows.timer[1].kind, GO_TICKER);
	assert_int_equal(rows.timer[3].dead, 1);
	view(GO_BY_SITE, GO_SORT_OVERDUE, 0);
	assert_int_equal(rows.timer[0].kind, GO_SLEEP);
	view(GO_BY_SITE, GO_SORT_COUNT, 1);
	assert_int_equal(rows.timers, 1);
	assert_int_equal(rows.timers_hidden, 2);
	assert_int_equal(rows.timer[0].count, 3);
	assert_int_equal(rows.goroutines, 1);
	assert_int_equal(rows.goroutines_hidden, 0);
	assert_int_equal(rows.armed, 5);
	make_goroutine(GO_WAITING, sleeping, 0)->since = NOW - S;
	view(GO_BY_SITE, GO_SORT_AGE, 0);
	assert_int_equal(rows.goroutine[0].oldest_ns, S);
	assert_int_equal(rows.goroutine[1].count, 3);
}

static void names_are_asked_for_once(void **state)
{
	(void)state;
	make_leak(100);
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_in_range(program.asked, 1, 20);
}

/* More owners than rows: the rest is counted all the same. */
static void beyond_the_most_rows_the_rest_is_together(void **state)
{
	static struct go_timer timer[GO_ROWS_MAX + 50];
	uint64_t counted = 0;

	(void)state;
	for (size_t i = 0; i < GO_ROWS_MAX + 50; i++)
		timer[i] = (struct go_timer){.kind = GO_TICKER,
					     .period_ns = i + 1,
					     .when = NOW + 1,
					     .goroutine = GO_NONE};
	made.timer = timer;
	made.timers = GO_ROWS_MAX + 50;
	view(GO_BY_SITE, GO_SORT_COUNT, 0);
	assert_int_equal(rows.timers, GO_ROWS_MAX + 1);
	assert_true(rows.timer[0].others);
	assert_int_equal(rows.timer[0].count, 50);
	assert_true(rows.timer[0].periods);
	for (size_t i = 0; i < rows.timers; i++)
		counted += rows.timer[i].count;
	assert_int_equal(counted, GO_ROWS_MAX + 50);
}

/* ---- growth --------------------------------------------------------------------------- */

/* Looks @count times, each time with @more tickers more. */
static void watch(const struct go_view *asked, size_t count, size_t more)
{
	struct go_course *course = go_course_new(asked);

	assert_non_null(course);
	for (size_t i = 0; i < count; i++) {
		made.at = NOW + (int64_t)i * 10 * S;
		if (made.timers + more > MADE_MAX)
			more = 0;
		make_leak(more);
		go_rows_free(&rows);
		assert_int_equal(go_rows_make(&made, &program, asked, &rows), 0);
		go_course_add(course, &rows, made.at);
	}
	go_course_judge(course, &rows);
	go_course_free(course);
}

static void what_grows_is_told_with_its_slope(void **state)
{
	const struct go_view all = {0}, leaks = {.leaks = true};

	(void)state;
	make_timer(GO_FUNC, 0, NOW + 3600 * S)->function = CLOSURE;
	watch(&all, GROWTH_SAMPLES, 5);
	assert_int_equal(rows.samples, GROWTH_SAMPLES);
	assert_int_equal(rows.grown, 2);
	go_rows_rank(&rows, &leaks);
	assert_int_equal(rows.timers, 1);
	assert_int_equal(rows.goroutines, 1);
	assert_true(rows.timer[0].growth.grows);
	assert_true(rows.timer[0].growth.per_s > 0.49 && rows.timer[0].growth.per_s < 0.51);
	assert_true(rows.goroutine[0].growth.grows);
}

static void what_does_not_grow_is_not_told(void **state)
{
	const struct go_view all = {.by = GO_BY_SITE};

	(void)state;
	make_leak(20);
	watch(&all, GROWTH_SAMPLES, 0);
	assert_int_equal(rows.grown, 0);
	assert_false(rows.timer[0].growth.grows);
	watch(&all, GROWTH_SAMPLES - 1, 5);
	assert_int_equal(rows.grown, 0);
}

static void many_looks_are_thinned_out(void **state)
{
	const struct go_view all = {.by = GO_BY_SITE};

	(void)state;
	watch(&all, 200, 1);
	assert_int_equal(rows.samples, 50); /* thinned out twice */
	assert_true(rows.timer[0].growth.grows);
	assert_true(rows.timer[0].growth.per_s > 0.09 && rows.timer[0].growth.per_s < 0.11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_of_one_owner_are_a_row, begin, end),
		cmocka_unit_test_setup_teardown(what_is_of_timers_is_counted, begin, end),
		cmocka_unit_test_setup_teardown(what_is_late_by_design_is_not_overdue, begin, end),
		cmocka_unit_test_setup_teardown(the_runtime_is_no_creator, begin, end),
		cmocka_unit_test_setup_teardown(times_at_the_ends_do_not_overflow, begin, end),
		cmocka_unit_test_setup_teardown(
			periods_make_rows_of_their_own_unless_they_do_not_matter, begin, end),
		cmocka_unit_test_setup_teardown(goroutines_are_grouped_by_creator_and_place, begin,
						end),
		cmocka_unit_test_setup_teardown(rows_are_sorted_and_cut, begin, end),
		cmocka_unit_test_setup_teardown(names_are_asked_for_once, begin, end),
		cmocka_unit_test_setup_teardown(beyond_the_most_rows_the_rest_is_together, begin,
						end),
		cmocka_unit_test_setup_teardown(what_grows_is_told_with_its_slope, begin, end),
		cmocka_unit_test_setup_teardown(what_does_not_grow_is_not_told, begin, end),
		cmocka_unit_test_setup_teardown(many_looks_are_thinned_out, begin, end),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
