/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of incidents where there is no memory to divide outliers by their causes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "harness/unit/incidents.h"
#include "findings/incident_private.h"

/* Takes the place of the one that is tested elsewhere. */
long incident_divide(struct incident_held *held, size_t count)
{
	/* What it may have left behind. */
	for (size_t i = 0; i < count; i++)
		held[i].group = SIZE_MAX - i % 2;
	return -ENOMEM;
}

static void those_that_cannot_be_divided_are_one_line(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < 12; i++) {
		outlier = wait_behind("nginx", 12 + i, BACKUP, i * MS, (20 + i) * MS);
		take(*state, &outlier);
	}
	outlier = outlier_of(DWELL_THROTTLED, "sh", 50, 50, 12 * MS, 5 * MS);
	take(*state, &outlier);
	tell(*state);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.outliers, 13);
	assert_int_equal(heard.incident[0].class, INCIDENT_REST);
	assert_int_equal(heard.worst_ns[0], 31 * MS);
}

static void parts_are_not_told_beside_their_whole(void **state)
{
	struct dwell_outlier open = wait_behind("sh", 12, BACKUP, 30 * MS, 30 * MS), end;

	open.open = 1;
	end = wait_behind("sh", 12, BACKUP, 50 * MS, 50 * MS);
	take(*state, &open);
	take(*state, &end);
	tell(*state);
	assert_int_equal(heard.outliers, 1);
	assert_int_equal(heard.incident[0].open, 0);
}

static void a_flood_is_a_line_for_each_of_its_seconds(void **state)
{
	struct dwell_outlier outlier;

	for (uint32_t i = 0; i < INCIDENT_HELD + 5; i++) {
		outlier = wait_behind("nginx", 12 + i, BACKUP, i * US, 20 * MS);
		take(*state, &outlier);
	}
	tell(*state);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.outliers, INCIDENT_HELD + 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, incidents_set_up, incidents_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(those_that_cannot_be_divided_are_one_line),
		TEST(parts_are_not_told_beside_their_whole),
		TEST(a_flood_is_a_line_for_each_of_its_seconds),
	};

	return cmocka_run_group_tests_name("incident memory", tests, NULL, NULL);
}
