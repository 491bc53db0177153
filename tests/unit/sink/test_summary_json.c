/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of the NDJSON sink: every line parsed back, every key checked. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "harness/unit/output.h"
#include "harness/unit/records.h"
#include "host/file_message.h"
#include "sink/frame_json.h"
#include "sink/summary.h"

#define TICK 0xffffffff81000300

static const char *cgroup_name(void *context, uint64_t id)
{
	assert_ptr_equal(context, &errno);
	return id == 1 ? "/a.slice/\xff\"\n\x1b" : NULL;
}

static const char *function_name(void *context, uint64_t address)
{
	assert_ptr_equal(context, &errno);
	return address == TICK ? "tick_nohz_handler" : NULL;
}

static struct report report_of(struct model *model, enum row_by by)
{
	struct report report = {
		.version = "1.2",
		.host = "host",
		.kernel = "6.1.0-test",
		.cpus = 4,
		.view = {.by = by, .sort = sort_by("pid")},
		.window_start = WINDOW_START,
		.window_end = WINDOW_END,
		.hidden_tasks = 12,
		.overhead = {.bpf_measured = true,
			     .bpf_ns_per_event = 110.5,
			     .bpf_cpu_ratio = 0.25,
			     .user_cpu_ratio = 0.125,
			     .rss_bytes = 9000000},
		.naming = {.cgroup = cgroup_name, .callback = function_name, .context = &errno},
	};

	assert_int_equal(model_rows(model, &report.view, &report.rows), 0);
	return report;
}

/* One task with a value of its own in every field. */
static struct dwell_record full_record(void)
{
	struct dwell_record record = record_of(10, 11, 5, "worker", 2);

	record.since = WINDOW_START - 5 * SECOND;
	record.oncpu_ns = 21;
	record.voluntary = 22;
	record.involuntary = 23;
	record.blocked_ns[DWELL_BLOCK_S] = 24;
	record.blocked_ns[DWELL_BLOCK_D] = 25;
	record.blocked_ns[DWELL_BLOCK_I] = 30;
	record.blocked_ns[DWELL_BLOCK_T] = 31;
	record.blocked_ns[DWELL_BLOCK_OTHER] = 32;
	record.armed = 26;
	record.rearmed = 27;
	record.cancelled = 28;
	record.expired = 29;
	record.sleeper = 1;
	for (int measure = 0; measure < DWELL_THROTTLED; measure++)
		for (int i = 0; i <= measure; i++)
			record_measure(&record, measure, (measure + 1) * 1000);
	return record;
}

#define MEASURES                                                                              \
	"timers lateness timer_latency runqueue runqueue_woken runqueue_preempted throttled " \
	"blocked blocked_uninterruptible_ns blocked_ns dwell oncpu_ns switches"

static void check_measures(json_t *row)
{
	json_t *timers = json_object_get(row, "timers"), *switches, *blocks;

	check_keys(timers, "armed rearmed cancelled expired outstanding");
	check_integer(timers, "armed", 26);
	check_integer(timers, "rearmed", 27);
	check_integer(timers, "cancelled", 28);
	check_integer(timers, "expired", 29);
	check_integer(timers, "outstanding", 1);
	check_dist(row, "dwell", 1, 1000, 1000);
	check_dist(row, "runqueue_woken", 2, 4000, 2000);
	check_dist(row, "blocked", 3, 9000, 3000);
	check_dist(row, "runqueue_preempted", 4, 16000, 4000);
	check_dist(row, "runqueue", 6, 20000, 4000);
	check_dist(row, "lateness", 5, 25000, 5000);
	check_dist(row, "timer_latency", 6, 36000, 6000);
	check_dist(row, "throttled", 0, 0, 0);
	check_integer(row, "blocked_uninterruptible_ns", 25);
	blocks = json_object_get(row, "blocked_ns");
	check_keys(blocks, "S D I T other");
	check_integer(blocks, "S", 24);
	check_integer(blocks, "D", 25);
	check_integer(blocks, "I", 30);
	check_integer(blocks, "T", 31);
	check_integer(blocks, "other", 32);
	check_integer(row, "oncpu_ns", 21);
	switches = json_object_get(row, "switches");
	check_keys(switches, "voluntary involuntary");
	check_integer(switches, "voluntary", 22);
	check_integer(switches, "involuntary", 23);
}

static void a_report_is_header_rows_and_losses(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = full_record();
	struct output output;
	struct report report;

	(void)state;
	add_as(model, &record, DWELL_LIVE);
	report = report_of(model, ROW_BY_TASK);
	output_json(&output, summary_json, &report);
	assert_int_equal(output.count, 3);

	check_keys(output.json[0], "kind schema version kernel cpus by window_ns");
	check_string(output.json[0], "kind", "header");
	check_integer(output.json[0], "schema", 1);
	check_string(output.json[0], "version", "1.2");
	check_string(output.json[0], "kernel", "6.1.0-test");
	check_integer(output.json[0], "cpus", 4);
	check_string(output.json[0], "by", "task");
	check_integer(output.json[0], "window_ns", 10 * SECOND);

	check_keys(output.json[1], "kind by pid tid comm cgroup tasks exited " MEASURES
				   " state block state_since_ns state_began_before_window");
	check_string(output.json[1], "kind", "row");
	check_string(output.json[1], "by", "task");
	check_integer(output.json[1], "pid", 10);
	check_integer(output.json[1], "tid", 11);
	check_string(output.json[1], "comm", "worker");
	check_string(output.json[1], "cgroup", "#2");
	check_integer(output.json[1], "tasks", 1);
	assert_true(json_is_false(json_object_get(output.json[1], "exited")));
	check_measures(output.json[1]);
	check_string(output.json[1], "state", "blocked");
	check_string(output.json[1], "block", "S");
	check_integer(output.json[1], "state_since_ns", 15 * SECOND);
	assert_true(json_is_true(json_object_get(output.json[1], "state_began_before_window")));

	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void the_loss_line_names_every_loss(void **state)
{
	static const char *const names[] = {
#define X(id, name, text) name,
		DWELL_LOSS_LIST(X)
#undef X
	};
	struct model *model = new_model(10);
	struct report report = report_of(model, ROW_BY_TASK);
	json_t *overhead, *reasons;
	struct output output;

	(void)state;
	for (int i = 0; i < DWELL_LOSSES; i++)
		report.losses[i] = i + 1;
	output_json(&output, summary_json, &report);
	assert_int_equal(output.count, 2);
	check_keys(output.json[1], "kind reasons reductions hidden_tasks overhead");
	check_string(output.json[1], "kind", "loss");
	reasons = json_object_get(output.json[1], "reasons");
	assert_int_equal(json_object_size(reasons), DWELL_LOSSES);
	for (int i = 0; i < DWELL_LOSSES; i++)
		check_integer(reasons, names[i], i + 1);
	check_integer(output.json[1], "hidden_tasks", 12);
	overhead = json_object_get(output.json[1], "overhead");
	check_keys(overhead, "bpf_ns_per_event bpf_cpu_ratio user_cpu_ratio rss_bytes");
	assert_true(json_real_value(json_object_get(overhead, "bpf_ns_per_event")) == 110.5);
	assert_true(json_real_value(json_object_get(overhead, "bpf_cpu_ratio")) == 0.25);
	assert_true(json_real_value(json_object_get(overhead, "user_cpu_ratio")) == 0.125);
	check_integer(overhead, "rss_bytes", 9000000);
	output_free(&output);

	/* What was not measured is absent. */
	report.overhead.bpf_measured = false;
	output_json(&output, summary_json, &report);
	check_keys(json_object_get(output.json[1], "overhead"), "user_cpu_ratio rss_bytes");
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

/* Why names are missing is said where they were asked for, with a 0 where none is. */
static void missing_names_are_told_by_reason(void **state)
{
	const uint64_t unnamed[FILE_OUTCOMES] = {[FILE_FOUND] = 99, [FILE_FORBIDDEN] = 3};
	struct model *model = new_model(0);
	struct report report = report_of(model, ROW_BY_TASK);
	struct output output;
	json_t *reasons;

	(void)state;
	report.unnamed = unnamed;
	output_json(&output, summary_json, &report);
	reasons = json_object_get(output.json[output.count - 1], "unnamed");
	check_keys(reasons, "unmapped exited forbidden replaced unreadable too_large too_slow "
			    "helper");
	check_integer(reasons, "forbidden", 3);
	check_integer(reasons, "exited", 0);
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void rows_have_the_keys_of_their_grouping(void **state)
{
	static const struct {
		enum row_by by;
		const char *name;
		const char *keys;
	} groupings[] = {
		{ROW_BY_PROCESS, "process", "kind by pid comm cgroup tasks exited " MEASURES},
		{ROW_BY_COMM, "comm", "kind by comm tasks exited " MEASURES},
		{ROW_BY_CGROUP, "cgroup", "kind by cgroup tasks exited " MEASURES},
	};
	struct model *model = new_model(10);
	struct dwell_record record = full_record();

	(void)state;
	add_as(model, &record, DWELL_LIVE);
	for (size_t i = 0; i < 3; i++) {
		struct report report = report_of(model, groupings[i].by);
		struct output output;

		output_json(&output, summary_json, &report);
		assert_int_equal(output.count, 3);
		check_string(output.json[0], "by", groupings[i].name);
		check_string(output.json[1], "by", groupings[i].name);
		check_keys(output.json[1], groupings[i].keys);
		check_measures(output.json[1]);
		output_free(&output);
		rows_free(&report.rows);
	}
	model_free(model);
}

static void states_are_named(void **state)
{
	static const struct {
		uint8_t state, block;
		const char *name, *kind;
	} states[] = {
		{DWELL_ONCPU, 0, "running", NULL},
		{DWELL_RUNNABLE_WOKEN, 0, "runnable", NULL},
		{DWELL_RUNNABLE_PREEMPTED, 0, "runnable", NULL},
		{DWELL_RUNNABLE_THROTTLED, 0, "runnable", NULL},
		{DWELL_BLOCKED_STATE, DWELL_BLOCK_S, "blocked", "S"},
		{DWELL_BLOCKED_STATE, DWELL_BLOCK_D, "blocked", "D"},
		{DWELL_BLOCKED_STATE, DWELL_BLOCK_I, "blocked", "I"},
		{DWELL_BLOCKED_STATE, DWELL_BLOCK_T, "blocked", "T"},
		{DWELL_BLOCKED_STATE, DWELL_BLOCK_OTHER, "blocked", "other"},
		{DWELL_BLOCKED_STATE, 99, "blocked", "other"},
		{DWELL_UNKNOWN, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		struct model *model = new_model(10);
		struct dwell_record record = record_of(1, 1, 1, "a", 1);
		struct output output;
		struct report report;

		record.state = states[i].state;
		record.block = states[i].block;
		record.since = WINDOW_END - 7;
		add_as(model, &record, DWELL_LIVE);
		report = report_of(model, ROW_BY_TASK);
		output_json(&output, summary_json, &report);
		if (states[i].name) {
			check_string(output.json[1], "state", states[i].name);
			check_integer(output.json[1], "state_since_ns", 7);
		} else {
			assert_null(json_object_get(output.json[1], "state"));
			assert_null(json_object_get(output.json[1], "state_since_ns"));
		}
		if (states[i].kind)
			check_string(output.json[1], "block", states[i].kind);
		else
			assert_null(json_object_get(output.json[1], "block"));
		assert_null(json_object_get(output.json[1], "state_began_before_window"));
		output_free(&output);
		rows_free(&report.rows);
		model_free(model);
	}
}

static void timers_without_a_task_have_only_what_applies(void **state)
{
	struct dwell_timer_counts counts = {
		.armed = 3, .expired = 2, .late_count = 2, .late_sum = 4000, .late_max = 3000};
	struct dwell_timer_key key = {.function = TICK};
	struct model *model = new_model(10);
	struct output output;
	struct report report;

	(void)state;
	counts.late_buckets[dwell_bucket(1000)] = 1;
	counts.late_buckets[dwell_bucket(3000)] = 1;
	assert_int_equal(model_add_timers(model, &key, &counts), 0);
	key.function = 0xabc;
	counts.armed = 2;
	assert_int_equal(model_add_timers(model, &key, &counts), 0);
	key = (struct dwell_timer_key){.pid = 8, .tid = 9, .start = 1, .function = 7};
	assert_int_equal(model_add_timers(model, &key, &counts), 0);
	report = report_of(model, ROW_BY_TASK);
	output_json(&output, summary_json, &report);
	assert_int_equal(output.count, 5);
	check_keys(output.json[1], "kind by pid tid tasks exited timers lateness");
	check_integer(output.json[1], "pid", 8);
	check_integer(output.json[1], "tid", 9);
	check_keys(output.json[2], "kind by comm callback timers lateness");
	check_string(output.json[2], "comm", "kernel");
	check_string(output.json[2], "callback", "tick_nohz_handler");
	check_integer(json_object_get(output.json[2], "timers"), "armed", 3);
	check_dist(output.json[2], "lateness", 2, 4000, 3000);
	check_string(output.json[3], "callback", "0xabc");
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void hostile_names_come_back_as_valid_utf8(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "", 1);
	struct output output;
	struct report report;

	(void)state;
	memcpy(record.comm, "\"\\\n\x1b[31m\xff\xc2\x9b}x", 14);
	add_as(model, &record, DWELL_EXIT);
	report = report_of(model, ROW_BY_TASK);
	report.version = "\xc0\xaf";
	report.kernel = "6\n7";
	output_json(&output, summary_json, &report);
	assert_int_equal(output.count, 3);
	check_string(output.json[0], "version", "\xef\xbf\xbd\xef\xbf\xbd");
	check_string(output.json[0], "kernel", "6\n7");
	check_string(output.json[1], "comm", "\"\\\n\x1b[31m\xef\xbf\xbd\xc2\x9b}x");
	check_string(output.json[1], "cgroup", "/a.slice/\xef\xbf\xbd\"\n\x1b");
	assert_true(json_is_true(json_object_get(output.json[1], "exited")));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void large_numbers_stay_integers(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);
	struct output output;
	struct report report;

	(void)state;
	record.oncpu_ns = UINT64_MAX;
	record.voluntary = INT64_MAX;
	add_as(model, &record, DWELL_LIVE);
	report = report_of(model, ROW_BY_TASK);
	report.overhead.bpf_cpu_ratio = NAN;
	output_json(&output, summary_json, &report);
	check_integer(output.json[1], "oncpu_ns", INT64_MAX);
	check_integer(json_object_get(output.json[1], "switches"), "voluntary", INT64_MAX);
	assert_null(json_object_get(json_object_get(output.json[2], "overhead"), "bpf_cpu_ratio"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void a_closed_pipe_and_a_full_disk_are_told(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = full_record();
	struct report report;
	int pipes[2];
	FILE *out;

	(void)state;
	for (record.tid = 1; record.tid < 100; record.tid++)
		add_as(model, &record, DWELL_LIVE);
	report = report_of(model, ROW_BY_TASK);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	signal(SIGPIPE, SIG_IGN);
	out = fdopen(pipes[1], "w");
	assert_int_equal(summary_json(out, &report), -EPIPE);
	assert_int_equal(summary_text(out, &report), -EPIPE);
	fclose(out);
	out = fopen("/dev/full", "w");
	assert_non_null(out);
	assert_int_equal(summary_json(out, &report), -ENOSPC);
	assert_int_equal(summary_text(out, &report), -ENOSPC);
	fclose(out);
	rows_free(&report.rows);
	model_free(model);
}

static int stream_header(FILE *out, const struct report *report)
{
	return frame_json_header(out, report, NULL);
}

static void a_stream_has_neither_rows_nor_an_end(void **state)
{
	struct model *model = new_model(10);
	struct report report = report_of(model, ROW_BY_TASK);
	struct output output;

	(void)state;
	output_json(&output, stream_header, &report);
	assert_int_equal(output.count, 1);
	check_keys(output.json[0], "kind schema version kernel cpus");
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_has_neither_rows_nor_an_end),
		cmocka_unit_test(a_report_is_header_rows_and_losses),
		cmocka_unit_test(the_loss_line_names_every_loss),
		cmocka_unit_test(missing_names_are_told_by_reason),
		cmocka_unit_test(rows_have_the_keys_of_their_grouping),
		cmocka_unit_test(states_are_named),
		cmocka_unit_test(timers_without_a_task_have_only_what_applies),
		cmocka_unit_test(hostile_names_come_back_as_valid_utf8),
		cmocka_unit_test(large_numbers_stay_integers),
		cmocka_unit_test(a_closed_pipe_and_a_full_disk_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
