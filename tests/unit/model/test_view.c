// SPDX-License-Identifier: GPL-2.0-only
/* Tests of views: the same rows come out, however many of them are shown, ranked or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/records.h"
#include "model/view.h"

#define TASKS 300
#define KERNEL_TIMERS 5

static void add_kernel_timer(struct model *model, uint64_t function, uint64_t armed)
{
	const struct dwell_timer_key key = {.function = function, .kind = DWELL_TIMER_KERNEL};
	const struct dwell_timer_counts counts = {.armed = armed};

	assert_int_equal(model_add_timers(model, &key, &counts), 0);
}

static void live_a_little(struct dwell_record *record)
{
	record->state = rand() % (DWELL_RUNNABLE_THROTTLED + 1);
	record->since = (uint64_t)(95 + rand() % 15) * SECOND;
	record->oncpu_ns += rand() % 5;
	record->voluntary += rand() % 5;
	record->armed += rand() % 5;
	for (int i = 0; i < 5; i++)
		record_measure(record, rand() % DWELL_MEASURES, 1000ULL << rand() % 20);
}

/* Tasks of a few processes, comms and cgroups; some change them, and some exit. Ties abound. */
static struct model *busy_model(void)
{
	struct model *model = new_model(20);

	srand(1);
	for (uint32_t tid = 1; tid <= TASKS; tid++) {
		struct dwell_record record = record_of(tid / 4 * 4 + 1, tid, 1, "", 1 + tid % 20);

		snprintf(record.comm, sizeof(record.comm), "c%d", rand() % 30);
		live_a_little(&record);
		add_as(model, &record, DWELL_LIVE);
		if (tid % 3 == 0)
			snprintf(record.comm, sizeof(record.comm), "c%d", rand() % 30);
		live_a_little(&record);
		add_as(model, &record, tid % 5 == 0 ? DWELL_EXIT : DWELL_LIVE);
	}
	for (uint64_t i = 1; i <= KERNEL_TIMERS; i++)
		add_kernel_timer(model, 0xffffffff81000000 + i, i / 2);
	return model;
}

static bool same_dist(const struct dist *a, const struct dist *b)
{
	return a->sum == b->sum && a->max == b->max && a->used == b->used &&
	       (!a->used || !memcmp(a->cells, b->cells, a->used * sizeof(*a->cells)));
}

/* Whether @a and @b are of the same task, group or timer. */
static bool same_identity(const struct row *a, const struct row *b)
{
	return a->by == b->by && a->pid == b->pid && a->tid == b->tid && a->cgroup == b->cgroup &&
	       !memcmp(a->comm, b->comm, sizeof(a->comm)) && a->function == b->function &&
	       a->kernel_timer == b->kernel_timer && a->remainder == b->remainder;
}

static void check_same(const struct row *a, const struct row *b)
{
	assert_true(same_identity(a, b));
	assert_int_equal(a->tasks, b->tasks);
	assert_int_equal(a->live, b->live);
	assert_int_equal(a->oncpu_ns, b->oncpu_ns);
	assert_int_equal(a->voluntary, b->voluntary);
	assert_memory_equal(&a->timers, &b->timers, sizeof(a->timers));
	for (int i = 0; i < DWELL_MEASURES; i++) {
		assert_true(same_dist(&a->measure[i], &b->measure[i]));
		assert_true(same_dist(&a->open[i].age, &b->open[i].age));
		assert_int_equal(a->open[i].window_ns, b->open[i].window_ns);
	}
}

/* Checks that @first has the first @limit of either kind of @all's rows, as they are there. */
static void check_first(const struct rows *first, const struct rows *all, size_t limit)
{
	size_t made[2] = {0}, at = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (made[all->row[i].kernel_timer]++ >= limit)
			continue;
		assert_true(at < first->count);
		check_same(&first->row[at++], &all->row[i]);
	}
	assert_int_equal(at, first->count);
	assert_int_equal(first->count + first->hidden, all->count);
}

static void a_limit_shows_the_first_of_all_rows(void **state)
{
	static const size_t limits[] = {1, 3, 7, 40, 200, 1000};
	struct model *model = busy_model();
	struct rows all, first;

	(void)state;
	for (unsigned int i = 0; row_sort_key(i / 4); i++) {
		struct view view = {.by = i % 4, .sort = row_sort_key(i / 4)};

		assert_int_equal(model_rows(model, &view, &all), 0);
		assert_true(all.count > 15);
		assert_int_equal(all.hidden, 0);
		for (size_t at = 0; at < sizeof(limits) / sizeof(limits[0]); at++) {
			view.limit = limits[at];
			assert_int_equal(model_rows(model, &view, &first), 0);
			check_first(&first, &all, view.limit);
			rows_free(&first);
		}
		rows_free(&all);
	}
	model_free(model);
}

static void all_rows_are_in_the_order_of_their_values(void **state)
{
	struct model *model = busy_model();

	(void)state;
	for (unsigned int i = 0; !column_ascends(row_sort_key(i / 4)); i++) {
		const struct view view = {.by = i % 4, .sort = row_sort_key(i / 4)};
		uint64_t value, last = UINT64_MAX;
		struct rows rows;

		assert_int_equal(model_rows(model, &view, &rows), 0);
		for (size_t at = 0; at < rows.count; at++) {
			if (rows.row[at].kernel_timer || rows.row[at].remainder)
				continue;
			assert_int_equal(row_rank(view.sort, &rows.row[at], &value), 0);
			assert_true(value <= last);
			last = value;
		}
		rows_free(&rows);
	}
	model_free(model);
}

static void unranked_rows_are_the_same_rows(void **state)
{
	struct model *model = busy_model();

	(void)state;
	for (int by = 0; by < 4; by++) {
		struct rows rows, ranked = rows_by(model, by);

		assert_int_equal(model_rows_unranked(model, by, &rows), 0);
		assert_int_equal(rows.count, ranked.count);
		assert_int_equal(rows.hidden, 0);
		for (size_t i = 0; i < rows.count; i++) {
			size_t at = 0;

			while (at < ranked.count && !same_identity(&rows.row[i], &ranked.row[at]))
				at++;
			assert_true(at < ranked.count);
			check_same(&rows.row[i], &ranked.row[at]);
		}
		rows_free(&rows);
		rows_free(&ranked);
	}
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_shows_the_first_of_all_rows),
		cmocka_unit_test(all_rows_are_in_the_order_of_their_values),
		cmocka_unit_test(unranked_rows_are_the_same_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
