/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of the table sink: what each cell says, and that every line stays a line in its columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/output.h"
#include "harness/unit/records.h"
#include "host/file_message.h"
#include "sink/summary.h"

#define TICK 0xffffffff81000300

static const char *cgroup_name(void *context, uint64_t id)
{
	(void)context;
	return id == 1 ? "/a.slice/\x1b[2J\n" : NULL;
}

static const char *function_name(void *context, uint64_t address)
{
	(void)context;
	return address == TICK ? "tick_nohz_handler" : NULL;
}

static struct report report_of(struct model *model, enum row_by by, size_t limit)
{
	struct report report = {
		.version = "1.2",
		.host = "host",
		.kernel = "6.1.0-test",
		.cpus = 4,
		.view = {.by = by, .sort = sort_by("tid"), .limit = limit},
		.window_start = WINDOW_START,
		.window_end = WINDOW_END,
		.live_tasks = model_live_tasks(model),
		.exited_tasks = model_exited_tasks(model),
		.overhead = {.bpf_measured = true,
			     .bpf_ns_per_event = 110.4,
			     .bpf_cpu_ratio = 0.003,
			     .user_cpu_ratio = 0.001,
			     .rss_bytes = 9200000},
		.naming = {.cgroup = cgroup_name, .callback = function_name},
	};

	assert_int_equal(model_rows(model, &report.view, &report.rows), 0);
	return report;
}

/* Copies the @number-th word of @line, from 0. */
static const char *word(const char *line, size_t number)
{
	static char copy[512];
	char *rest = copy, *found = NULL;

	snprintf(copy, sizeof(copy), "%s", line);
	for (size_t i = 0; i <= number; i++)
		found = strtok_r(i ? NULL : copy, " ", &rest);
	return found ? found : "";
}

static void check_words(const char *line, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		assert_string_equal(word(line, i), words[i]);
}

/* ---- cells ------------------------------------------------------------------ */

static void a_task_is_told_in_one_line(void **state)
{
	static const char *const words[] = {"11",      "worker", "1234",  "5.0",   "1",	    "40us",
					    "40us",    "3.0ms",	 "3.0ms", "2.0ms", "2.0ms", "<0.1",
					    "500ms",   "7.0ms+", "1.5s",  "9.0us", "9.0us", "25.0",
					    "blocked", "D",	 "7.0ms", NULL};
	struct dwell_record record = record_of(10, 11, 5, "worker", 1);
	struct model *model = new_model(10);
	struct output output;
	struct report report;
	size_t at;

	(void)state;
	record.armed = 12340;
	record.expired = 50;
	record.sleeper = 1;
	record.oncpu_ns = 2500 * MS;
	record.block = DWELL_BLOCK_D;
	record.since = WINDOW_END - 7 * MS;
	record.blocked_ns[DWELL_BLOCK_D] = 1500 * MS;
	record_measure(&record, DWELL_LATENESS, 40000);
	record_measure(&record, DWELL_TIMER_LATENCY, 3 * MS);
	record_measure(&record, DWELL_WOKEN, 2 * MS);
	record_measure(&record, DWELL_PREEMPTED, 2 * MS);
	record_measure(&record, DWELL_THROTTLED, 500 * MS);
	record_measure(&record, DWELL_BLOCKED, 6 * MS);
	record_measure(&record, DWELL_DWELL, 9000);
	add_as(model, &record, DWELL_LIVE);
	report = report_of(model, ROW_BY_TASK, 0);
	output_text(&output, summary_text, &report);
	at = find_line(&output, 0, "worker");
	assert_true(at < output.count);
	check_words(output.line[at], words);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void what_was_not_measured_is_a_dash(void **state)
{
	static const char *const words[] = {"11", "idle", "-", "-", "-", "-", "-", "-", "-", "-",
					    "-",  "-",	  "-", "-", "-", "-", "-", "-", "-", NULL};
	struct dwell_record record = record_of(10, 11, 5, "idle", 1);
	struct model *model = new_model(10);
	struct output output;
	struct report report;

	(void)state;
	record.state = DWELL_UNKNOWN;
	add_as(model, &record, DWELL_LIVE);
	report = report_of(model, ROW_BY_TASK, 0);
	output_text(&output, summary_text, &report);
	check_words(output.line[find_line(&output, 0, "idle")], words);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void check_state(uint8_t state, uint8_t block, uint64_t since, enum dwell_kind kind,
			const char *expected)
{
	struct dwell_record record = record_of(10, 11, 5, "a", 1);
	struct model *model = new_model(10);
	struct output output;
	struct report report;
	const char *line;

	record.state = state;
	record.block = block;
	record.since = since;
	add_as(model, &record, kind);
	report = report_of(model, ROW_BY_TASK, 0);
	output_text(&output, summary_text, &report);
	line = output.line[find_line(&output, 0, " 11 ")];
	assert_true(strlen(line) > strlen(expected));
	assert_string_equal(line + strlen(line) - strlen(expected), expected);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void states_are_told_with_their_age(void **state)
{
	const uint64_t ago = WINDOW_END - 20 * MS;

	(void)state;
	check_state(DWELL_ONCPU, 0, ago, DWELL_LIVE, " running 20ms");
	check_state(DWELL_RUNNABLE_WOKEN, 0, ago, DWELL_LIVE, " runnable 20ms");
	check_state(DWELL_RUNNABLE_PREEMPTED, 0, ago, DWELL_LIVE, " runnable 20ms");
	check_state(DWELL_RUNNABLE_THROTTLED, 0, ago, DWELL_LIVE, " throttled 20ms");
	check_state(DWELL_BLOCKED_STATE, DWELL_BLOCK_S, ago, DWELL_LIVE, " blocked 20ms");
	check_state(DWELL_BLOCKED_STATE, DWELL_BLOCK_D, ago, DWELL_LIVE, " blocked D 20ms");
	check_state(DWELL_BLOCKED_STATE, DWELL_BLOCK_I, ago, DWELL_LIVE, " blocked idle 20ms");
	check_state(DWELL_BLOCKED_STATE, DWELL_BLOCK_T, ago, DWELL_LIVE, " blocked stopped 20ms");
	check_state(DWELL_BLOCKED_STATE, DWELL_BLOCK_OTHER, ago, DWELL_LIVE, " blocked other 20ms");
	check_state(DWELL_BLOCKED_STATE, 0, WINDOW_END - 20 * SECOND, DWELL_LIVE, " blocked ~20s");
	check_state(DWELL_BLOCKED_STATE, 0, ago, DWELL_EXIT, " exited");
}

/* ---- layout ------------------------------------------------------------------ */

static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* Where the @number-th word of @line ends, in characters. */
static size_t end_of_word(const char *line, size_t number)
{
	size_t at = 0, width = 0;

	for (size_t i = 0; i <= number; i++) {
		while (line[at] == ' ')
			at++, width++;
		for (; line[at] && line[at] != ' '; at++)
			width += ((unsigned char)line[at] & 0xc0) != 0x80;
	}
	return width;
}

/* A model of @tasks with values of every size and names of any bytes but blanks. */
static struct model *varied_model(uint32_t tasks)
{
	static const char *const names[] = {
		"a",
		"fifteen-bytes-x",
		"\xc3\xa4\xc3\xb6\xc3\xbc",
		"\x1b[31mred",
		"tab\tnew\nline",
		"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4\xf3\xf2\xf1",
		"",
		"\xe2\x80\xaexyz",
	};
	struct model *model = new_model(1000);

	srand(2);
	for (uint32_t tid = 1; tid <= tasks; tid++) {
		struct dwell_record record = record_of(tid, tid, 1, names[tid % 8], tid % 3);

		record.state = DWELL_ONCPU + rand() % 5;
		record.block = rand() % DWELL_BLOCKS;
		record.since = rand() % 2 ? WINDOW_END - rand() % 1000000000 : 1;
		record.armed = rand() % 2 ? 0 : 1U << rand() % 31;
		record.expired = rand() % 2 ? 0 : 1U << rand() % 31;
		record.sleeper = rand() % 2;
		record.oncpu_ns = rand();
		for (int i = rand() % 20; i; i--)
			record_measure(&record, rand() % DWELL_MEASURES, 1ULL << rand() % 40);
		add_as(model, &record, rand() % 5 ? DWELL_LIVE : DWELL_EXIT);
	}
	return model;
}

static void every_cell_ends_where_its_heading_ends(void **state)
{
	/* Columns of one word aligned to the right: from armed/s to CPU%. */
	static const struct {
		enum row_by by;
		const char *heading;
		size_t first, last;
	} tables[] = {
		{ROW_BY_TASK, " COMM ", 2, 17},
		{ROW_BY_PROCESS, " COMM ", 2, 19},
		{ROW_BY_COMM, "COMM ", 1, 18},
		{ROW_BY_CGROUP, " CGROUP", 0, 17},
	};
	struct model *model = varied_model(100);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct report report = report_of(model, tables[i].by, 0);
		size_t at, rows = 0, shift = 0;
		struct output output;

		output_text(&output, summary_text, &report);
		at = find_line(&output, 0, tables[i].heading);
		assert_true(at < output.count);
		for (size_t row = at + 1; output.line[row][0]; row++, rows++) {
			/* A heading of two words, "D sum", comes after the blocked maximum. */
			for (size_t j = tables[i].first; j <= tables[i].last; j++) {
				shift = j >= tables[i].last - 3;
				assert_int_equal(end_of_word(output.line[row], j),
						 end_of_word(output.line[at], j + shift));
			}
		}
		assert_int_equal(rows, report.rows.count);
		output_free(&output);
		rows_free(&report.rows);
	}
	model_free(model);
}

static void group_headings_span_their_columns(void **state)
{
	struct model *model = varied_model(100);
	struct report report = report_of(model, ROW_BY_TASK, 0);
	struct output output;
	size_t headings;

	(void)state;
	output_text(&output, summary_text, &report);
	headings = find_line(&output, 0, " COMM ");
	assert_non_null(strstr(output.line[headings - 1], "TIMER LATENCY"));
	/* TIMERS ends with "out", LATENESS with the first "max". */
	assert_int_equal(end_of_word(output.line[headings - 1], 0),
			 end_of_word(output.line[headings], 4));
	assert_int_equal(width_of(word(output.line[headings - 1], 0)),
			 end_of_word(output.line[headings], 4) -
				 end_of_word(output.line[headings], 2) + strlen("armed/s"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void normal_values_fit_160_columns(void **state)
{
	struct model *model = new_model(10);
	struct report report;
	struct output output;

	(void)state;
	for (uint32_t tid = 1000000; tid < 1000100; tid++) {
		struct dwell_record record = record_of(tid, tid, 1, "fifteen-bytes-x", 1);

		record.armed = record.expired = 9999999;
		record.sleeper = 1;
		record.oncpu_ns = 9990 * MS;
		record.since = WINDOW_START - 3 * 3600 * SECOND;
		record.blocked_ns[DWELL_BLOCK_D] = 5000 * MS;
		for (int measure = 0; measure < DWELL_MEASURES; measure++)
			for (int i = 0; i < 200; i++)
				record_measure(&record, measure, 9 * MS + i * MS);
		add_as(model, &record, DWELL_LIVE);
	}
	report = report_of(model, ROW_BY_TASK, 0);
	output_text(&output, summary_text, &report);
	for (size_t i = 0; i < output.count; i++)
		assert_in_range(width_of(output.line[i]), 0, 160);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void hostile_names_stay_in_their_cell(void **state)
{
	struct model *model = varied_model(8);
	struct report report = report_of(model, ROW_BY_TASK, 0);
	struct output output;

	(void)state;
	report.host = "ho\nst\x1b[2J";
	report.filters = "-c \"\a\"";
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, "ho\\x0ast\\x1b[2J"));
	assert_true(has_line(&output, "-c \"\\x07\""));
	assert_true(has_line(&output, " \\x1b[31mred "));
	assert_true(has_line(&output, " tab\\x09new\\x0aline "));
	/* Cut, but not within an escape. */
	assert_true(has_line(&output, " \\xff\\xfe\\xfd\\xfc\\xfb\\xfa "));
	output_free(&output);
	rows_free(&report.rows);
	report = report_of(model, ROW_BY_CGROUP, 0);
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, " /a.slice/\\x1b[2J\\x0a"));
	assert_true(has_line(&output, " #2"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void kernel_timers_have_a_table_of_their_own(void **state)
{
	static const char *const tick[] = {
		"tick_nohz_handler", "0.3", "0.2", "-", "4.0us", "4.0us", NULL};
	struct dwell_timer_counts counts = {
		.armed = 3, .expired = 2, .late_count = 1, .late_sum = 4000, .late_max = 4000};
	struct dwell_timer_key key = {.function = TICK};
	struct model *model = varied_model(3);
	struct report report;
	struct output output;
	size_t at;

	(void)state;
	counts.late_buckets[dwell_bucket(4000)] = 1;
	assert_int_equal(model_add_timers(model, &key, &counts), 0);
	key.function = 0xabcdef;
	assert_int_equal(model_add_timers(model, &key, &counts), 0);
	report = report_of(model, ROW_BY_PROCESS, 1);
	output_text(&output, summary_text, &report);
	at = find_line(&output, 0, "KERNEL TIMER");
	assert_true(at < output.count);
	/* One row each, and the rest counted. */
	assert_int_equal(find_line(&output, at, "0xabcdef"), at + 1);
	assert_string_equal(output.line[at + 2], "");
	assert_true(has_line(&output, "… 3 more rows: -n 0 shows all"));
	output_free(&output);
	rows_free(&report.rows);

	report = report_of(model, ROW_BY_PROCESS, 0);
	output_text(&output, summary_text, &report);
	check_words(output.line[find_line(&output, 0, "tick_nohz_handler")], tick);
	assert_false(has_line(&output, "more rows"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

/* ---- header and footer --------------------------------------------------------- */

static void the_header_says_what_was_measured(void **state)
{
	struct model *model = varied_model(20);
	struct report report = report_of(model, ROW_BY_COMM, 0);
	struct output output;
	char tasks[64];

	(void)state;
	output_text(&output, summary_text, &report);
	assert_non_null(strstr(output.line[0], "dwell 1.2 on host, Linux 6.1.0-test, 4 CPUs, 19"));
	snprintf(tasks, sizeof(tasks), "10s by comm: %u live and %u exited tasks",
		 (unsigned int)model_live_tasks(model), (unsigned int)model_exited_tasks(model));
	assert_int_equal(model_live_tasks(model) + model_exited_tasks(model), 20);
	assert_string_equal(output.line[1], tasks);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void the_footer_tells_losses_and_costs(void **state)
{
	struct model *model = varied_model(2);
	struct report report = report_of(model, ROW_BY_TASK, 0);
	const struct dwell_outlier_counts outliers[DWELL_MEASURES] = {[DWELL_WOKEN] = {.lost = 3}};
	struct output output;

	(void)state;
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, "nothing lost"));
	assert_false(has_line(&output, "hidden"));
	assert_string_equal(output.line[output.count - 1],
			    "cost: BPF 0.30 % of the machine, 110 ns an event; user 0.10 %; "
			    "RSS 9.2 MB");
	output_free(&output);

	report.outliers = outliers;
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, "lost, the ring buffer was full: 3 runqueue"));
	assert_false(has_line(&output, "nothing lost"));
	output_free(&output);
	report.outliers = NULL;

	report.losses[DWELL_LOSS_RING_FULL] = 1234567;
	report.losses[DWELL_LOSS_CLOCK_STEP] = 1;
	report.hidden_tasks = 12;
	report.overhead.bpf_measured = false;
	output_text(&output, summary_text, &report);
	assert_false(has_line(&output, "nothing lost"));
	assert_true(has_line(&output, "lost: 1.2M last records of exited tasks that found"));
	assert_true(has_line(&output, "(ring_full)"));
	assert_true(has_line(&output, "lost: 1 expiries whose clock was set"));
	assert_false(has_line(&output, "no_memory"));
	assert_true(has_line(&output, "12 tasks are hidden"));
	assert_string_equal(output.line[output.count - 1],
			    "cost: BPF not measured; user 0.10 %; RSS 9.2 MB");
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void missing_names_are_told_with_their_reason(void **state)
{
	const uint64_t unnamed[FILE_OUTCOMES] = {
		[FILE_FOUND] = 99, [FILE_EXITED] = 1, [FILE_REPLACED] = 12};
	struct model *model = varied_model(2);
	struct report report = report_of(model, ROW_BY_TASK, 0);
	struct output output;

	(void)state;
	output_text(&output, summary_text, &report);
	assert_false(has_line(&output, "without a name"));
	output_free(&output);
	report.unnamed = unnamed;
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, "without a name: 1 address in programs: the process had "
				      "exited (exited)"));
	assert_true(has_line(&output, "without a name: 12 addresses in programs: the file was "
				      "replaced or deleted (replaced)"));
	assert_false(has_line(&output, "(found)"));
	assert_false(has_line(&output, "forbidden"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void nothing_measured_is_a_report_too(void **state)
{
	struct model *model = new_model(0);
	struct report report = report_of(model, ROW_BY_TASK, 0);
	struct output output;

	(void)state;
	report.window_end = report.window_start;
	report.cpus = 1;
	report.naming = (struct naming){0};
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, ", 1 CPU, "));
	assert_true(has_line(&output, "0 live and 0 exited tasks"));
	assert_true(has_line(&output, "nothing lost"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_task_is_told_in_one_line),
		cmocka_unit_test(what_was_not_measured_is_a_dash),
		cmocka_unit_test(states_are_told_with_their_age),
		cmocka_unit_test(every_cell_ends_where_its_heading_ends),
		cmocka_unit_test(group_headings_span_their_columns),
		cmocka_unit_test(normal_values_fit_160_columns),
		cmocka_unit_test(hostile_names_stay_in_their_cell),
		cmocka_unit_test(kernel_timers_have_a_table_of_their_own),
		cmocka_unit_test(the_header_says_what_was_measured),
		cmocka_unit_test(the_footer_tells_losses_and_costs),
		cmocka_unit_test(missing_names_are_told_with_their_reason),
		cmocka_unit_test(nothing_measured_is_a_report_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
