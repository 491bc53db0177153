/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of baselines: what is read, what is refused, and what counts as grown. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "go/baseline.h"

#define HEADER "{\"kind\":\"header\",\"schema\":1,\"by\":\"site\"}\n"
#define PROCESS_WITH(timers, goroutines)                                                                  \
	"{\"kind\":\"go\",\"pid\":7,\"version\":\"go1.24.4\",\"build_id\":\"abc/def\",\"timers\":" timers \
	",\"goroutines\":" goroutines "}\n"
#define PROCESS PROCESS_WITH("0", "0")
#define MOST "9223372036854775807"
#define TIMERS(count, owner)                                                           \
	"{\"kind\":\"go_timers\",\"what\":\"ticker\",\"period_ns\":5,\"count\":" count \
	",\"owner\":\"" owner "\",\"created_by\":\"main.main\"}\n"
#define GOROUTINES(count, place)                    \
	"{\"kind\":\"goroutines\",\"count\":" count \
	",\"created_by\":\"main.main\",\"place\":\"" place "\"}\n"

static struct go_baseline *baseline;
static const char *why;

static int read_bytes(const char *text, size_t length)
{
	FILE *file = length ? fmemopen((void *)text, length, "r") : fopen("/dev/null", "re");
	int err;

	assert_non_null(file);
	go_baseline_free(baseline);
	why = NULL;
	err = go_baseline_read(file, &baseline, &why);
	fclose(file);
	assert_true(err == 0 || (!baseline && why && *why));
	return err;
}

static int read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static int end(void **state)
{
	(void)state;
	go_baseline_free(baseline);
	baseline = NULL;
	return 0;
}

/* How a row of @count of "main.leaky" compares. */
static size_t compare_timers(uint64_t count, const char *owner, struct go_change *change,
			     bool *shown)
{
	struct go_timer_row row = {
		.kind = GO_TICKER, .count = count, .owner = owner, .creator = "main.main"};
	struct go_rows rows = {.timer = &row, .timers = 1};
	size_t grown = go_baseline_compare(baseline, &rows);

	*shown = rows.timers;
	*change = row.change;
	assert_int_equal(rows.timers + rows.unchanged, 1);
	return grown;
}

static void a_process_is_told_as_it_was(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEADER PROCESS), 0);
	assert_string_equal(go_baseline_build_id(baseline), "abc/def");
	assert_string_equal(go_baseline_version(baseline), "go1.24.4");
	assert_int_equal(read_text(HEADER "{\"kind\":\"go\",\"pid\":7}\n{\"kind\":\"what\"}"), 0);
	assert_string_equal(go_baseline_build_id(baseline), "");
}

static void rows_of_one_owner_are_added_up(void **state)
{
	struct go_change change;
	bool shown;

	(void)state;
	assert_int_equal(read_text(HEADER PROCESS_WITH("109", "0") TIMERS("60", "main.leaky")
					   TIMERS("40", "main.leaky") TIMERS("9", "main.other")),
			 0);
	assert_int_equal(compare_timers(119, "main.leaky", &change, &shown), 0);
	assert_false(shown);
	assert_int_equal(compare_timers(120, "main.leaky", &change, &shown), 1);
	assert_true(shown && change.compared && change.grew);
	assert_int_equal(change.before, 100);
}

static void few_more_are_no_growth(void **state)
{
	struct go_change change;
	bool shown;

	(void)state;
	assert_int_equal(read_text(HEADER PROCESS_WITH("2", "0") TIMERS("2", "main.leaky")), 0);
	assert_int_equal(compare_timers(11, "main.leaky", &change, &shown), 0);
	assert_false(shown);
	assert_int_equal(compare_timers(12, "main.leaky", &change, &shown), 1);
	assert_true(shown);
	assert_int_equal(compare_timers(0, "main.leaky", &change, &shown), 0);
	assert_false(shown);
}

static void a_new_owner_is_shown_and_grows_if_it_has_many(void **state)
{
	struct go_change change;
	bool shown;

	(void)state;
	assert_int_equal(read_text(HEADER PROCESS), 0);
	assert_int_equal(compare_timers(1, "main.fresh", &change, &shown), 0);
	assert_true(shown && change.compared && !change.grew);
	assert_int_equal(change.before, 0);
	assert_int_equal(compare_timers(10, "main.fresh", &change, &shown), 1);
	assert_int_equal(compare_timers(0, "main.fresh", &change, &shown), 0);
	assert_false(shown);
	assert_int_equal(compare_timers(1, NULL, &change, &shown), 0);
	assert_true(shown);
}

static void names_of_any_bytes_match_what_json_made_of_them(void **state)
{
	struct go_change change;
	bool shown;

	(void)state;
	assert_int_equal(
		read_text(HEADER PROCESS_WITH("5", "0") TIMERS("5", "main.\\ufffd\\u001b\\\"")), 0);
	assert_int_equal(compare_timers(5, "main.\xff\x1b\"", &change, &shown), 0);
	assert_false(shown);
}

static void goroutines_are_no_timers(void **state)
{
	struct go_goroutine_row row[] = {
		{.count = 50, .creator = "main.main", .place = "main.worker"},
		{.count = 9, .creator = "main.main", .place = "ticker"},
	};
	struct go_rows rows = {.goroutine = row, .goroutines = 2};

	(void)state;
	assert_int_equal(read_text(HEADER PROCESS_WITH("1000", "29") GOROUTINES("9", "ticker")
					   GOROUTINES("20", "main.worker")
						   TIMERS("1000", "main.worker")),
			 0);
	assert_int_equal(go_baseline_compare(baseline, &rows), 1);
	assert_int_equal(rows.goroutines, 1);
	assert_int_equal(rows.goroutine[0].change.before, 20);
	assert_int_equal(rows.unchanged, 1);
}

static void other_files_are_refused_with_the_reason(void **state)
{
	static const char *const files[] = {
		"",
		"\n\n",
		HEADER,
		PROCESS,
		HEADER PROCESS PROCESS,
		"hello\n",
		"{\"kind\":\"header\",\"schema\":2,\"by\":\"site\"}\n" PROCESS,
		"{\"kind\":\"header\"}\n" PROCESS,
		"[]\n",
		"{}\n",
		"{\"kind\":7}\n",
		HEADER PROCESS "{\"kind\":\"go_timers\"}\n",
		HEADER PROCESS "{\"kind\":\"go_timers\",\"what\":\"ticker\",\"count\":-1}\n",
		HEADER PROCESS "{\"kind\":\"go_timers\",\"what\":3,\"count\":1}\n",
		HEADER PROCESS "{\"kind\":\"goroutines\",\"count\":\"9\"}\n",
		HEADER PROCESS "{\"kind\":\"goroutines\",\"count\":1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (read_text(files[i]) != -EINVAL)
			fail_msg("%zu was not refused", i);
	assert_int_equal(read_bytes(HEADER "\0\0\0", sizeof(HEADER) + 2), -EINVAL);
}

static void a_file_that_lacks_rows_is_refused(void **state)
{
	(void)state;
	assert_int_equal(
		read_text(HEADER PROCESS_WITH("7", "2") TIMERS("7", "a") GOROUTINES("2", "b")), 0);
	assert_int_equal(read_text(HEADER PROCESS_WITH("7", "2") TIMERS("7", "a")), -EINVAL);
	assert_string_equal(why, "it does not have all rows of the process");
	assert_int_equal(read_text(HEADER PROCESS_WITH("6", "0") TIMERS("7", "a")), -EINVAL);
}

static void rows_that_are_no_sites_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_text("{\"kind\":\"header\",\"schema\":1,\"by\":\"kind\"}\n" PROCESS),
			 -EINVAL);
	assert_string_equal(why, "its rows are no sites");
	assert_int_equal(read_text("{\"kind\":\"header\",\"schema\":1}\n" PROCESS), -EINVAL);
}

static void a_row_that_keeps_growing_is_shown(void **state)
{
	struct go_timer_row timer = {.kind = GO_TICKER,
				     .count = 6,
				     .owner = "a",
				     .creator = "main.main",
				     .growth = {.grows = true}};
	struct go_rows rows = {.timer = &timer, .timers = 1};

	(void)state;
	assert_int_equal(read_text(HEADER PROCESS_WITH("5", "0") TIMERS("5", "a")), 0);
	assert_int_equal(go_baseline_compare(baseline, &rows), 0);
	assert_int_equal(rows.timers, 1);
	assert_int_equal(timer.change.before, 5);
}

static void sums_do_not_overflow(void **state)
{
	struct go_change change;
	bool shown;

	(void)state;
	assert_int_equal(
		read_text(HEADER PROCESS_WITH(MOST, MOST) TIMERS(MOST, "a") TIMERS(MOST, "a")), 0);
	assert_int_equal(compare_timers(UINT64_MAX, "a", &change, &shown), 0);
	assert_false(shown);
	assert_int_equal(read_text(HEADER PROCESS_WITH(MOST, MOST) TIMERS(MOST, "a")
					   TIMERS(MOST, "a") TIMERS(MOST, "a")),
			 -EINVAL);
}

static void too_many_lines_are_refused(void **state)
{
	static const char line[] = "{\"kind\":\"x\"}\n";
	size_t count = GO_BASELINE_LINES_MAX + 1, length = strlen(line);
	char *text = malloc(count * length);

	(void)state;
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * length, line, length);
	assert_int_equal(read_bytes(text, count * length), -EFBIG);
	free(text);
}

static void a_file_without_an_end_is_refused(void **state)
{
	FILE *file = fopen("/dev/zero", "re");

	(void)state;
	assert_non_null(file);
	assert_int_equal(go_baseline_read(file, &baseline, &why), -EFBIG);
	fclose(file);
	file = fopen("/", "re");
	if (file) {
		assert_int_equal(go_baseline_read(file, &baseline, &why), -EISDIR);
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_process_is_told_as_it_was, end),
		cmocka_unit_test_teardown(rows_of_one_owner_are_added_up, end),
		cmocka_unit_test_teardown(few_more_are_no_growth, end),
		cmocka_unit_test_teardown(a_new_owner_is_shown_and_grows_if_it_has_many, end),
		cmocka_unit_test_teardown(names_of_any_bytes_match_what_json_made_of_them, end),
		cmocka_unit_test_teardown(goroutines_are_no_timers, end),
		cmocka_unit_test_teardown(other_files_are_refused_with_the_reason, end),
		cmocka_unit_test_teardown(a_file_that_lacks_rows_is_refused, end),
		cmocka_unit_test_teardown(rows_that_are_no_sites_are_refused, end),
		cmocka_unit_test_teardown(a_row_that_keeps_growing_is_shown, end),
		cmocka_unit_test_teardown(sums_do_not_overflow, end),
		cmocka_unit_test_teardown(too_many_lines_are_refused, end),
		cmocka_unit_test_teardown(a_file_without_an_end_is_refused, end),
	};

	return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
