// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the tables of columns: what every row of them must have, and the order of their words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/timer_column.h"

static const struct {
	const struct column *columns;
	const size_t *count;
} tables[] = {
	{row_columns, &row_columns_count},
	{timer_columns, &timer_columns_count},
};

static void check_column(const struct column *column)
{
	assert_int_equal(!column->word, !column->help);
	assert_int_equal(!column->heading, !column->shown);
	assert_true(column->word || column->heading || column->json);
	assert_true(!column->group || column->heading);
	assert_true(!column->manual || column->heading);
	assert_int_not_equal(column->applies, 0);
	assert_int_equal(column->figures & ~(unsigned int)FIGURES, 0);
	assert_in_range(column->place + COLUMN_PLACES, 0, 2 * COLUMN_PLACES);
}

static void each_column_is_whole(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < *tables[t].count; i++)
			check_column(&tables[t].columns[i]);
}

static void no_word_is_there_twice(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < *tables[t].count; i++)
			for (size_t j = 0; j < i; j++) {
				const struct column *a = &tables[t].columns[i];
				const struct column *b = &tables[t].columns[j];

				if (a->word && b->word)
					assert_string_not_equal(a->word, b->word);
				if (a->json && b->json && (a->applies & b->applies))
					assert_string_not_equal(a->json, b->json);
			}
}

/* A group's columns stand together, and the manual has a text for the last of all. */
static void tables_are_in_order(void **state)
{
	(void)state;
	for (size_t t = 0; t < 2; t++) {
		const char *manual = "", *group = NULL;

		for (size_t i = 0; i < *tables[t].count; i++) {
			const struct column *column = &tables[t].columns[i];

			if (!column->heading)
				continue;
			for (size_t j = 0; j < i && column->group && column->group != group; j++)
				assert_ptr_not_equal(tables[t].columns[j].group, column->group);
			group = column->group;
			manual = column->manual;
		}
		assert_non_null(manual);
	}
}

/* What help lists first is what is sorted by without -s; ids and names come last. */
static void words_have_an_order(void **state)
{
	static const char *const first[] = {"runqueue", "runqueue-max", "runqueue-p99", "throttled",
					    "armed"};
	const struct column *column;
	bool ascends = false;
	size_t at;

	(void)state;
	for (at = 0; at < sizeof(first) / sizeof(first[0]); at++)
		assert_string_equal(row_sort_key(at)->word, first[at]);
	for (at = 0; (column = row_sort_key(at)); at++) {
		assert_true(column_ascends(column) >= ascends);
		ascends = column_ascends(column);
	}
	assert_true(ascends);
	assert_null(row_sort_key(at + 1));
	assert_string_equal(timer_sort_key(0)->word, "armed");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_column_is_whole),
		cmocka_unit_test(no_word_is_there_twice),
		cmocka_unit_test(tables_are_in_order),
		cmocka_unit_test(words_have_an_order),
	};

	return cmocka_run_group_tests_name("column", tests, NULL, NULL);
}
