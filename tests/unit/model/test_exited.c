/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of who has exited: processes have rows of their own, and their timers are theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/output.h"
#include "harness/unit/records.h"
#include "sink/summary.h"

#define TIMERFD 0xffffffff81000100

/* As a view of processes has it: no task is kept once it has exited. */
static struct model *process_model(size_t limit, const char *word)
{
	struct model *model = new_model(0);

	model_keep_processes(model, limit, sort_by(word));
	return model;
}

/* A thread of @pid that ends at @start + 10. */
static struct dwell_record exit_of(uint32_t pid, uint32_t tid, uint64_t start, const char *comm)
{
	struct dwell_record record = record_of(pid, tid, start, comm, 7);

	record.since = start + 10;
	record.voluntary = 1;
	return record;
}

static void add_exit(struct model *model, uint32_t pid, uint32_t tid, uint64_t start,
		     const char *comm)
{
	struct dwell_record record = exit_of(pid, tid, start, comm);

	add_as(model, &record, DWELL_EXIT);
}

static const struct row *remainder_of(const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].remainder)
			return &rows->row[i];
	return NULL;
}

/* ---- processes ------------------------------------------------------------------- */

static void each_exited_process_has_its_row(void **state)
{
	struct model *model = process_model(10000, "runqueue");
	struct rows rows;

	(void)state;
	for (uint32_t pid = 1; pid <= 1297; pid++) {
		struct dwell_record record = exit_of(pid, pid, pid, "true");

		record.voluntary = pid;
		record.oncpu_ns = 1000 * pid;
		record_measure(&record, DWELL_WOKEN, 1000 * pid);
		add_as(model, &record, DWELL_EXIT);
	}
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 1297);
	assert_null(remainder_of(&rows));
	for (uint32_t pid = 1; pid <= 1297; pid++) {
		const struct row *row = row_of_pid(&rows, pid);

		assert_string_equal(row->comm, "true");
		assert_int_equal(row->cgroup, 7);
		assert_int_equal(row->tasks, 1);
		assert_int_equal(row->exited, 1);
		assert_int_equal(row->live, 0);
		assert_int_equal(row->voluntary, pid);
		assert_int_equal(row->oncpu_ns, 1000 * pid);
		assert_int_equal(row->measure[DWELL_WOKEN].sum, 1000 * pid);
	}
	rows_free(&rows);
	model_free(model);
}

/* Some of 1000 processes of which 20 did more than the others, early, late and in between. */
static struct model *crowd(const char *word)
{
	struct model *model = process_model(100, word);

	for (uint32_t pid = 1; pid <= 1000; pid++) {
		struct dwell_record record = exit_of(pid, pid, pid, "sh");
		bool busy = pid % 50 == 1;

		record.oncpu_ns = busy ? SECOND + pid : pid;
		record_measure(&record, DWELL_WOKEN, busy ? SECOND + pid : pid);
		add_as(model, &record, DWELL_EXIT);
	}
	return model;
}

static void those_that_did_most_are_kept_and_the_others_counted(void **state)
{
	static const char *const words[] = {"runqueue", "runqueue-p99", "oncpu", "comm"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct model *model = crowd(words[i]);
		struct rows rows = rows_by(model, ROW_BY_PROCESS);
		const struct row *others = remainder_of(&rows);
		uint64_t voluntary = 0;

		assert_int_equal(rows.count, 101);
		for (uint32_t pid = 1; pid <= 1000; pid += 50)
			assert_non_null(row_of_pid(&rows, pid));
		assert_int_equal(others->groups, 900);
		assert_int_equal(others->tasks, 900);
		assert_int_equal(others->exited, 900);
		for (size_t at = 0; at < rows.count; at++)
			voluntary += rows.row[at].voluntary;
		assert_int_equal(voluntary, 1000);
		rows_free(&rows);
		/* The other groupings have all of them. */
		rows = rows_by(model, ROW_BY_COMM);
		assert_int_equal(rows.count, 1);
		assert_int_equal(rows.row[0].tasks, 1000);
		rows_free(&rows);
		model_free(model);
	}
}

static void threads_of_who_lives_are_not_folded_before_the_dead(void **state)
{
	struct model *model = process_model(10, "runqueue");
	struct dwell_record leader = record_of(5000, 5000, 1, "server", 7);
	struct rows rows;

	(void)state;
	/* Its threads end all the time; that it lives is read at the end. */
	for (uint32_t i = 1; i <= 200; i++) {
		struct dwell_record record = exit_of(i, i, i, "sh");

		record_measure(&record, DWELL_WOKEN, SECOND);
		add_as(model, &record, DWELL_EXIT);
		add_exit(model, 5000, 5000 + i, i, "worker");
	}
	add_as(model, &leader, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_string_equal(row_of_pid(&rows, 5000)->comm, "server");
	assert_int_equal(row_of_pid(&rows, 5000)->tasks, 201);
	assert_int_equal(row_of_pid(&rows, 5000)->exited, 200);
	assert_int_equal(row_of_pid(&rows, 5000)->live, 1);
	rows_free(&rows);
	model_free(model);
}

static void a_process_is_one_row_also_if_its_leader_ends_first(void **state)
{
	struct model *model = process_model(10, "runqueue");
	struct dwell_record thread = record_of(1, 3, 2, "thread", 7);
	struct rows rows;

	(void)state;
	add_as(model, &thread, DWELL_LIVE);
	add_exit(model, 1, 1, 1, "leader");
	/* Begun after the leader's end, by the thread that lives. */
	add_exit(model, 1, 4, 50, "late");
	add_as(model, &thread, DWELL_EXIT);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.row[0].comm, "leader");
	assert_int_equal(rows.row[0].tasks, 3);
	assert_int_equal(rows.row[0].exited, 3);
	rows_free(&rows);
	model_free(model);
}

static void a_pid_that_is_used_again_is_another_process(void **state)
{
	struct model *model = process_model(10, "runqueue");
	struct rows rows;

	(void)state;
	add_exit(model, 9, 9, 100, "first");
	add_exit(model, 9, 9, 200, "second");
	/* Of the third a thread ends first. */
	add_exit(model, 9, 10, 310, "thread");
	add_exit(model, 9, 9, 300, "third");
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 3);
	assert_int_equal(row_of_comm(&rows, "first")->tasks, 1);
	assert_int_equal(row_of_comm(&rows, "second")->tasks, 1);
	assert_int_equal(row_of_comm(&rows, "third")->tasks, 2);
	rows_free(&rows);
	model_free(model);
}

static void a_model_without_room_stays_bounded(void **state)
{
	struct model *model = new_model(0);
	struct rows rows;

	(void)state;
	for (uint32_t pid = 1; pid <= 20000; pid++)
		add_exit(model, pid, pid, pid, "sh");
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 1);
	assert_int_equal(remainder_of(&rows)->groups, 20000);
	rows_free(&rows);
	model_free(model);
}

/* ---- timers ---------------------------------------------------------------------- */

static void add_timers(struct model *model, uint32_t pid, uint32_t tid, uint64_t start)
{
	const struct dwell_timer_key key = {
		.pid = pid,
		.tid = tid,
		.start = start,
		.function = TIMERFD,
		.kind = DWELL_TIMER_USER,
	};
	struct dwell_timer_counts counts = {.armed = 3,
					    .cancelled = 2,
					    .expired = 1,
					    .late_count = 1,
					    .late_sum = 5000,
					    .late_max = 5000};

	counts.late_buckets[dwell_bucket(5000)] = 1;
	assert_int_equal(model_add_timers(model, &key, &counts), 0);
}

static void add_owner_exit(struct model *model, uint32_t pid, uint32_t tid, uint64_t start,
			   const char *comm)
{
	struct dwell_record record = exit_of(pid, tid, start, comm);

	record.owns_timers = 1;
	add_as(model, &record, DWELL_EXIT);
}

static void check_timers(const struct row *row, uint64_t tasks, uint64_t owners)
{
	assert_non_null(row);
	assert_int_equal(row->tasks, tasks);
	assert_int_equal(row->exited, tasks);
	assert_int_equal(row->live, 0);
	assert_int_equal(row->timers.armed, 3 * owners);
	assert_int_equal(row->timers.cancelled, 2 * owners);
	assert_int_equal(row->timers.expired, owners);
	assert_int_equal(dist_count(&row->measure[DWELL_LATENESS]), owners);
}

static void timers_of_exited_tasks_are_where_the_tasks_were(void **state)
{
	struct model *model = process_model(10, "runqueue");
	struct rows rows;

	(void)state;
	for (uint32_t pid = 1; pid <= 5; pid++)
		add_owner_exit(model, pid, pid, pid, "timeout");
	for (uint32_t pid = 1; pid <= 5; pid++)
		add_timers(model, pid, pid, pid);
	for (int by = ROW_BY_COMM; by <= ROW_BY_CGROUP; by++) {
		rows = rows_by(model, by);
		assert_int_equal(rows.count, 1);
		check_timers(&rows.row[0], 5, 5);
		rows_free(&rows);
	}
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 5);
	for (uint32_t pid = 1; pid <= 5; pid++)
		check_timers(row_of_pid(&rows, pid), 1, 1);
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 0);
	rows_free(&rows);
	assert_int_equal(model_live_tasks(model), 0);
	assert_int_equal(model_exited_tasks(model), 5);
	model_free(model);
}

static void timers_of_a_folded_process_are_among_the_others(void **state)
{
	struct model *model = new_model(0);
	struct rows rows;

	(void)state;
	add_owner_exit(model, 1, 1, 1, "timeout");
	add_timers(model, 1, 1, 1);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 1);
	assert_true(rows.row[0].remainder);
	check_timers(&rows.row[0], 1, 1);
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_COMM);
	check_timers(row_of_comm(&rows, "timeout"), 1, 1);
	rows_free(&rows);
	model_free(model);
}

static void timers_of_an_earlier_process_of_the_same_pid_are_its_own(void **state)
{
	struct model *model = process_model(10, "runqueue");
	struct rows rows;

	(void)state;
	add_owner_exit(model, 9, 9, 100, "first");
	add_exit(model, 9, 9, 200, "second");
	add_timers(model, 9, 9, 100);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 2);
	check_timers(row_of_comm(&rows, "first"), 1, 1);
	check_timers(row_of_comm(&rows, "second"), 1, 0);
	rows_free(&rows);
	model_free(model);
}

static void timers_of_a_thread_that_ended_are_its_comms_not_its_leaders(void **state)
{
	struct model *model = process_model(10, "runqueue");
	struct dwell_record leader = record_of(1, 1, 1, "leader", 7);
	struct rows rows;

	(void)state;
	add_as(model, &leader, DWELL_LIVE);
	add_owner_exit(model, 1, 2, 3, "thread");
	add_timers(model, 1, 2, 3);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(rows.count, 2);
	check_timers(row_of_comm(&rows, "thread"), 1, 1);
	assert_int_equal(row_of_comm(&rows, "leader")->timers.armed, 0);
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.row[0].tasks, 2);
	assert_int_equal(rows.row[0].exited, 1);
	assert_int_equal(rows.row[0].timers.armed, 3);
	rows_free(&rows);
	model_free(model);
}

/* ---- what is written ------------------------------------------------------------- */

static void the_others_are_named_and_counted(void **state)
{
	struct model *model = crowd("runqueue");
	struct report report = {
		.version = "1.2",
		.host = "host",
		.kernel = "6.1.0-test",
		.cpus = 4,
		.view = {.by = ROW_BY_PROCESS},
		.window_start = WINDOW_START,
		.window_end = WINDOW_END,
	};
	struct output output;
	json_t *row;

	(void)state;
	assert_int_equal(model_rows(model, &report.view, &report.rows), 0);
	output_text(&output, summary_text, &report);
	assert_true(has_line(&output, "(900 others)"));
	output_free(&output);
	output_json(&output, summary_json, &report);
	row = output.json[101];
	assert_true(json_is_true(json_object_get(row, "remainder")));
	check_integer(row, "groups", 900);
	check_integer(row, "tasks", 900);
	assert_null(json_object_get(row, "pid"));
	assert_null(json_object_get(row, "comm"));
	assert_null(json_object_get(output.json[1], "remainder"));
	output_free(&output);
	rows_free(&report.rows);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_exited_process_has_its_row),
		cmocka_unit_test(those_that_did_most_are_kept_and_the_others_counted),
		cmocka_unit_test(threads_of_who_lives_are_not_folded_before_the_dead),
		cmocka_unit_test(a_process_is_one_row_also_if_its_leader_ends_first),
		cmocka_unit_test(a_pid_that_is_used_again_is_another_process),
		cmocka_unit_test(a_model_without_room_stays_bounded),
		cmocka_unit_test(timers_of_exited_tasks_are_where_the_tasks_were),
		cmocka_unit_test(timers_of_a_folded_process_are_among_the_others),
		cmocka_unit_test(timers_of_an_earlier_process_of_the_same_pid_are_its_own),
		cmocka_unit_test(timers_of_a_thread_that_ended_are_its_comms_not_its_leaders),
		cmocka_unit_test(the_others_are_named_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
