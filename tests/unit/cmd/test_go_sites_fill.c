// SPDX-License-Identifier: GPL-2.0-only
/* Tests of go_sites_fill.c: rows of what probes counted, against timers in a heap. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/go_sites_private.h"

#define SITES 4
#define TIMERS 8
#define AT 1000 /* mono: of the snapshot */
#define UNTIL 1500

/* ---- what was counted, made by hand ------------------------------------------------- */

static struct {
	struct go_sites_totals totals;
	struct go_site site[SITES];
	size_t sites;
	struct go_site_timer timer[TIMERS];
	uint64_t address[TIMERS];
	size_t timers;
	int err; /* of reading the timers */
} counted;

const struct go_sites_totals *go_probes_totals(const struct go_probes *probes)
{
	(void)probes;
	return &counted.totals;
}

const struct go_site *go_probes_sites(const struct go_probes *probes, size_t *count)
{
	(void)probes;
	*count = counted.sites;
	return counted.site;
}

int go_probes_armed(const struct go_probes *probes,
		    int (*take)(void *context, uint64_t address, const struct go_site_timer *timer),
		    void *context)
{
	int err = counted.err;

	(void)probes;
	for (size_t i = 0; i < counted.timers && !err; i++)
		err = take(context, counted.address[i], &counted.timer[i]);
	return err;
}

static void add_site(uint64_t pc, struct go_site_counts counts)
{
	counted.site[counted.sites++] = (struct go_site){.key.pc = {pc}, .counts = counts};
}

static void add_timer(uint64_t address, uint32_t site, uint64_t armed)
{
	counted.address[counted.timers] = address;
	counted.timer[counted.timers++] = (struct go_site_timer){.armed = armed, .site = site};
}

static struct go_timer in_heap[TIMERS];
static struct go_snapshot snapshot;
static struct go_sites_report report;

static void add_in_heap(uint64_t address, bool dead)
{
	in_heap[snapshot.timers++] = (struct go_timer){.address = address, .dead = dead};
}

static int set_up(void **state)
{
	(void)state;
	memset(&counted, 0, sizeof(counted));
	memset(&report, 0, sizeof(report));
	snapshot = (struct go_snapshot){.at = AT, .timer = in_heap};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(report.row);
	dist_clear(&report.lateness);
	return 0;
}

static void fill(const struct go_snapshot *of, size_t limit)
{
	assert_int_equal(go_sites_fill(&report, NULL, of, UNTIL, limit), 0);
}

static void check_row(size_t i, uint64_t pc, uint64_t live, uint64_t dropped)
{
	assert_true(i < report.rows);
	assert_int_equal(report.row[i].key.pc[0], pc);
	assert_int_equal(report.row[i].live, live);
	assert_int_equal(report.row[i].dropped, dropped);
}

/* ---- tests ---------------------------------------------------------------------------- */

static void nothing_counted_makes_no_row(void **state)
{
	(void)state;
	fill(&snapshot, 0);
	assert_int_equal(report.rows, 0);
	assert_true(report.reconciled);
	assert_int_equal(dist_count(&report.lateness), 0);
}

static void a_timer_in_a_heap_is_live_and_another_one_is_dropped(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 5, .stopped = 1, .reset = 7, .fired = 9});
	add_timer(0x300, 0, 400);
	add_timer(0x100, 0, 500);
	add_timer(0x200, 0, 600);
	add_timer(0x400, 0, 700);
	add_in_heap(0x200, false);
	add_in_heap(0x900, false);
	add_in_heap(0x400, true); /* stopped, by what the heap says */
	add_in_heap(0x100, false);
	fill(&snapshot, 0);
	assert_int_equal(report.rows, 1);
	check_row(0, 10, 2, 2);
	assert_int_equal(report.row[0].created, 5);
	assert_int_equal(report.row[0].stopped, 1);
	assert_int_equal(report.row[0].reset, 7);
	assert_int_equal(report.row[0].fired, 9);
	assert_int_equal(report.row[0].oldest_ns, UNTIL - 500);
}

static void a_timer_that_is_newer_than_the_snapshot_is_live(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 3});
	add_timer(0x100, 0, AT - 1);
	add_timer(0x200, 0, AT);
	add_timer(0x300, 0, UNTIL + 5); /* a clock that is read a little later */
	fill(&snapshot, 0);
	check_row(0, 10, 2, 1);
	assert_int_equal(report.row[0].oldest_ns, UNTIL - AT);
}

static void without_a_snapshot_all_that_is_armed_is_live(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 3, .replaced = 1});
	add_timer(0x100, 0, 100);
	add_timer(0x200, 0, 200);
	fill(NULL, 0);
	assert_false(report.reconciled);
	check_row(0, 10, 2, 0);
}

static void a_timer_whose_memory_was_used_anew_is_dropped(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 4, .replaced = 3});
	add_timer(0x100, 0, 100);
	add_in_heap(0x100, false);
	fill(&snapshot, 0);
	check_row(0, 10, 1, 3);
}

static void rows_come_by_what_lives_then_by_what_was_created(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 9, .stopped = 9});
	add_site(11, (struct go_site_counts){.created = 2});
	add_site(12, (struct go_site_counts){0}); /* two threads began the same one */
	add_site(13, (struct go_site_counts){.created = 20, .fired = 20});
	add_timer(0x100, 1, 100);
	add_timer(0x200, 1, 200);
	add_in_heap(0x100, false);
	add_in_heap(0x200, false);
	fill(&snapshot, 0);
	assert_int_equal(report.rows, 3);
	check_row(0, 11, 2, 0);
	check_row(1, 13, 0, 0);
	check_row(2, 10, 0, 0);
	assert_int_equal(report.total.created, 31);
	assert_int_equal(report.total.stopped, 9);
	assert_int_equal(report.total.fired, 20);
	assert_int_equal(report.total.live, 2);
	assert_int_equal(report.total.oldest_ns, UNTIL - 100);
}

static void of_equal_rows_what_was_dropped_comes_first(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 9, .stopped = 9});
	add_site(11, (struct go_site_counts){.created = 2});
	add_timer(0x100, 1, 100);
	fill(&snapshot, 0);
	check_row(0, 11, 0, 1);
	check_row(1, 10, 0, 0);
}

static void rows_beyond_the_limit_are_counted_and_in_the_total(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < SITES; i++)
		add_site(10 + i, (struct go_site_counts){.created = i + 1});
	fill(&snapshot, 3);
	assert_int_equal(report.rows, 3);
	assert_int_equal(report.hidden, 1);
	check_row(0, 13, 0, 0);
	assert_int_equal(report.total.created, 10);
}

static void a_timer_without_a_site_is_in_no_row(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 1});
	add_timer(0x100, GO_SITES_MAX, 100);
	add_timer(0x200, 1, 100);
	fill(&snapshot, 0);
	check_row(0, 10, 0, 0);
}

static void lateness_is_a_distribution(void **state)
{
	(void)state;
	counted.totals.late.bucket[dwell_bucket(1000)] = 3;
	counted.totals.late.bucket[dwell_bucket(5000000)] = 1;
	counted.totals.late.bucket[DWELL_BUCKETS - 1] = 1;
	counted.totals.late.sum_ns = 6000000;
	counted.totals.late.max_ns = 5000000;
	fill(&snapshot, 0);
	assert_int_equal(dist_count(&report.lateness), 5);
	assert_int_equal(report.lateness.sum, 6000000);
	assert_int_equal(dist_percentile(&report.lateness, 1000), 5000000);
}

static void an_error_of_reading_is_passed_on(void **state)
{
	(void)state;
	add_site(10, (struct go_site_counts){.created = 1});
	counted.err = -EPERM;
	assert_int_equal(go_sites_fill(&report, NULL, &snapshot, UNTIL, 0), -EPERM);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_counted_makes_no_row),
		TEST(a_timer_in_a_heap_is_live_and_another_one_is_dropped),
		TEST(a_timer_that_is_newer_than_the_snapshot_is_live),
		TEST(without_a_snapshot_all_that_is_armed_is_live),
		TEST(a_timer_whose_memory_was_used_anew_is_dropped),
		TEST(rows_come_by_what_lives_then_by_what_was_created),
		TEST(of_equal_rows_what_was_dropped_comes_first),
		TEST(rows_beyond_the_limit_are_counted_and_in_the_total),
		TEST(a_timer_without_a_site_is_in_no_row),
		TEST(lateness_is_a_distribution),
		TEST(an_error_of_reading_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
