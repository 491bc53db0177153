/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of the model: records in, rows out, and sums that never fall. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/records.h"

static uint64_t loss_of(const struct model *model, enum row_by by, enum dwell_loss loss)
{
	uint64_t losses[DWELL_LOSSES];

	model_losses(model, by, losses);
	return losses[loss];
}

static uint64_t count_of(const struct row *row, enum dwell_measure measure)
{
	return dist_count(&row->measure[measure]);
}

/* ---- one task ------------------------------------------------------------ */

static void a_record_becomes_a_row(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(10, 11, 5, "worker", 77);
	struct rows rows;
	const struct row *row;

	(void)state;
	record.block = DWELL_BLOCK_D;
	record.since = WINDOW_END - 3 * SECOND;
	record.oncpu_ns = 123;
	record.voluntary = 4;
	record.involuntary = 5;
	record.blocked_ns[DWELL_BLOCK_D] = 6;
	record.blocked_ns[DWELL_BLOCK_S] = 7;
	record.armed = 8;
	record.rearmed = 9;
	record.cancelled = 10;
	record.expired = 11;
	record.sleeper = 0xffff888000000000;
	for (int i = 0; i < DWELL_MEASURES; i++)
		for (int j = 0; j <= i; j++)
			record_measure(&record, i, 1000 << i);
	add_as(model, &record, DWELL_LIVE);

	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.hidden, 0);
	row = &rows.row[0];
	assert_int_equal(row->by, ROW_BY_TASK);
	assert_int_equal(row->pid, 10);
	assert_int_equal(row->tid, 11);
	assert_int_equal(row->cgroup, 77);
	assert_string_equal(row->comm, "worker");
	assert_false(row->kernel_timer || row->timers_only || row->remainder);
	assert_int_equal(row->tasks, 1);
	assert_int_equal(row->exited, 0);
	assert_int_equal(row->timers.armed, 8);
	assert_int_equal(row->timers.rearmed, 9);
	assert_int_equal(row->timers.cancelled, 10);
	assert_int_equal(row->timers.expired, 11);
	assert_int_equal(row->timers.outstanding, 1);
	assert_int_equal(row->oncpu_ns, 123);
	assert_int_equal(row->voluntary, 4);
	assert_int_equal(row->involuntary, 5);
	assert_int_equal(row->blocked_ns[DWELL_BLOCK_D], 6);
	assert_int_equal(row->blocked_ns[DWELL_BLOCK_S], 7);
	assert_int_equal(row->state, DWELL_BLOCKED_STATE);
	assert_int_equal(row->block, DWELL_BLOCK_D);
	assert_int_equal(row->state_age_ns, 3 * SECOND);
	assert_false(row->state_began_earlier);
	for (int i = 0; i < DWELL_MEASURES; i++) {
		assert_int_equal(count_of(row, i), i + 1);
		assert_int_equal(row->measure[i].sum, (i + 1) * (1000ULL << i));
		assert_int_equal(row->measure[i].max, 1000ULL << i);
		assert_int_equal(row->measure[i].used, 1);
		assert_int_equal(row->measure[i].cells[0].bucket, dwell_bucket(1000ULL << i));
	}
	rows_free(&rows);
	assert_null(rows.row);
	assert_int_equal(model_live_tasks(model), 1);
	assert_int_equal(model_exited_tasks(model), 0);
	model_free(model);
}

static void a_later_record_replaces_the_earlier_one(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 5, "a", 1);
	struct rows rows;

	(void)state;
	record_measure(&record, DWELL_WOKEN, 5000);
	add_as(model, &record, DWELL_LIVE);
	record_measure(&record, DWELL_WOKEN, 9000);
	record.oncpu_ns = 50;
	add_as(model, &record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 1);
	assert_int_equal(count_of(&rows.row[0], DWELL_WOKEN), 2);
	assert_int_equal(rows.row[0].measure[DWELL_WOKEN].sum, 14000);
	assert_int_equal(rows.row[0].oncpu_ns, 50);
	rows_free(&rows);
	model_free(model);
}

static void an_unterminated_comm_stays_within_its_bytes(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 5, "", 1);
	struct rows rows;

	(void)state;
	memset(record.comm, 'x', sizeof(record.comm));
	add_as(model, &record, DWELL_LIVE);
	/* What follows the NUL is no part of the name. */
	memcpy(record.comm, "y\0rubbish", 9);
	record.tid = 2;
	add_as(model, &record, DWELL_LIVE);
	memcpy(record.comm, "y\0trash!!", 9);
	record.tid = 3;
	add_as(model, &record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(rows.count, 2);
	assert_int_equal(row_of_comm(&rows, "y")->tasks, 2);
	assert_int_equal(row_of_comm(&rows, "xxxxxxxxxxxxxxxx")->tasks, 1);
	rows_free(&rows);
	model_free(model);
}

/* A read of the tasks up to @tid, before which so many last records were lost. */
static void read_tasks_up_to(struct model *model, uint32_t tid, uint64_t lost)
{
	const uint64_t losses[DWELL_LOSSES] = {[DWELL_LOSS_RING_FULL] = lost};

	for (uint32_t i = 1; i <= tid; i++) {
		struct dwell_record record = record_of(i, i, i, "crowd", 1);

		record.armed = 10;
		add_as(model, &record, DWELL_LIVE);
	}
	model_set_losses(model, losses);
	assert_int_equal(model_end_read(model, false), 0);
}

static void who_left_unseen_is_missed_twice(void **state)
{
	struct model *model = new_model(0);
	struct rows rows;

	(void)state;
	read_tasks_up_to(model, 5, 0);
	/* Nothing was lost: whoever is missing is there. */
	for (int i = 0; i < 5; i++)
		read_tasks_up_to(model, 3, 0);
	assert_int_equal(model_live_tasks(model), 5);
	read_tasks_up_to(model, 3, 0);
	/* Two were lost; a third one is missing for another reason. */
	read_tasks_up_to(model, 5, 0);
	read_tasks_up_to(model, 2, 2);
	assert_int_equal(model_live_tasks(model), 5);
	read_tasks_up_to(model, 3, 2);
	assert_int_equal(model_live_tasks(model), 3);
	assert_int_equal(model_exited_tasks(model), 2);
	for (int i = 0; i < 5; i++)
		read_tasks_up_to(model, 3, 2);
	assert_int_equal(model_live_tasks(model), 3);
	/* What they did stays, once. */
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(row_of_comm(&rows, "crowd")->timers.armed, 50);
	assert_int_equal(row_of_comm(&rows, "crowd")->live, 3);
	rows_free(&rows);
	model_free(model);
}

/* Where no exit is seen at all, absence is all there is to go by; a single one may be by chance. */
static void without_exits_who_is_missing_is_gone(void **state)
{
	struct model *model = new_model(0);
	struct rows rows;

	(void)state;
	for (uint32_t i = 1; i <= 20; i++) {
		struct dwell_record record = record_of(i, i, i, "crowd", 1);

		record.armed = 10;
		add_as(model, &record, DWELL_LIVE);
		assert_int_equal(model_end_read(model, true), 0);
		assert_int_equal(model_live_tasks(model), i < 2 ? i : 2);
	}
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(row_of_comm(&rows, "crowd")->timers.armed, 200);
	assert_int_equal(row_of_comm(&rows, "crowd")->live, 2);
	rows_free(&rows);
	model_free(model);
}

static void a_task_has_the_cgroup_that_was_read_last(void **state)
{
	struct dwell_record record = record_of(7, 8, 5, "one", 3);
	struct model *model = new_model(0);

	(void)state;
	assert_int_equal(model_cgroup(model, 8, 5), 0);
	add_as(model, &record, DWELL_LIVE);
	assert_int_equal(model_cgroup(model, 8, 5), 3);
	assert_int_equal(model_cgroup(model, 8, 6), 0);
	record.cgroup = 4;
	add_as(model, &record, DWELL_LIVE);
	assert_int_equal(model_cgroup(model, 8, 5), 4);
	model_free(model);
}

static void a_reused_tid_is_another_task(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record old = record_of(7, 7, 5, "old", 1), new = record_of(7, 7, 6, "new", 1);
	struct rows rows;

	(void)state;
	old.voluntary = 100;
	new.voluntary = 1;
	add_as(model, &old, DWELL_EXIT);
	add_as(model, &new, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 2);
	assert_int_equal(row_of_comm(&rows, "old")->voluntary, 100);
	assert_int_equal(row_of_comm(&rows, "old")->exited, 1);
	assert_int_equal(row_of_comm(&rows, "new")->voluntary, 1);
	assert_int_equal(row_of_comm(&rows, "new")->exited, 0);
	rows_free(&rows);
	/* And a reused pid is another process: it inherits nothing. */
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 2);
	assert_int_equal(row_of_comm(&rows, "old")->voluntary, 100);
	assert_int_equal(row_of_comm(&rows, "new")->voluntary, 1);
	rows_free(&rows);
	assert_int_equal(model_live_tasks(model), 1);
	assert_int_equal(model_exited_tasks(model), 1);
	model_free(model);
}

/* ---- states -------------------------------------------------------------- */

static struct row state_row(uint8_t state, uint64_t since, enum dwell_kind kind)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);
	struct rows rows;
	struct row row;

	record.state = state;
	record.since = since;
	record.oncpu_ns = 1000;
	add_as(model, &record, kind);
	rows = rows_by(model, ROW_BY_TASK);
	row = rows.row[0];
	rows_free(&rows);
	model_free(model);
	return row;
}

static void a_running_tasks_open_time_counts_within_the_window(void **state)
{
	struct row row;

	(void)state;
	row = state_row(DWELL_ONCPU, WINDOW_END - 2 * SECOND, DWELL_LIVE);
	assert_int_equal(row.oncpu_ns, 1000 + 2 * SECOND);
	assert_int_equal(row.state_age_ns, 2 * SECOND);
	assert_false(row.state_began_earlier);
	/* On the CPU since before the window: only the window's part is measured. */
	row = state_row(DWELL_ONCPU, WINDOW_START - 5 * SECOND, DWELL_LIVE);
	assert_int_equal(row.oncpu_ns, 1000 + (WINDOW_END - WINDOW_START));
	assert_int_equal(row.state_age_ns, WINDOW_END - WINDOW_START + 5 * SECOND);
	assert_true(row.state_began_earlier);
	/* Got its CPU after the end: between the end and the read. */
	row = state_row(DWELL_ONCPU, WINDOW_END + 5, DWELL_LIVE);
	assert_int_equal(row.oncpu_ns, 1000);
	assert_int_equal(row.state_age_ns, 0);
	/* Neither blocked nor exited tasks run. */
	row = state_row(DWELL_BLOCKED_STATE, WINDOW_START, DWELL_LIVE);
	assert_int_equal(row.oncpu_ns, 1000);
	row = state_row(DWELL_ONCPU, WINDOW_START, DWELL_EXIT);
	assert_int_equal(row.oncpu_ns, 1000);
	assert_int_equal(row.state, DWELL_UNKNOWN);
	assert_int_equal(row.state_age_ns, 0);
}

static void ages_reach_back_before_the_window(void **state)
{
	struct row row;

	(void)state;
	row = state_row(DWELL_BLOCKED_STATE, WINDOW_START - 90 * SECOND, DWELL_LIVE);
	assert_int_equal(row.state_age_ns, 100 * SECOND);
	assert_true(row.state_began_earlier);
	/* "Before the window" alone: the window is the least it can be. */
	row = state_row(DWELL_RUNNABLE_WOKEN, 0, DWELL_LIVE);
	assert_int_equal(row.state_age_ns, WINDOW_END - WINDOW_START);
	assert_true(row.state_began_earlier);
	row = state_row(DWELL_RUNNABLE_THROTTLED, WINDOW_START, DWELL_LIVE);
	assert_false(row.state_began_earlier);
	row = state_row(DWELL_UNKNOWN, 0, DWELL_LIVE);
	assert_int_equal(row.state, DWELL_UNKNOWN);
	assert_int_equal(row.state_age_ns, 0);
	assert_false(row.state_began_earlier);
	/* No state at all. */
	row = state_row(200, WINDOW_START, DWELL_LIVE);
	assert_int_equal(row.state, DWELL_UNKNOWN);
}

static void a_task_that_is_lost_stays_as_it_was(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record lost = record_of(1, 1, 1, "lost", 1),
			    other = record_of(2, 2, 1, "o", 1);
	struct rows rows;

	(void)state;
	lost.state = DWELL_ONCPU;
	lost.since = WINDOW_END - SECOND;
	add_as(model, &lost, DWELL_LIVE);
	model_set_window(model, WINDOW_START, WINDOW_END + 10 * SECOND);
	add_as(model, &other, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(row_of_tid(&rows, 1)->oncpu_ns, SECOND);
	assert_int_equal(row_of_tid(&rows, 1)->state_age_ns, SECOND);
	assert_int_equal(row_of_tid(&rows, 2)->state_age_ns, 20 * SECOND);
	rows_free(&rows);
	model_free(model);
}

/* ---- hand-overs ---------------------------------------------------------- */

static void check_woken(struct model *model, uint64_t count, uint64_t sum)
{
	struct rows rows = rows_by(model, ROW_BY_TASK);

	assert_int_equal(rows.count, 1);
	assert_int_equal(count_of(&rows.row[0], DWELL_WOKEN), count);
	assert_int_equal(rows.row[0].measure[DWELL_WOKEN].sum, sum);
	rows_free(&rows);
	/* The group sees the same. */
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(count_of(&rows.row[0], DWELL_WOKEN), count);
	assert_int_equal(rows.row[0].measure[DWELL_WOKEN].sum, sum);
	rows_free(&rows);
}

static void buckets_that_were_handed_over_are_kept(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);

	(void)state;
	record_measure(&record, DWELL_WOKEN, 1000);
	record_measure(&record, DWELL_WOKEN, 1000);
	record_hand_over(&record, model);
	check_woken(model, 2, 2000);
	record_measure(&record, DWELL_WOKEN, 1000);
	add_as(model, &record, DWELL_LIVE);
	check_woken(model, 3, 3000);
	record_measure(&record, DWELL_WOKEN, 4000);
	record_hand_over(&record, model);
	check_woken(model, 4, 7000);
	record_measure(&record, DWELL_WOKEN, 4000);
	add_as(model, &record, DWELL_EXIT);
	check_woken(model, 5, 11000);
	model_free(model);
}

static void a_read_before_its_hand_over_counts_once(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1), stale;

	(void)state;
	record_measure(&record, DWELL_WOKEN, 1000);
	stale = record;
	/* Pulled first, handed over after that: the buckets pulled are among them. */
	add_as(model, &stale, DWELL_LIVE);
	record_measure(&record, DWELL_WOKEN, 1000);
	record_hand_over(&record, model);
	check_woken(model, 2, 2000);
	/* The same in the other order: a stale record changes nothing, scalars neither. */
	add_as(model, &stale, DWELL_LIVE);
	check_woken(model, 2, 2000);
	model_free(model);
}

static void a_read_after_hand_overs_not_yet_taken_in_keeps_its_scalars(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1), full[2];
	struct rows rows;

	(void)state;
	for (int i = 0; i < 2; i++) {
		record_measure(&record, DWELL_WOKEN, 1000);
		record.oncpu_ns += 10;
		full[i] = record;
		memset(record.buckets, 0, sizeof(record.buckets));
		record.epoch += 2;
	}
	record_measure(&record, DWELL_WOKEN, 1000);
	record.oncpu_ns = 99;
	add_as(model, &record, DWELL_LIVE);
	add_as(model, &full[0], DWELL_FULL);
	add_as(model, &full[1], DWELL_FULL);
	check_woken(model, 3, 3000);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.row[0].oncpu_ns, 99);
	rows_free(&rows);
	/* Twice the same hand-over is one. */
	add_as(model, &full[1], DWELL_FULL);
	check_woken(model, 3, 3000);
	model_free(model);
}

static void a_torn_read_has_scalars_only(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1), torn;
	struct rows rows;

	(void)state;
	record_measure(&record, DWELL_WOKEN, 1000);
	add_as(model, &record, DWELL_LIVE);
	record_measure(&record, DWELL_WOKEN, 1000);
	torn = record;
	torn.epoch = 1;
	torn.oncpu_ns = 77;
	memset(torn.buckets, 0xff, sizeof(torn.buckets));
	add_as(model, &torn, DWELL_LIVE);
	assert_int_equal(loss_of(model, ROW_BY_TASK, DWELL_LOSS_READ_TORN), 1);
	/* The earlier buckets stay until the hand-over brings all of them. */
	check_woken(model, 1, 2000);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.row[0].oncpu_ns, 77);
	rows_free(&rows);
	record_hand_over(&record, model);
	check_woken(model, 2, 2000);
	record_measure(&record, DWELL_WOKEN, 1000);
	add_as(model, &record, DWELL_LIVE);
	check_woken(model, 3, 3000);
	model_free(model);
}

static void a_long_history_outgrows_16_bits(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);

	(void)state;
	for (int i = 0; i < 100; i++) {
		record.buckets[DWELL_WOKEN][20] = UINT16_MAX;
		record_hand_over(&record, model);
	}
	check_woken(model, 100ULL * UINT16_MAX, 0);
	model_free(model);
}

/* ---- groups --------------------------------------------------------------- */

static void groups_are_the_sums_of_their_tasks(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record;
	struct rows rows;
	const struct row *row;

	(void)state;
	for (uint32_t tid = 100; tid < 106; tid++) {
		/* Processes 100 and 103 with three threads each; comms alternate. */
		record = record_of(tid < 103 ? 100 : 103, tid, tid, tid % 2 ? "odd" : "even",
				   tid < 104 ? 1 : 2);
		record.voluntary = tid;
		record_measure(&record, DWELL_WOKEN, 1000 * tid);
		add_as(model, &record, tid == 105 ? DWELL_EXIT : DWELL_LIVE);
	}
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 2);
	row = row_of_pid(&rows, 100);
	assert_int_equal(row->voluntary, 100 + 101 + 102);
	assert_int_equal(row->tid, 0);
	assert_string_equal(row->comm, "even");
	assert_int_equal(row->cgroup, 1);
	assert_int_equal(row->state, DWELL_UNKNOWN);
	row = row_of_pid(&rows, 103);
	assert_int_equal(row->tasks, 3);
	assert_int_equal(row->exited, 1);
	assert_int_equal(row->measure[DWELL_WOKEN].max, 105000);
	assert_int_equal(count_of(row, DWELL_WOKEN), 3);
	rows_free(&rows);

	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(rows.count, 2);
	row = row_of_comm(&rows, "odd");
	assert_int_equal(row->voluntary, 101 + 103 + 105);
	assert_int_equal(row->pid, 0);
	assert_int_equal(row->cgroup, 0);
	rows_free(&rows);

	rows = rows_by(model, ROW_BY_CGROUP);
	assert_int_equal(rows.count, 2);
	assert_int_equal(row_of_cgroup(&rows, 2)->voluntary, 104 + 105);
	assert_string_equal(row_of_cgroup(&rows, 2)->comm, "");
	rows_free(&rows);
	model_free(model);
}

static void a_process_is_named_after_its_leader(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record thread = record_of(50, 51, 1, "thread", 3);
	struct dwell_record other = record_of(50, 52, 1, "other", 5);
	struct dwell_record leader = record_of(50, 50, 1, "leader", 4);
	struct rows rows;

	(void)state;
	add_as(model, &thread, DWELL_LIVE);
	add_as(model, &other, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_string_equal(rows.row[0].comm, "thread");
	assert_int_equal(rows.row[0].cgroup, 3);
	rows_free(&rows);
	add_as(model, &leader, DWELL_LIVE);
	add_as(model, &thread, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.row[0].comm, "leader");
	assert_int_equal(rows.row[0].cgroup, 4);
	rows_free(&rows);
	model_free(model);
}

static void what_a_renamed_task_had_stays_under_its_old_name(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "before", 1);
	struct rows rows;
	const struct row *row;

	(void)state;
	record.voluntary = 10;
	record.involuntary = 20;
	record.oncpu_ns = 30;
	record.armed = record.rearmed = record.cancelled = record.expired = 40;
	record.sleeper = 1;
	for (int i = 0; i < DWELL_BLOCKS; i++)
		record.blocked_ns[i] = 50;
	record_measure(&record, DWELL_WOKEN, 900000);
	record_measure(&record, DWELL_WOKEN, 1000);
	add_as(model, &record, DWELL_LIVE);
	strcpy(record.comm, "after");
	record.voluntary = 12;
	record_measure(&record, DWELL_WOKEN, 1010);
	add_as(model, &record, DWELL_LIVE);

	rows = rows_by(model, ROW_BY_COMM);
	row = row_of_comm(&rows, "before");
	assert_int_equal(row->voluntary, 10);
	assert_int_equal(count_of(row, DWELL_WOKEN), 2);
	assert_int_equal(row->measure[DWELL_WOKEN].sum, 901000);
	assert_int_equal(row->measure[DWELL_WOKEN].max, 900000);
	assert_int_equal(row->timers.outstanding, 0);
	row = row_of_comm(&rows, "after");
	assert_int_equal(row->voluntary, 2);
	/* What did not grow since has nothing to show. */
	assert_int_equal(row->involuntary, 0);
	assert_int_equal(row->oncpu_ns, 0);
	assert_int_equal(row->timers.armed, 0);
	assert_int_equal(row->timers.rearmed, 0);
	assert_int_equal(row->timers.cancelled, 0);
	assert_int_equal(row->timers.expired, 0);
	for (int i = 0; i < DWELL_BLOCKS; i++)
		assert_int_equal(row->blocked_ns[i], 0);
	assert_int_equal(count_of(row, DWELL_WOKEN), 1);
	assert_int_equal(row->measure[DWELL_WOKEN].sum, 1010);
	/* Its maximum is not the one from before: as far as the bucket tells. */
	assert_in_range(row->measure[DWELL_WOKEN].max, 1010, 1290);
	assert_int_equal(row->timers.outstanding, 1);
	rows_free(&rows);
	/* The task itself, and groups that did not change, have it all. */
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.row[0].voluntary, 12);
	assert_string_equal(rows.row[0].comm, "after");
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_CGROUP);
	assert_int_equal(rows.row[0].voluntary, 12);
	rows_free(&rows);
	/* And back again. */
	strcpy(record.comm, "before");
	record.voluntary = 15;
	add_as(model, &record, DWELL_EXIT);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(row_of_comm(&rows, "before")->voluntary, 13);
	assert_int_equal(row_of_comm(&rows, "after")->voluntary, 2);
	rows_free(&rows);
	model_free(model);
}

static void a_maximum_from_before_the_move_does_not_rank(void **state)
{
	const struct view view = {.by = ROW_BY_COMM, .sort = sort_by("runqueue-max")};
	struct dwell_record record = record_of(1, 1, 1, "before", 1);
	struct dwell_record small = record_of(2, 2, 1, "small", 1);
	struct dwell_record large = record_of(3, 3, 1, "large", 1);
	struct model *model = new_model(10);
	struct rows rows;

	(void)state;
	record_measure(&record, DWELL_WOKEN, 900000);
	record_measure(&small, DWELL_WOKEN, 500);
	record_measure(&large, DWELL_WOKEN, 100000);
	add_as(model, &record, DWELL_LIVE);
	add_as(model, &small, DWELL_LIVE);
	add_as(model, &large, DWELL_LIVE);
	strcpy(record.comm, "after");
	record_measure(&record, DWELL_WOKEN, 1000);
	add_as(model, &record, DWELL_LIVE);
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.count, 4);
	assert_string_equal(rows.row[0].comm, "before");
	assert_string_equal(rows.row[1].comm, "large");
	assert_string_equal(rows.row[2].comm, "after");
	assert_string_equal(rows.row[3].comm, "small");
	rows_free(&rows);
	model_free(model);
}

/*
 * The promise on groups: whatever tasks do, no counter of any group falls, and
 * the groups of each kind together have exactly what the tasks had.
 */
#define MANY 60
#define COUNTERS (9 + DWELL_BLOCKS + 2 * DWELL_MEASURES)

static void counters_of(const struct row *row, uint64_t counters[COUNTERS])
{
	size_t at = 0;

	counters[at++] = row->tasks;
	counters[at++] = row->exited;
	counters[at++] = row->timers.armed;
	counters[at++] = row->timers.rearmed;
	counters[at++] = row->timers.cancelled;
	counters[at++] = row->timers.expired;
	counters[at++] = row->oncpu_ns;
	counters[at++] = row->voluntary;
	counters[at++] = row->involuntary;
	for (int i = 0; i < DWELL_BLOCKS; i++)
		counters[at++] = row->blocked_ns[i];
	for (int i = 0; i < DWELL_MEASURES; i++) {
		counters[at++] = row->measure[i].sum;
		counters[at++] = count_of(row, i);
	}
}

static bool same_group(const struct row *a, const struct row *b)
{
	return a->pid == b->pid && !memcmp(a->comm, b->comm, sizeof(a->comm)) &&
	       a->cgroup == b->cgroup;
}

static void check_no_fall(const struct rows *before, const struct rows *after)
{
	for (size_t i = 0; i < before->count; i++) {
		uint64_t old[COUNTERS], new[COUNTERS];
		size_t j = 0;

		while (j < after->count && !same_group(&before->row[i], &after->row[j]))
			j++;
		assert_true(j < after->count);
		counters_of(&before->row[i], old);
		counters_of(&after->row[j], new);
		for (size_t k = 0; k < COUNTERS; k++)
			assert_true(old[k] <= new[k]);
	}
}

static uint64_t total_voluntary(const struct rows *rows)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rows->count; i++)
		sum += rows->row[i].voluntary;
	return sum;
}

static uint64_t total_live(const struct rows *rows)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rows->count; i++)
		sum += rows->row[i].live;
	return sum;
}

static void live_a_little(struct dwell_record *record, struct model *model)
{
	record->voluntary += rand() % 5;
	record->oncpu_ns += rand() % 1000;
	record->armed += rand() % 3;
	record->expired += rand() % 3;
	record->blocked_ns[rand() % DWELL_BLOCKS] += rand() % 100;
	for (int i = rand() % 20; i; i--)
		record_measure(record, rand() % DWELL_MEASURES, 100ULL << rand() % 20);
	if (rand() % 4 == 0)
		snprintf(record->comm, sizeof(record->comm), "comm%d", rand() % 5);
	if (rand() % 4 == 0)
		record->cgroup = rand() % 5;
	if (rand() % 8 == 0)
		record_hand_over(record, model);
}

static void check_groups(struct model *model, uint64_t voluntary, struct rows before[3])
{
	for (int i = 0; i < 3; i++) {
		struct rows rows = rows_by(model, ROW_BY_PROCESS + i);

		/* A process' name and place are its leader's, which may change. */
		for (size_t j = 0; i == 0 && j < rows.count; j++) {
			memset(rows.row[j].comm, 0, sizeof(rows.row[j].comm));
			rows.row[j].cgroup = 0;
		}
		assert_int_equal(total_voluntary(&rows), voluntary);
		assert_int_equal(total_live(&rows), model_live_tasks(model));
		check_no_fall(&before[i], &rows);
		rows_free(&before[i]);
		before[i] = rows;
	}
}

static void counters_of_groups_never_fall(void **state)
{
	struct dwell_record record[MANY];
	struct model *model = new_model(7);
	struct rows before[3] = {0};
	uint64_t voluntary = 0, start = 1, gone = 0;

	(void)state;
	srand(1);
	for (uint32_t i = 0; i < MANY; i++)
		record[i] = record_of(i / 4 * 4, i, start++, "comm0", 0);
	for (int round = 0; round < 60; round++) {
		model_set_window(model, WINDOW_START, WINDOW_END + round * SECOND);
		for (uint32_t i = 0; i < MANY; i++) {
			bool exits = i % 4 && rand() % 10 == 0; /* leaders stay */

			voluntary -= record[i].voluntary;
			live_a_little(&record[i], model);
			voluntary += record[i].voluntary;
			if (rand() % 10 == 0 && !exits)
				continue; /* lost in this read */
			add_as(model, &record[i], exits ? DWELL_EXIT : DWELL_LIVE);
			if (exits) {
				gone++;
				record[i] = record_of(i / 4 * 4, i, start++, "comm1", 1);
			}
		}
		for (uint32_t i = 0; i < MANY; i++) /* nothing is open at the end */
			add_as(model, &record[i], DWELL_LIVE);
		check_groups(model, voluntary, before);
	}
	assert_int_equal(model_exited_tasks(model), gone);
	assert_int_equal(loss_of(model, ROW_BY_TASK, DWELL_LOSS_TASKS_FOLDED), gone - 7);
	for (int i = 0; i < 3; i++)
		rows_free(&before[i]);
	model_free(model);
}

static void a_running_task_keeps_its_groups_time_growing(void **state)
{
	struct model *model = new_model(0);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);
	struct rows rows;

	(void)state;
	record.state = DWELL_ONCPU;
	record.since = WINDOW_START;
	add_as(model, &record, DWELL_LIVE);
	/* Renamed while it runs: the open run up to then belongs to the old name. */
	model_set_window(model, WINDOW_START, WINDOW_END + SECOND);
	strcpy(record.comm, "b");
	add_as(model, &record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(row_of_comm(&rows, "a")->oncpu_ns, WINDOW_END - WINDOW_START);
	assert_int_equal(row_of_comm(&rows, "b")->oncpu_ns, SECOND);
	rows_free(&rows);
	record.oncpu_ns = WINDOW_END - WINDOW_START + 3 * SECOND;
	add_as(model, &record, DWELL_EXIT);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(row_of_comm(&rows, "a")->oncpu_ns, WINDOW_END - WINDOW_START);
	assert_int_equal(row_of_comm(&rows, "b")->oncpu_ns, 3 * SECOND);
	rows_free(&rows);
	model_free(model);
}

static void sums_saturate(void **state)
{
	struct model *model = new_model(1);
	struct rows rows;

	(void)state;
	for (uint32_t tid = 1; tid <= 3; tid++) {
		struct dwell_record record = record_of(1, tid, 1, "a", 1);

		record.oncpu_ns = UINT64_MAX - 1;
		record.sum[DWELL_WOKEN] = UINT64_MAX - 1;
		record.armed = UINT64_MAX;
		add_as(model, &record, DWELL_EXIT);
	}
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(rows.row[0].oncpu_ns, UINT64_MAX);
	assert_int_equal(rows.row[0].measure[DWELL_WOKEN].sum, UINT64_MAX);
	assert_int_equal(rows.row[0].timers.armed, UINT64_MAX);
	assert_int_equal(rows.row[0].tasks, 3);
	rows_free(&rows);
	model_free(model);
}

/* ---- exited tasks -------------------------------------------------------- */

static void exited_tasks_beyond_the_limit_stay_in_sums_only(void **state)
{
	struct model *model = new_model(3);
	struct rows rows;

	(void)state;
	for (uint32_t tid = 1; tid <= 10; tid++) {
		struct dwell_record record = record_of(1, tid, tid, "short", 9);

		record.voluntary = 1;
		record_measure(&record, DWELL_DWELL, 1000 * tid);
		add_as(model, &record, DWELL_EXIT);
		/* What comes after a task's last record changes nothing. */
		record.voluntary = 0;
		if (tid == 2 || tid == 3)
			add_as(model, &record, DWELL_LIVE);
	}
	assert_int_equal(loss_of(model, ROW_BY_TASK, DWELL_LOSS_TASKS_FOLDED), 7);
	/* Groups have lost nothing: it is in their sums. */
	assert_int_equal(loss_of(model, ROW_BY_PROCESS, DWELL_LOSS_TASKS_FOLDED), 0);
	assert_int_equal(model_exited_tasks(model), 10);
	assert_int_equal(model_live_tasks(model), 0);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 3);
	rows_free(&rows);
	for (int by = ROW_BY_PROCESS; by <= ROW_BY_CGROUP; by++) {
		rows = rows_by(model, by);
		assert_int_equal(rows.count, 1);
		assert_int_equal(rows.row[0].tasks, 10);
		assert_int_equal(rows.row[0].exited, 10);
		assert_int_equal(rows.row[0].voluntary, 10);
		assert_int_equal(count_of(&rows.row[0], DWELL_DWELL), 10);
		assert_int_equal(rows.row[0].measure[DWELL_DWELL].max, 10000);
		rows_free(&rows);
	}
	model_free(model);
}

static void long_gone_processes_become_one_row(void **state)
{
	struct model *model = new_model(5);
	struct rows rows;
	size_t remainders = 0;

	(void)state;
	for (uint32_t pid = 1; pid <= 100; pid++) {
		struct dwell_record record = record_of(pid, pid, pid, "sh", 1);

		record.voluntary = 1;
		add_as(model, &record, DWELL_EXIT);
	}
	rows = rows_by(model, ROW_BY_PROCESS);
	/* 5 with a task that is kept, 5 remembered without, and the rest. */
	assert_int_equal(rows.count, 11);
	assert_int_equal(total_voluntary(&rows), 100);
	for (size_t i = 0; i < rows.count; i++) {
		if (!rows.row[i].remainder)
			continue;
		remainders++;
		assert_int_equal(rows.row[i].tasks, 90);
		assert_int_equal(rows.row[i].exited, 90);
		assert_int_equal(rows.row[i].pid, 0);
		assert_int_equal(i, rows.count - 1);
	}
	assert_int_equal(remainders, 1);
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.row[0].tasks, 100);
	rows_free(&rows);
	model_free(model);
}

/* There with the address sanitizer, whose allocator mallinfo2() knows nothing of. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t heap(void)
{
	struct mallinfo2 info;

	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

static void ten_thousand_tasks_fit_in_ten_megabytes(void **state)
{
	struct model *model = new_model(10000);
	size_t before = heap();

	(void)state;
	for (uint32_t tid = 1; tid <= 10000; tid++) {
		struct dwell_record record = record_of(tid, tid, tid, "worker", tid % 50);

		snprintf(record.comm, sizeof(record.comm), "worker-%u", tid % 500);
		/* A dozen buckets of each of the measures that most tasks have. */
		for (int measure = 0; measure <= DWELL_TIMER_LATENCY; measure++)
			for (int i = 0; i < 12; i++)
				record_measure(&record, measure, 1000ULL << i);
		add_as(model, &record, DWELL_LIVE);
	}
	assert_in_range(heap() - before, 1, 10000000);
	model_free(model);
}

/* ---- exec ------------------------------------------------------------------ */

/*
 * A leader (tid 1) and a thread (tid 2) that calls exec: the kernel gives the
 * thread tid and start of the leader, and the dying leader the thread's tid.
 */
struct takeover {
	struct model *model;
	struct dwell_record leaders_last, successor;
};

static struct takeover takeover(void)
{
	struct takeover takeover = {.model = new_model(10)};
	struct dwell_record leader = record_of(1, 1, 5, "app", 1);
	struct dwell_record thread = record_of(1, 2, 7, "app", 1);

	leader.voluntary = 100;
	thread.voluntary = 10;
	add_as(takeover.model, &leader, DWELL_LIVE);
	add_as(takeover.model, &thread, DWELL_LIVE);
	takeover.leaders_last = leader;
	takeover.leaders_last.tid = 2;
	takeover.leaders_last.voluntary = 101;
	takeover.successor = thread;
	takeover.successor.tid = 1;
	takeover.successor.start = 5;
	takeover.successor.voluntary = 12;
	return takeover;
}

static void check_takeover(struct takeover *takeover)
{
	struct rows rows = rows_by(takeover->model, ROW_BY_TASK);

	assert_int_equal(rows.count, 2);
	assert_int_equal(row_of_tid(&rows, 1)->voluntary, 12);
	assert_int_equal(row_of_tid(&rows, 1)->exited, 0);
	assert_int_equal(row_of_tid(&rows, 2)->voluntary, 101);
	assert_int_equal(row_of_tid(&rows, 2)->exited, 1);
	rows_free(&rows);
	for (int by = ROW_BY_PROCESS; by <= ROW_BY_CGROUP; by++) {
		rows = rows_by(takeover->model, by);
		assert_int_equal(rows.count, 1);
		assert_int_equal(rows.row[0].voluntary, 113);
		rows_free(&rows);
	}
	assert_int_equal(model_live_tasks(takeover->model), 1);
	assert_int_equal(model_exited_tasks(takeover->model), 1);
	model_free(takeover->model);
}

static void a_thread_that_calls_exec_goes_on_as_the_leader(void **state)
{
	struct takeover first = takeover(), second = takeover();

	(void)state;
	add_as(first.model, &first.leaders_last, DWELL_EXIT);
	add_as(first.model, &first.successor, DWELL_LIVE);
	check_takeover(&first);
	/* The leader's last record may be seen later than its successor's. */
	add_as(second.model, &second.successor, DWELL_LIVE);
	add_as(second.model, &second.leaders_last, DWELL_EXIT);
	check_takeover(&second);
}

static void a_leader_may_die_before_its_tid_changes_hands(void **state)
{
	struct takeover taken = takeover();
	struct rows rows;

	(void)state;
	taken.leaders_last.tid = 1;
	add_as(taken.model, &taken.leaders_last, DWELL_EXIT);
	add_as(taken.model, &taken.successor, DWELL_LIVE);
	rows = rows_by(taken.model, ROW_BY_TASK);
	assert_int_equal(model_exited_tasks(taken.model), 1);
	/* The thread's own record is known no better than before. */
	assert_int_equal(rows.count, 3);
	rows_free(&rows);
	rows = rows_by(taken.model, ROW_BY_PROCESS);
	assert_int_equal(rows.row[0].voluntary, 101 + 12 + 10);
	rows_free(&rows);
	/* It happens again, and the first leader makes room. */
	taken.successor.voluntary = 1;
	add_as(taken.model, &taken.successor, DWELL_LIVE);
	rows = rows_by(taken.model, ROW_BY_PROCESS);
	assert_int_equal(rows.row[0].voluntary, 101 + 12 + 10 + 1);
	rows_free(&rows);
	model_free(taken.model);
}

/* ---- timers ---------------------------------------------------------------- */

#define TIMERFD 0xffffffff81000100
#define ITIMER 0xffffffff81000200
#define TICK 0xffffffff81000300

static struct dwell_timer_key key_of(uint32_t pid, uint32_t tid, uint64_t start, uint64_t function)
{
	return (struct dwell_timer_key){
		.pid = pid,
		.tid = tid,
		.start = start,
		.function = function,
		.kind = pid ? DWELL_TIMER_USER : DWELL_TIMER_KERNEL,
	};
}

static struct dwell_timer_counts counts_of(uint64_t times)
{
	struct dwell_timer_counts counts = {
		.armed = 4 * times,
		.rearmed = 3 * times,
		.cancelled = 2 * times,
		.expired = times,
		.late_count = times,
		.late_sum = times * 5000,
		.late_max = times ? 5000 : 0,
	};

	counts.late_buckets[dwell_bucket(5000)] = times;
	return counts;
}

static void add_ledger(struct model *model, uint32_t pid, uint32_t tid, uint64_t start,
		       uint64_t function, uint64_t times)
{
	const struct dwell_timer_key key = key_of(pid, tid, start, function);
	const struct dwell_timer_counts counts = counts_of(times);

	assert_int_equal(model_add_timers(model, &key, &counts), 0);
}

/* A service forgets timers with their owners, or it would run out of room for them. */
static void timers_of_who_left_are_forgotten_but_counted(void **state)
{
	struct model *model = new_model(0);
	const struct row *row;
	struct rows rows;

	(void)state;
	model_keep_ledger(model, 0);
	for (uint32_t i = 1; i <= 100; i++) {
		const struct dwell_timer_key key = key_of(i, i, i, 1);
		const struct dwell_timer_counts counts = counts_of(3), more = counts_of(4);
		struct dwell_record record = record_of(i, i, i, "left", 7);

		/* Of one it was known before that it lives, of the next it was not. */
		if (i & 1)
			add_as(model, &record, DWELL_LIVE);
		add_as(model, &record, DWELL_EXIT);
		assert_int_equal(model_add_timers(model, &key, &counts), 1);
		assert_int_equal(model_forget_timers(model, &key, &more), 0);
		assert_int_equal(model_end_read(model, false), 0);
	}
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(rows.count, 1);
	row = row_of_comm(&rows, "left");
	assert_int_equal(row->timers.armed, 100 * counts_of(4).armed);
	assert_int_equal(count_of(row, DWELL_LATENESS), 100 * 4);
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_CGROUP);
	assert_int_equal(row_of_cgroup(&rows, 7)->timers.armed, 100 * counts_of(4).armed);
	rows_free(&rows);
	/* Nothing is left of the tasks themselves. */
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 0);
	rows_free(&rows);
	model_free(model);
}

static void forget_ledger(struct model *model, uint32_t pid, uint32_t tid, uint64_t start,
			  uint64_t function, uint64_t times)
{
	const struct dwell_timer_key key = key_of(pid, tid, start, function);
	const struct dwell_timer_counts counts = counts_of(times);

	assert_int_equal(model_forget_timers(model, &key, &counts), 0);
}

static void add_armed(struct model *model, uint32_t pid, uint32_t tid, uint64_t start,
		      uint64_t function)
{
	const struct dwell_armed_timer timer = {.owner = key_of(pid, tid, start, function)};

	assert_int_equal(model_add_armed(model, &timer), 0);
}

static void an_owners_ledgers_are_part_of_its_row(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 2, 3, "a", 1);
	const struct row *row;
	struct rows rows;

	(void)state;
	record.armed = 100;
	record.cancelled = 7;
	record_measure(&record, DWELL_LATENESS, 80000);
	add_as(model, &record, DWELL_LIVE);
	add_ledger(model, 1, 2, 3, TIMERFD, 10);
	add_ledger(model, 1, 2, 3, ITIMER, 1);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 1);
	row = &rows.row[0];
	assert_int_equal(row->timers.armed, 144);
	assert_int_equal(row->timers.rearmed, 33);
	assert_int_equal(row->timers.cancelled, 29);
	assert_int_equal(row->timers.expired, 11);
	assert_int_equal(count_of(row, DWELL_LATENESS), 12);
	assert_int_equal(row->measure[DWELL_LATENESS].sum, 80000 + 55000);
	assert_int_equal(row->measure[DWELL_LATENESS].max, 80000);
	assert_false(row->timers_only);
	rows_free(&rows);
	/* A later ledger replaces the earlier one of the same key, also when nothing changed. */
	add_ledger(model, 1, 2, 3, TIMERFD, 10);
	add_ledger(model, 1, 2, 3, TIMERFD, 20);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.row[0].timers.armed, 184);
	assert_int_equal(count_of(&rows.row[0], DWELL_LATENESS), 22);
	rows_free(&rows);
	/* One that is forgotten and begins again goes on adding up. */
	forget_ledger(model, 1, 2, 3, TIMERFD, 20);
	add_ledger(model, 1, 2, 3, TIMERFD, 5);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(rows.row[0].timers.armed, 204);
	assert_int_equal(count_of(&rows.row[0], DWELL_LATENESS), 27);
	rows_free(&rows);
	model_free(model);
}

static void timers_of_a_renamed_owner_stay_with_the_old_name(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 3, "before", 1);
	struct rows rows;

	(void)state;
	add_as(model, &record, DWELL_LIVE);
	add_ledger(model, 1, 1, 3, TIMERFD, 10);
	strcpy(record.comm, "after");
	add_as(model, &record, DWELL_EXIT);
	add_ledger(model, 1, 1, 3, TIMERFD, 12);
	rows = rows_by(model, ROW_BY_COMM);
	assert_int_equal(row_of_comm(&rows, "before")->timers.expired, 10);
	assert_int_equal(row_of_comm(&rows, "after")->timers.expired, 2);
	assert_int_equal(count_of(row_of_comm(&rows, "after"), DWELL_LATENESS), 2);
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.row[0].timers.expired, 12);
	rows_free(&rows);
	model_free(model);
}

static void an_unknown_owner_has_a_row_of_its_timers(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 2, 4, "real", 8);
	struct rows rows;

	(void)state;
	add_ledger(model, 1, 2, 3, TIMERFD, 10);
	add_armed(model, 1, 2, 3, TIMERFD);
	/* The same tid of another time is another task. */
	add_as(model, &record, DWELL_LIVE);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct row *row = &rows.row[i];

		assert_int_equal(row->pid, 1);
		assert_int_equal(row->tid, 2);
		assert_string_equal(row->comm, row->timers_only ? "" : "real");
		assert_int_equal(row->timers.expired, row->timers_only ? 10 : 0);
		assert_int_equal(row->timers.outstanding, row->timers_only ? 1 : 0);
	}
	rows_free(&rows);
	assert_int_equal(model_live_tasks(model), 1);
	/* Once its record comes it is like any other. */
	record = record_of(1, 2, 3, "late", 8);
	add_as(model, &record, DWELL_EXIT);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 2);
	assert_int_equal(row_of_comm(&rows, "late")->timers.expired, 10);
	rows_free(&rows);
	assert_int_equal(model_live_tasks(model), 1);
	assert_int_equal(model_exited_tasks(model), 1);
	model_free(model);
}

static void timers_of_a_folded_owner_go_where_its_sums_are(void **state)
{
	struct model *model = new_model(0);
	struct dwell_record keeper = record_of(1, 1, 1, "app", 8);
	struct dwell_record record = record_of(1, 2, 3, "app", 8);
	struct rows rows;

	(void)state;
	add_as(model, &keeper, DWELL_LIVE);
	add_as(model, &record, DWELL_LIVE);
	add_ledger(model, 1, 2, 3, TIMERFD, 10);
	add_as(model, &record, DWELL_EXIT);
	add_ledger(model, 1, 2, 3, TIMERFD, 12);
	model_clear_armed(model);
	add_armed(model, 1, 2, 3, TIMERFD);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 1);
	rows_free(&rows);
	for (int by = ROW_BY_PROCESS; by <= ROW_BY_CGROUP; by++) {
		rows = rows_by(model, by);
		assert_int_equal(rows.count, 1);
		assert_int_equal(rows.row[0].tasks, 2);
		assert_int_equal(rows.row[0].timers.expired, 12);
		assert_int_equal(count_of(&rows.row[0], DWELL_LATENESS), 12);
		assert_int_equal(rows.row[0].timers.outstanding, 1);
		rows_free(&rows);
	}
	model_clear_armed(model);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.row[0].timers.outstanding, 0);
	rows_free(&rows);
	model_free(model);
}

static void an_old_ledger_of_a_forgotten_owner_is_nothing_new(void **state)
{
	struct model *model = new_model(0);
	struct dwell_record record = record_of(1, 1, 3, "app", 8);
	struct rows rows;

	(void)state;
	add_as(model, &record, DWELL_LIVE);
	add_ledger(model, 1, 1, 3, TIMERFD, 10);
	add_as(model, &record, DWELL_EXIT);
	add_ledger(model, 1, 1, 3, TIMERFD, 10);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(rows.count, 0);
	rows_free(&rows);
	rows = rows_by(model, ROW_BY_PROCESS);
	assert_int_equal(rows.count, 1);
	assert_true(rows.row[0].remainder);
	assert_int_equal(rows.row[0].timers.expired, 10);
	rows_free(&rows);
	model_free(model);
}

static void armed_timers_are_counted_anew_at_each_read(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);
	struct rows rows;

	(void)state;
	record.sleeper = 0xabc;
	add_as(model, &record, DWELL_LIVE);
	for (int read = 1; read <= 2; read++) {
		model_clear_armed(model);
		add_armed(model, 1, 1, 1, TIMERFD);
		if (read == 1)
			add_armed(model, 1, 1, 1, ITIMER);
		add_armed(model, 0, 0, 0, TICK);
		rows = rows_by(model, ROW_BY_TASK);
		assert_int_equal(row_of_tid(&rows, 1)->timers.outstanding, read == 1 ? 3 : 2);
		assert_int_equal(row_of_function(&rows, TICK)->timers.outstanding, 1);
		rows_free(&rows);
	}
	/* An exited task sleeps no more; what else it armed may still be. */
	add_as(model, &record, DWELL_EXIT);
	rows = rows_by(model, ROW_BY_TASK);
	assert_int_equal(row_of_tid(&rows, 1)->timers.outstanding, 1);
	rows_free(&rows);
	model_free(model);
}

static void kernel_timers_have_rows_by_callback_in_every_view(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);
	struct rows rows;

	(void)state;
	add_as(model, &record, DWELL_LIVE);
	add_ledger(model, 0, 0, 0, TICK, 5);
	add_ledger(model, 0, 0, 0, TIMERFD, 1);
	add_ledger(model, 0, 0, 0, TICK, 50);
	for (int by = ROW_BY_TASK; by <= ROW_BY_CGROUP; by++) {
		rows = rows_by(model, by);
		assert_int_equal(rows.count, 3);
		assert_false(rows.row[0].kernel_timer);
		/* The busiest first. */
		assert_int_equal(rows.row[1].function, TICK);
		assert_int_equal(rows.row[1].by, by);
		assert_int_equal(rows.row[1].timers.armed, 200);
		assert_int_equal(count_of(&rows.row[1], DWELL_LATENESS), 50);
		assert_int_equal(rows.row[1].tasks, 0);
		rows_free(&rows);
	}
	model_free(model);
}

/* ---- ranking ---------------------------------------------------------------- */

/* Tasks 1 to 5, each key largest where it is asked for, and one kernel timer. */
static struct model *ranked_model(void)
{
	struct model *model = new_model(10);

	for (uint32_t tid = 1; tid <= 5; tid++) {
		struct dwell_record record = record_of(10 - tid, tid, 1, "x", 100 - tid);

		snprintf(record.comm, sizeof(record.comm), "%c", 'z' - tid);
		record.state = DWELL_RUNNABLE_WOKEN;
		record.armed = record.cancelled = record.expired = tid;
		record.sleeper = tid == 5;
		record.oncpu_ns = record.voluntary = tid;
		record.blocked_ns[DWELL_BLOCK_D] = tid;
		for (int measure = 0; measure < DWELL_MEASURES; measure++)
			record_measure(&record, measure, 1000ULL << tid);
		add_as(model, &record, DWELL_LIVE);
	}
	add_ledger(model, 0, 0, 0, TICK, 1000);
	return model;
}

static void every_key_sorts_its_largest_first(void **state)
{
	struct model *model = ranked_model();
	const struct column *key;

	(void)state;
	for (size_t at = 0; (key = row_sort_key(at)); at++) {
		const struct view view = {.by = ROW_BY_TASK, .sort = key};
		bool timers = key == sort_by("armed") || key == sort_by("cancelled") ||
			      key == sort_by("expired");
		/* Its lateness is below that of 3, 4 and 5; nothing of it is outstanding. */
		size_t kernel = timers ? 0 :
				key == sort_by("lateness-p99") || key == sort_by("lateness-max") ?
					 3 :
					 5;
		struct rows rows;

		assert_int_equal(model_rows(model, &view, &rows), 0);
		assert_int_equal(rows.count, 6);
		if (key == sort_by("outstanding")) { /* ties: by pid */
			assert_int_equal(rows.row[0].tid, 5);
			kernel = 5;
		} else {
			assert_true(rows.row[kernel].kernel_timer);
		}
		for (size_t i = 1; i < 6 && key != sort_by("outstanding"); i++) {
			if (i == kernel || i - 1 == kernel)
				continue;
			if (key == sort_by("tid"))
				assert_true(rows.row[i - 1].tid < rows.row[i].tid);
			else
				assert_true(rows.row[i - 1].tid > rows.row[i].tid);
		}
		rows_free(&rows);
	}
	model_free(model);
}

static void sort_keys_look_at_all_of_their_value(void **state)
{
	struct model *model = new_model(10);
	struct dwell_record a = record_of(1, 1, 1, "a", 1), b = record_of(2, 2, 1, "b", 1);
	struct view view = {.by = ROW_BY_TASK, .sort = sort_by("runqueue")};
	struct rows rows;

	(void)state;
	/* a: two waits of 3 + 3; b: one of 5. */
	record_measure(&a, DWELL_WOKEN, 3 * MS);
	record_measure(&a, DWELL_PREEMPTED, 3 * MS);
	record_measure(&b, DWELL_PREEMPTED, 5 * MS);
	/* a: still blocked, for longer than any completed block of b. */
	a.since = WINDOW_END - 2 * SECOND;
	b.state = DWELL_ONCPU;
	record_measure(&b, DWELL_BLOCKED, SECOND);
	add_as(model, &a, DWELL_LIVE);
	add_as(model, &b, DWELL_LIVE);
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.row[0].tid, 1);
	rows_free(&rows);
	view.sort = sort_by("runqueue-max");
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.row[0].tid, 2);
	rows_free(&rows);
	view.sort = sort_by("runqueue-p99");
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.row[0].tid, 2);
	rows_free(&rows);
	view.sort = sort_by("blocked-max");
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.row[0].tid, 1);
	rows_free(&rows);
	record_measure(&b, DWELL_BLOCKED, 3 * SECOND);
	add_as(model, &b, DWELL_LIVE);
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.row[0].tid, 2);
	rows_free(&rows);
	view.sort = sort_by("blocked");
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.row[0].tid, 2);
	rows_free(&rows);
	model_free(model);
}

static void the_limit_hides_rows_and_counts_them(void **state)
{
	struct model *model = ranked_model();
	struct view view = {.by = ROW_BY_TASK, .sort = sort_by("runqueue"), .limit = 2};
	struct rows rows;

	(void)state;
	/* Kernel timers have a limit of their own: tasks never crowd them out. */
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.count, 3);
	assert_int_equal(rows.hidden, 3);
	assert_int_equal(rows.row[0].tid, 5);
	assert_int_equal(rows.row[1].tid, 4);
	assert_true(rows.row[2].kernel_timer);
	rows_free(&rows);
	view.limit = 6;
	assert_int_equal(model_rows(model, &view, &rows), 0);
	assert_int_equal(rows.count, 6);
	assert_int_equal(rows.hidden, 0);
	rows_free(&rows);
	model_free(model);
}

static void an_empty_model_has_no_rows(void **state)
{
	struct model *model = new_model(0);

	(void)state;
	for (int by = ROW_BY_TASK; by <= ROW_BY_CGROUP; by++) {
		struct rows rows = rows_by(model, by);

		assert_int_equal(rows.count, 0);
		rows_free(&rows);
	}
	model_free(model);
	model_free(NULL);
}

/* ---- losses ---------------------------------------------------------------- */

static void losses_are_those_told_and_those_found(void **state)
{
	struct model *model = new_model(0);
	struct dwell_record record = record_of(1, 1, 1, "a", 1);
	uint64_t losses[DWELL_LOSSES] = {0};

	(void)state;
	losses[DWELL_LOSS_RING_FULL] = 5;
	losses[DWELL_LOSS_READ_TORN] = 2;
	model_set_losses(model, losses);
	record.epoch = 3;
	add_as(model, &record, DWELL_LIVE);
	assert_int_equal(loss_of(model, ROW_BY_TASK, DWELL_LOSS_RING_FULL), 5);
	assert_int_equal(loss_of(model, ROW_BY_TASK, DWELL_LOSS_READ_TORN), 3);
	model_set_losses(model, losses);
	assert_int_equal(loss_of(model, ROW_BY_TASK, DWELL_LOSS_READ_TORN), 3);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_becomes_a_row),
		cmocka_unit_test(a_later_record_replaces_the_earlier_one),
		cmocka_unit_test(an_unterminated_comm_stays_within_its_bytes),
		cmocka_unit_test(who_left_unseen_is_missed_twice),
		cmocka_unit_test(without_exits_who_is_missing_is_gone),
		cmocka_unit_test(timers_of_who_left_are_forgotten_but_counted),
		cmocka_unit_test(a_task_has_the_cgroup_that_was_read_last),
		cmocka_unit_test(a_reused_tid_is_another_task),
		cmocka_unit_test(a_running_tasks_open_time_counts_within_the_window),
		cmocka_unit_test(ages_reach_back_before_the_window),
		cmocka_unit_test(a_task_that_is_lost_stays_as_it_was),
		cmocka_unit_test(buckets_that_were_handed_over_are_kept),
		cmocka_unit_test(a_read_before_its_hand_over_counts_once),
		cmocka_unit_test(a_read_after_hand_overs_not_yet_taken_in_keeps_its_scalars),
		cmocka_unit_test(a_torn_read_has_scalars_only),
		cmocka_unit_test(a_long_history_outgrows_16_bits),
		cmocka_unit_test(groups_are_the_sums_of_their_tasks),
		cmocka_unit_test(a_process_is_named_after_its_leader),
		cmocka_unit_test(what_a_renamed_task_had_stays_under_its_old_name),
		cmocka_unit_test(a_maximum_from_before_the_move_does_not_rank),
		cmocka_unit_test(counters_of_groups_never_fall),
		cmocka_unit_test(a_running_task_keeps_its_groups_time_growing),
		cmocka_unit_test(sums_saturate),
		cmocka_unit_test(exited_tasks_beyond_the_limit_stay_in_sums_only),
		cmocka_unit_test(long_gone_processes_become_one_row),
		cmocka_unit_test(ten_thousand_tasks_fit_in_ten_megabytes),
		cmocka_unit_test(a_thread_that_calls_exec_goes_on_as_the_leader),
		cmocka_unit_test(a_leader_may_die_before_its_tid_changes_hands),
		cmocka_unit_test(an_owners_ledgers_are_part_of_its_row),
		cmocka_unit_test(timers_of_a_renamed_owner_stay_with_the_old_name),
		cmocka_unit_test(an_unknown_owner_has_a_row_of_its_timers),
		cmocka_unit_test(timers_of_a_folded_owner_go_where_its_sums_are),
		cmocka_unit_test(an_old_ledger_of_a_forgotten_owner_is_nothing_new),
		cmocka_unit_test(armed_timers_are_counted_anew_at_each_read),
		cmocka_unit_test(kernel_timers_have_rows_by_callback_in_every_view),
		cmocka_unit_test(every_key_sorts_its_largest_first),
		cmocka_unit_test(sort_keys_look_at_all_of_their_value),
		cmocka_unit_test(the_limit_hides_rows_and_counts_them),
		cmocka_unit_test(an_empty_model_has_no_rows),
		cmocka_unit_test(losses_are_those_told_and_those_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
