/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of what has not ended: it counts, it ranks, and it is told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/output.h"
#include "harness/unit/records.h"
#include "export/series.h"
#include "sink/summary.h"

#define WINDOW (WINDOW_END - WINDOW_START)

/* A live task that has been in @state for @age at the window's end. */
static struct dwell_record task_in(uint32_t tid, const char *comm, enum dwell_state state,
				   uint64_t age)
{
	struct dwell_record record = record_of(tid, tid, 5, comm, 1);

	record.state = state;
	record.since = WINDOW_END - age;
	return record;
}

static void add_in(struct model *model, uint32_t tid, const char *comm, enum dwell_state state,
		   uint64_t age)
{
	struct dwell_record record = task_in(tid, comm, state, age);

	add_as(model, &record, DWELL_LIVE);
}

static void check_intervals(const struct row *row, enum dwell_measure measure, uint64_t count,
			    uint64_t sum, uint64_t max)
{
	const struct open_intervals *open = &row->open[measure];

	assert_int_equal(dist_count(&open->age), count);
	assert_int_equal(open->window_ns, sum);
	assert_int_equal(open->age.max, max);
}

/* ---- one task -------------------------------------------------------------------- */

static void each_state_is_open_as_its_measure(void **state)
{
	static const struct {
		enum dwell_state state;
		enum dwell_measure measure;
		bool dwells;
	} cases[] = {
		{DWELL_RUNNABLE_WOKEN, DWELL_WOKEN, true},
		{DWELL_RUNNABLE_PREEMPTED, DWELL_PREEMPTED, true},
		{DWELL_RUNNABLE_THROTTLED, DWELL_THROTTLED, true},
		{DWELL_BLOCKED_STATE, DWELL_BLOCKED, false},
		{DWELL_ONCPU, DWELL_MEASURES, true},
		{DWELL_UNKNOWN, DWELL_MEASURES, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model *model = new_model(10);
		struct rows rows;

		add_in(model, 1, "a", cases[i].state, 3 * SECOND);
		rows = rows_by(model, ROW_BY_TASK);
		for (int measure = 0; measure < DWELL_MEASURES; measure++) {
			bool open = measure == (int)cases[i].measure ||
				    (measure == DWELL_DWELL && cases[i].dwells);

			check_intervals(&rows.row[0], measure, open, open ? 3 * SECOND : 0,
					open ? 3 * SECOND : 0);
			/* It is no interval that has ended. */
			assert_int_equal(dist_count(&rows.row[0].measure[measure]), 0);
			assert_int_equal(rows.row[0].measure[measure].sum, 0);
		}
		rows_free(&rows);
		model_free(model);
	}
}

static void the_sum_is_of_the_window_and_the_maximum_of_all(void **state)
{
	struct model *model = new_model(10);
	struct rows rows;

	(void)state;
	add_in(model, 1, "a", DWELL_RUNNABLE_PREEMPTED, 86 * SECOND);
	rows = rows_by(model, ROW_BY_TASK);
	check_intervals(&rows.row[0], DWELL_PREEMPTED, 1, WINDOW, 86 * SECOND);
	check_intervals(&rows.row[0], DWELL_DWELL, 1, WINDOW, 86 * SECOND);
	rows_free(&rows);
	model_free(model);
}

static void what_begins_after_the_window_is_not_open(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = task_in(1, "a", DWELL_RUNNABLE_WOKEN, 0);
	struct rows rows;

	(void)state;
	record.since = record.activated = WINDOW_END + 5;
	add_as(model, &record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_TASK);
	check_intervals(&rows.row[0], DWELL_WOKEN, 0, 0, 0);
	check_intervals(&rows.row[0], DWELL_DWELL, 0, 0, 0);
	rows_free(&rows);
	model_free(model);
}

static uint64_t dwell_age(struct dwell_record *record)
{
	struct model *model = new_model(10);
	struct rows rows;
	uint64_t age;

	add_as(model, record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_TASK);
	age = rows.row[0].open[DWELL_DWELL].age.max;
	rows_free(&rows);
	model_free(model);
	return age;
}

static void a_dwell_is_as_old_as_its_wake_up(void **state)
{
	struct dwell_record record = task_in(1, "a", DWELL_RUNNABLE_PREEMPTED, SECOND);

	(void)state;
	record.activated = WINDOW_END - 4 * SECOND;
	record.voluntary = 9;
	assert_int_equal(dwell_age(&record), 4 * SECOND);
	record.state = DWELL_BLOCKED_STATE;
	assert_int_equal(dwell_age(&record), 0);
}

static void a_dwell_from_before_the_window_is_at_least_what_was_seen_of_it(void **state)
{
	struct dwell_record record = task_in(1, "a", DWELL_ONCPU, SECOND);

	(void)state;
	record.oncpu_ns = 4 * SECOND;
	record_measure(&record, DWELL_PREEMPTED, 2 * SECOND);
	record_measure(&record, DWELL_THROTTLED, 3 * SECOND);
	assert_int_equal(dwell_age(&record), WINDOW);
	/* It has blocked since: all of that may have been before. */
	record.voluntary = 1;
	assert_int_equal(dwell_age(&record), SECOND);
}

static void who_has_exited_waits_for_nothing(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = task_in(1, "a", DWELL_RUNNABLE_PREEMPTED, SECOND);
	struct rows rows;

	(void)state;
	add_as(model, &record, DWELL_EXIT);
	rows = rows_by(model, ROW_BY_TASK);
	for (int measure = 0; measure < DWELL_MEASURES; measure++)
		check_intervals(&rows.row[0], measure, 0, 0, 0);
	rows_free(&rows);
	model_free(model);
}

/* ---- groups ---------------------------------------------------------------------- */

static void a_group_has_its_tasks_sums_and_their_maximum(void **state)
{
	struct model *model = new_model(0);
	struct dwell_record gone = task_in(4, "crowd", DWELL_RUNNABLE_WOKEN, 7 * SECOND);
	struct rows rows;
	const struct row *row;

	(void)state;
	add_in(model, 1, "crowd", DWELL_RUNNABLE_WOKEN, SECOND);
	add_in(model, 2, "crowd", DWELL_RUNNABLE_WOKEN, 100 * SECOND);
	add_in(model, 3, "crowd", DWELL_BLOCKED_STATE, 2 * SECOND);
	add_as(model, &gone, DWELL_EXIT);
	for (int by = ROW_BY_COMM; by <= ROW_BY_CGROUP; by++) {
		rows = rows_by(model, by);
		row = by == ROW_BY_COMM ? row_of_comm(&rows, "crowd") : row_of_cgroup(&rows, 1);
		check_intervals(row, DWELL_WOKEN, 2, SECOND + WINDOW, 100 * SECOND);
		check_intervals(row, DWELL_BLOCKED, 1, 2 * SECOND, 2 * SECOND);
		check_intervals(row, DWELL_DWELL, 2, SECOND + WINDOW, 100 * SECOND);
		rows_free(&rows);
	}
	model_free(model);
}

static void an_open_wait_goes_along_with_its_task(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = task_in(1, "before", DWELL_RUNNABLE_WOKEN, SECOND);
	struct rows rows;

	(void)state;
	add_as(model, &record, DWELL_LIVE);
	memcpy(record.comm, "after", sizeof("after"));
	add_as(model, &record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_COMM);
	check_intervals(row_of_comm(&rows, "before"), DWELL_WOKEN, 0, 0, 0);
	check_intervals(row_of_comm(&rows, "after"), DWELL_WOKEN, 1, SECOND, SECOND);
	rows_free(&rows);
	/* Its end leaves nothing open anywhere. */
	add_as(model, &record, DWELL_EXIT);
	rows = rows_by(model, ROW_BY_COMM);
	check_intervals(row_of_comm(&rows, "before"), DWELL_WOKEN, 0, 0, 0);
	check_intervals(row_of_comm(&rows, "after"), DWELL_WOKEN, 0, 0, 0);
	rows_free(&rows);
	model_free(model);
}

/* ---- order ----------------------------------------------------------------------- */

static uint32_t first_by(struct model *model, const char *word)
{
	const struct view view = {.by = ROW_BY_TASK, .sort = sort_by(word), .limit = 1};
	struct rows rows;
	uint32_t tid;

	assert_int_equal(model_rows(model, &view, &rows), 0);
	tid = rows.row[0].tid;
	rows_free(&rows);
	return tid;
}

/* The key that each kind of open interval ranks by, beside a task with shorter ones that ended. */
static void an_open_interval_ranks_like_one_that_ended(void **state)
{
	static const struct {
		const char *word;
		enum dwell_state state;
		enum dwell_measure measure;
		enum dwell_block block;
	} cases[] = {
		{"runqueue", DWELL_RUNNABLE_WOKEN, DWELL_WOKEN, 0},
		{"runqueue", DWELL_RUNNABLE_PREEMPTED, DWELL_PREEMPTED, 0},
		{"runqueue-max", DWELL_RUNNABLE_WOKEN, DWELL_WOKEN, 0},
		{"runqueue-p99", DWELL_RUNNABLE_WOKEN, DWELL_WOKEN, 0},
		{"throttled", DWELL_RUNNABLE_THROTTLED, DWELL_THROTTLED, 0},
		{"blocked", DWELL_BLOCKED_STATE, DWELL_BLOCKED, DWELL_BLOCK_S},
		{"blocked-max", DWELL_BLOCKED_STATE, DWELL_BLOCKED, DWELL_BLOCK_S},
		{"uninterruptible", DWELL_BLOCKED_STATE, DWELL_BLOCKED, DWELL_BLOCK_D},
		{"dwell-max", DWELL_ONCPU, DWELL_DWELL, 0},
		{"dwell-p99", DWELL_ONCPU, DWELL_DWELL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model *model = new_model(10);
		struct dwell_record other = task_in(1, "b", DWELL_UNKNOWN, 0);
		struct dwell_record open = task_in(2, "a", cases[i].state, 20 * SECOND);

		for (int n = 0; n < 3; n++)
			record_measure(&other, cases[i].measure, SECOND);
		other.blocked_ns[DWELL_BLOCK_D] = SECOND;
		open.block = cases[i].block;
		add_as(model, &other, DWELL_LIVE);
		add_as(model, &open, DWELL_LIVE);
		assert_int_equal(first_by(model, cases[i].word), 2);
		model_free(model);
	}
}

static void kernel_threads_without_work_do_not_rank(void **state)
{
	static const struct {
		bool kthread;
		enum dwell_block block;
		bool ranks;
	} cases[] = {
		{true, DWELL_BLOCK_I, false}, {true, DWELL_BLOCK_S, false},
		{true, DWELL_BLOCK_D, true},  {false, DWELL_BLOCK_S, true},
		{false, DWELL_BLOCK_D, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model *model = new_model(10);
		struct dwell_record other = task_in(1, "b", DWELL_UNKNOWN, 0);
		struct dwell_record open = task_in(2, "a", DWELL_BLOCKED_STATE, 20 * SECOND);
		struct rows rows;

		record_measure(&other, DWELL_BLOCKED, MS);
		open.kthread = cases[i].kthread;
		open.block = cases[i].block;
		add_as(model, &other, DWELL_LIVE);
		add_as(model, &open, DWELL_LIVE);
		assert_int_equal(first_by(model, "blocked"), cases[i].ranks ? 2 : 1);
		assert_int_equal(first_by(model, "blocked-max"), cases[i].ranks ? 2 : 1);
		/* But it is told. */
		rows = rows_by(model, ROW_BY_TASK);
		check_intervals(row_of_tid(&rows, 2), DWELL_BLOCKED, 1, WINDOW, 20 * SECOND);
		rows_free(&rows);
		model_free(model);
	}
}

/* ---- percentiles ----------------------------------------------------------------- */

/* The 99th of @closed waits of 1 ms, and of one that is open for @age. */
static uint64_t p99_of(unsigned int closed, uint64_t age)
{
	struct dwell_record record = task_in(1, "a", DWELL_RUNNABLE_WOKEN, age);
	struct model *model = new_model(10);
	struct rows rows;
	uint64_t p99;

	for (unsigned int i = 0; i < closed; i++)
		record_measure(&record, DWELL_WOKEN, MS);
	add_as(model, &record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_TASK);
	p99 = row_percentile(&rows.row[0].measure[DWELL_WOKEN], &rows.row[0].open[DWELL_WOKEN],
			     990);
	rows_free(&rows);
	model_free(model);
	return p99;
}

static void a_percentile_takes_an_open_one_as_if_it_ended_now(void **state)
{
	(void)state;
	assert_int_equal(p99_of(0, 5 * SECOND), 5 * SECOND);
	assert_int_equal(p99_of(98, 5 * SECOND), 5 * SECOND);
	/* One in a hundred and more is not the 99th percentile's business. */
	assert_in_range(p99_of(200, 5 * SECOND), MS * 7 / 8, MS * 9 / 8);
	/* One that has hardly begun makes none smaller. */
	for (unsigned int closed = 1; closed < 250; closed++)
		assert_true(p99_of(closed, 1) >= p99_of(closed, 0));
}

static void percentiles_of_two_are_those_of_both_together(void **state)
{
	struct dist low = {0}, high = {0}, all = {0};

	(void)state;
	for (uint32_t bucket = 0; bucket < DWELL_BUCKETS; bucket++) {
		struct dist *dist = bucket % 3 ? &low : &high;
		uint64_t ns = dist_bucket_start(bucket) + 1;

		assert_int_equal(dist_add(dist, bucket, 1 + bucket % 5), 0);
		dist->sum += (1 + bucket % 5) * ns;
		dist->max = ns;
	}
	assert_int_equal(dist_merge(&all, &low), 0);
	assert_int_equal(dist_merge(&all, &high), 0);
	for (unsigned int per_mille = 0; per_mille <= 1000; per_mille++) {
		assert_int_equal(dist_percentile_with(&low, &high, per_mille),
				 dist_percentile(&all, per_mille));
		assert_int_equal(dist_percentile_with(&high, &low, per_mille),
				 dist_percentile(&all, per_mille));
	}
	dist_clear(&low);
	dist_clear(&high);
	dist_clear(&all);
}

/* ---- what is written ------------------------------------------------------------- */

static struct report report_of(struct model *model, enum row_by by)
{
	struct report report = {
		.version = "1.2",
		.host = "host",
		.kernel = "6.1.0-test",
		.cpus = 4,
		.view = {.by = by},
		.window_start = WINDOW_START,
		.window_end = WINDOW_END,
	};

	assert_int_equal(model_rows(model, &report.view, &report.rows), 0);
	return report;
}

static void json_has_what_is_open_apart(void **state)
{
	struct dwell_record record = task_in(1, "a", DWELL_RUNNABLE_PREEMPTED, 86 * SECOND);
	struct model *model = new_model(10);
	struct output output;
	struct report report;

	(void)state;
	record_measure(&record, DWELL_WOKEN, 2000);
	record_measure(&record, DWELL_PREEMPTED, 3000);
	record.voluntary = 1;
	record.activated = WINDOW_END - 87 * SECOND;
	add_as(model, &record, DWELL_LIVE);
	report = report_of(model, ROW_BY_TASK);
	output_json(&output, summary_json, &report);
	check_dist(output.json[1], "runqueue", 2, 5000, 3000);
	check_open(output.json[1], "runqueue", 1, WINDOW, 86 * SECOND);
	check_dist(output.json[1], "runqueue_preempted", 1, 3000, 3000);
	check_open(output.json[1], "runqueue_preempted", 1, WINDOW, 86 * SECOND);
	check_open(output.json[1], "dwell", 1, WINDOW, 87 * SECOND);
	check_open(output.json[1], "runqueue_woken", 0, 0, 0);
	check_open(output.json[1], "throttled", 0, 0, 0);
	check_open(output.json[1], "blocked", 0, 0, 0);
	assert_null(json_object_get(output.json[1], "blocked_uninterruptible_open_ns"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void json_has_the_open_uninterruptible_block(void **state)
{
	struct dwell_record record = task_in(1, "a", DWELL_BLOCKED_STATE, 86 * SECOND);
	struct model *model = new_model(10);
	struct output output;
	struct report report;

	(void)state;
	record.block = DWELL_BLOCK_D;
	record.blocked_ns[DWELL_BLOCK_D] = 7;
	add_as(model, &record, DWELL_LIVE);
	report = report_of(model, ROW_BY_COMM);
	output_json(&output, summary_json, &report);
	check_open(output.json[1], "blocked", 1, WINDOW, 86 * SECOND);
	check_integer(output.json[1], "blocked_uninterruptible_ns", 7);
	check_integer(output.json[1], "blocked_uninterruptible_open_ns", WINDOW);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

/* The cells of the row of "worker", which has @record alone. */
static void check_cells(const struct dwell_record *record, const char *cells)
{
	struct model *model = new_model(10);
	struct output output;
	struct report report;
	char words[512] = "";
	char *rest, *word;
	size_t at;

	add_as(model, record, DWELL_LIVE);
	report = report_of(model, ROW_BY_TASK);
	output_text(&output, summary_text, &report);
	at = find_line(&output, 0, "worker");
	assert_true(at < output.count);
	rest = output.line[at];
	while ((word = strsep(&rest, " ")))
		if (*word)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
				 *words ? " " : "", word);
	assert_string_equal(words, cells);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void text_marks_figures_that_an_open_interval_is_part_of(void **state)
{
	struct dwell_record record = task_in(1, "worker", DWELL_RUNNABLE_WOKEN, 86 * SECOND);

	(void)state;
	check_cells(&record, "1 worker - - - - - - - 1m26s+ 1m26s+ 100+ - - - 1m26s+ 1m26s+ - "
			     "runnable ~1m26s");
	record.state = DWELL_RUNNABLE_THROTTLED;
	check_cells(&record, "1 worker - - - - - - - - - - 10s+ - - 1m26s+ 1m26s+ - "
			     "throttled ~1m26s");
	record.state = DWELL_BLOCKED_STATE;
	record.block = DWELL_BLOCK_D;
	check_cells(&record, "1 worker - - - - - - - - - - - 1m26s+ 10s+ - - - "
			     "blocked D ~1m26s");
	record.state = DWELL_ONCPU;
	check_cells(&record, "1 worker - - - - - - - - - - - - - 1m26s+ 1m26s+ 100 "
			     "running ~1m26s");
}

static void text_leaves_figures_unmarked_that_are_the_same_without(void **state)
{
	struct dwell_record record = task_in(1, "worker", DWELL_RUNNABLE_WOKEN, 1000);

	(void)state;
	for (int i = 0; i < 300; i++)
		record_measure(&record, DWELL_WOKEN, 10 * MS);
	record.activated = WINDOW_END - 1000;
	record_measure(&record, DWELL_DWELL, 10 * MS);
	check_cells(&record, "1 worker - - - - - - - 9.1ms 10ms 30.0 - - - 10ms 10ms - "
			     "runnable 1.0us");
}

/* ---- series ----------------------------------------------------------------------- */

static void update(struct series *series, struct model *model, int times)
{
	struct rows rows = rows_by(model, ROW_BY_COMM);

	series_update(series, &rows, WINDOW_START + times * 15 * SECOND);
	rows_free(&rows);
}

static struct series_group group_of(const struct series *series, const char *label)
{
	for (size_t i = 0; i < series_count(series); i++)
		if (!strcmp(series_at(series, i).label, label))
			return series_at(series, i);
	fail_msg("no %s", label);
	return (struct series_group){0};
}

static void a_series_has_the_longest_of_its_group(void **state)
{
	struct series *series = series_new(&(struct series_options){.by = ROW_BY_COMM, .limit = 1});
	struct dwell_record stuck = task_in(3, "small", DWELL_BLOCKED_STATE, 2 * SECOND);
	struct model *model = new_model(0);
	struct series_group group;

	(void)state;
	update(series, model, 1);
	/* One that only waits is as active as one that runs: it gets a name. */
	add_in(model, 1, "starved", DWELL_RUNNABLE_WOKEN, 86 * SECOND);
	add_in(model, 2, "starved", DWELL_RUNNABLE_PREEMPTED, SECOND);
	stuck.block = DWELL_BLOCK_D;
	add_as(model, &stuck, DWELL_LIVE);
	update(series, model, 2);
	group = group_of(series, "starved");
	assert_int_equal(group.open_ns[SERIES_OPEN_RUNQUEUE], 86 * SECOND);
	assert_int_equal(group.open_ns[SERIES_OPEN_DWELL], 86 * SECOND);
	assert_int_equal(group.open_ns[SERIES_OPEN_THROTTLED], 0);
	assert_int_equal(group.open_ns[SERIES_OPEN_UNINTERRUPTIBLE], 0);
	group = group_of(series, SERIES_OTHER);
	assert_int_equal(group.open_ns[SERIES_OPEN_RUNQUEUE], 0);
	assert_int_equal(group.open_ns[SERIES_OPEN_BLOCKED], 2 * SECOND);
	assert_int_equal(group.open_ns[SERIES_OPEN_UNINTERRUPTIBLE], 2 * SECOND);

	/* Gauges: they are over when it is over. */
	add_in(model, 1, "starved", DWELL_BLOCKED_STATE, MS);
	add_in(model, 2, "starved", DWELL_ONCPU, MS);
	update(series, model, 3);
	group = group_of(series, "starved");
	assert_int_equal(group.open_ns[SERIES_OPEN_RUNQUEUE], 0);
	assert_int_equal(group.open_ns[SERIES_OPEN_BLOCKED], MS);
	series_free(series);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_state_is_open_as_its_measure),
		cmocka_unit_test(the_sum_is_of_the_window_and_the_maximum_of_all),
		cmocka_unit_test(what_begins_after_the_window_is_not_open),
		cmocka_unit_test(a_dwell_is_as_old_as_its_wake_up),
		cmocka_unit_test(a_dwell_from_before_the_window_is_at_least_what_was_seen_of_it),
		cmocka_unit_test(who_has_exited_waits_for_nothing),
		cmocka_unit_test(a_group_has_its_tasks_sums_and_their_maximum),
		cmocka_unit_test(an_open_wait_goes_along_with_its_task),
		cmocka_unit_test(an_open_interval_ranks_like_one_that_ended),
		cmocka_unit_test(kernel_threads_without_work_do_not_rank),
		cmocka_unit_test(a_percentile_takes_an_open_one_as_if_it_ended_now),
		cmocka_unit_test(percentiles_of_two_are_those_of_both_together),
		cmocka_unit_test(json_has_what_is_open_apart),
		cmocka_unit_test(json_has_the_open_uninterruptible_block),
		cmocka_unit_test(text_marks_figures_that_an_open_interval_is_part_of),
		cmocka_unit_test(text_leaves_figures_unmarked_that_are_the_same_without),
		cmocka_unit_test(a_series_has_the_longest_of_its_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
