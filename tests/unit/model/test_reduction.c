// SPDX-License-Identifier: GPL-2.0-only
/* Tests of reductions: what can be done without, what that costs, and what the sinks say of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/unit/output.h"
#include "harness/unit/records.h"
#include "base/limits.h"
#include "model/reduction.h"
#include "sink/summary.h"

static const struct reduction_context whole = {.was_armed = true};

static struct unmeasured without(const char *name, const struct reduction_context *context)
{
	struct reductions reductions = {0};

	reductions_add(&reductions, name, EPERM);
	assert_int_equal(reductions.count, 1);
	return reductions_unmeasured(&reductions, context);
}

static void what_measures_is_required(void **state)
{
	static const char *const names[] = {"on_switch", "read_tasks",	 "records",
					    "cpus",	 "dwell_bp.bss", "no_such_program"};
	const struct reduction_context timers = {.timers_alone = true};
	const struct reduction_context outliers = {.outliers_alone = true};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_false(reduction_possible(names[i], &whole));
	assert_true(reduction_possible("on_waking", &whole));
	assert_true(reduction_possible("timer_ledger", &whole));
	assert_false(reduction_possible("timer_ledger", &timers));
	assert_true(reduction_possible("outliers", &whole));
	assert_false(reduction_possible("outliers", &outliers));
}

static void one_way_to_make_records_must_be_left(void **state)
{
	static const char *const makers[] = {"adopt_tasks", "on_newtask", "on_newtask_twin",
					     "on_fork", "on_waking"};
	struct reductions reductions = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
		assert_false(reductions_leave_no_record(&reductions));
		reductions_add(&reductions, makers[i], EINVAL);
	}
	assert_true(reductions_leave_no_record(&reductions));
}

static void each_is_kept_once_and_with_its_reason(void **state)
{
	struct reductions reductions = {0};

	(void)state;
	reductions_add(&reductions, "on_fork", EPERM);
	reductions_add(&reductions, "on_fork", ENOMEM);
	reductions_add(&reductions, "no_such_program", EPERM);
	assert_int_equal(reductions.count, 1);
	assert_true(reductions_have(&reductions, "on_fork"));
	assert_false(reductions_have(&reductions, "on_newtask"));
	assert_string_equal(reduction_reason(&reductions.list[0]), strerror(EPERM));
	assert_true(reductions.list[0].lost[0]);
}

static void what_is_lost_is_unmeasured(void **state)
{
	const struct reduction_context old = {.was_armed = false};
	struct unmeasured lost = without("on_waking", &whole);

	(void)state;
	assert_true(lost.sleeps & FIGURE_LATENESS);
	assert_false(lost.sleeps & FIGURE_ARMED);
	assert_true(lost.users & FIGURE_TIMER_LATENCY);
	assert_false(lost.users & FIGURE_LATENESS);
	assert_false(lost.kernel & FIGURE_LATENESS);

	lost = without("on_timer_expire", &whole);
	assert_true(lost.kernel & FIGURE_EXPIRED);
	assert_false(lost.kernel & FIGURE_CANCELLED);
	/* Where the kernel traces a cancel before each expiry, it is no count of cancels then. */
	lost = without("on_timer_expire", &old);
	assert_true(lost.sleeps & lost.users & lost.kernel & FIGURE_CANCELLED);
	lost = without("on_timer_cancel", &old);
	assert_true(lost.sleeps & FIGURE_REARMED);
	assert_false(without("on_timer_cancel", &whole).sleeps & FIGURE_REARMED);

	assert_true(without("ring", &whole).exits);
	assert_false(without("on_exit", &whole).exits);
	assert_int_equal(without("find_open", &whole).sleeps, 0);
}

/* ---- what the sinks say ----------------------------------------------------------- */

static struct report report_of(struct model *model)
{
	struct report report = {
		.version = "1.2",
		.host = "host",
		.kernel = "6.1.0-test",
		.cpus = 4,
		.view = {.by = ROW_BY_TASK, .sort = sort_by("pid")},
		.window_start = WINDOW_START,
		.window_end = WINDOW_END,
		.live_tasks = model_live_tasks(model),
		.hidden_tasks = UINT64_MAX,
	};

	assert_int_equal(model_rows(model, &report.view, &report.rows), 0);
	return report;
}

/* A task with timers, as if all of them had been counted. */
static struct model *model_with_timers(void)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(10, 11, 5, "worker", 2);

	record.armed = 26;
	record.cancelled = 28;
	record.expired = 29;
	record_measure(&record, DWELL_LATENESS, 7777777);
	record_measure(&record, DWELL_TIMER_LATENCY, 8888888);
	record_measure(&record, DWELL_WOKEN, 9999999);
	assert_int_equal(model_add_record(model, &record), 0);
	return model;
}

static void the_json_has_no_key_of_what_is_unmeasured(void **state)
{
	struct model *model = model_with_timers();
	struct report report = report_of(model);
	struct reductions reductions = {0};
	struct output output;
	json_t *list, *row;

	(void)state;
	reductions_add(&reductions, "on_waking", EINVAL);
	report.reductions = &reductions;
	report.unmeasured = reductions_unmeasured(&reductions, &whole);
	output_json(&output, summary_json, &report);
	row = output.json[1];
	check_keys(json_object_get(row, "timers"), "armed rearmed cancelled");
	assert_null(json_object_get(row, "lateness"));
	assert_null(json_object_get(row, "timer_latency"));
	assert_non_null(json_object_get(row, "runqueue"));
	/* Nor of what is not known. */
	check_keys(output.json[2], "kind reasons reductions overhead");
	check_keys(json_object_get(output.json[2], "overhead"), "user_cpu_ratio");
	list = json_object_get(output.json[2], "reductions");
	assert_int_equal(json_array_size(list), 1);
	check_keys(json_array_get(list, 0), "name lost reason");
	check_string(json_array_get(list, 0), "name", "on_waking");
	check_string(json_array_get(list, 0), "reason", strerror(EINVAL));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

static void the_table_has_no_figure_of_what_is_unmeasured(void **state)
{
	struct model *model = model_with_timers();
	struct report report = report_of(model);
	struct reductions reductions = {0};
	struct output output;

	(void)state;
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, "7.8ms"));
	assert_true(has_line(&output, "8.9ms"));
	assert_false(has_line(&output, "without"));
	output_free(&output);

	reductions_add(&reductions, "on_waking", EINVAL);
	reductions_add(&reductions, "ring", ENOMEM);
	report.reductions = &reductions;
	report.unmeasured = reductions_unmeasured(&reductions, &whole);
	output_text(&output, summary_text, &report);
	assert_false(has_line(&output, "7.8ms"));
	assert_false(has_line(&output, "8.9ms"));
	assert_true(has_line(&output, "10ms"));
	assert_true(has_line(&output, "without on_waking (Invalid argument): "));
	assert_true(has_line(&output, "without ring (Cannot allocate memory): "));
	assert_true(has_line(&output, "1 live tasks, the exited ones not counted"));
	assert_true(has_line(&output, "RSS not known"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

/* ---- how many files may be open --------------------------------------------------- */

static void few_files_are_noticed(void **state)
{
	struct rlimit before, few = {.rlim_cur = 20};

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(limits_try_files(0), 0);
	assert_int_equal(limits_try_files(5), 0);
	assert_int_equal(limits_try_files(30), -EMFILE);
	/* What was opened for the trial is closed again. */
	assert_int_equal(limits_try_files(5), 0);
	assert_int_equal(limits_raise_files(), before.rlim_max);
	assert_int_equal(limits_try_files(30), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_measures_is_required),
		cmocka_unit_test(one_way_to_make_records_must_be_left),
		cmocka_unit_test(each_is_kept_once_and_with_its_reason),
		cmocka_unit_test(what_is_lost_is_unmeasured),
		cmocka_unit_test(the_json_has_no_key_of_what_is_unmeasured),
		cmocka_unit_test(the_table_has_no_figure_of_what_is_unmeasured),
		cmocka_unit_test(few_files_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
