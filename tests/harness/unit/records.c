/* SPDX-License-Identifier: GPL-2.0-only */
/* Records and views made by hand, for tests of the model and the sinks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/unit/records.h"
#include "model/timer_column.h"

struct dwell_record record_of(uint32_t pid, uint32_t tid, uint64_t start, const char *comm,
			      uint64_t cgroup)
{
	struct dwell_record record = {
		.pid = pid,
		.tid = tid,
		.start = start,
		.cgroup = cgroup,
		.state = DWELL_BLOCKED_STATE,
		.since = WINDOW_START,
	};

	memcpy(record.comm, comm, strnlen(comm, sizeof(record.comm)));
	return record;
}

void record_measure(struct dwell_record *record, enum dwell_measure measure, uint64_t ns)
{
	record->touched |= 1 << measure;
	record->buckets[measure][dwell_bucket(ns)]++;
	record->sum[measure] += ns;
	if (record->max[measure] < ns)
		record->max[measure] = ns;
}

void record_hand_over(struct dwell_record *record, struct model *model)
{
	add_as(model, record, DWELL_FULL);
	record->epoch += 2;
	memset(record->buckets, 0, sizeof(record->buckets));
	record->touched = 0;
}

void add_as(struct model *model, const struct dwell_record *record, enum dwell_kind kind)
{
	struct dwell_record copy = *record;

	copy.kind = kind;
	assert_int_equal(model_add_record(model, &copy), 0);
}

struct model *new_model(size_t exited_limit)
{
	struct model *model = model_new(exited_limit);

	assert_non_null(model);
	model_set_window(model, WINDOW_START, WINDOW_END);
	return model;
}

static const struct column *find_word(const struct column *(*key)(size_t at), const char *word)
{
	const struct column *column;

	for (size_t at = 0; (column = key(at)); at++)
		if (!strcmp(column->word, word))
			return column;
	fail_msg("nothing sorts by %s", word);
	return NULL;
}

const struct column *sort_by(const char *word)
{
	return find_word(row_sort_key, word);
}

const struct column *timer_sort_by(const char *word)
{
	return find_word(timer_sort_key, word);
}

struct rows rows_by(struct model *model, enum row_by by)
{
	const struct view view = {.by = by, .sort = sort_by("pid")};
	struct rows rows;

	assert_int_equal(model_rows(model, &view, &rows), 0);
	return rows;
}

const struct row *row_of_tid(const struct rows *rows, uint32_t tid)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].tid == tid && !rows->row[i].kernel_timer)
			return &rows->row[i];
	return NULL;
}

const struct row *row_of_pid(const struct rows *rows, uint32_t pid)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].pid == pid && !rows->row[i].kernel_timer)
			return &rows->row[i];
	return NULL;
}

const struct row *row_of_comm(const struct rows *rows, const char *comm)
{
	for (size_t i = 0; i < rows->count; i++)
		if (!rows->row[i].kernel_timer && !rows->row[i].remainder &&
		    !strncmp(rows->row[i].comm, comm, DWELL_COMM_LEN))
			return &rows->row[i];
	return NULL;
}

const struct row *row_of_cgroup(const struct rows *rows, uint64_t cgroup)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].cgroup == cgroup && !rows->row[i].kernel_timer)
			return &rows->row[i];
	return NULL;
}

const struct row *row_of_function(const struct rows *rows, uint64_t function)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i].kernel_timer && rows->row[i].function == function)
			return &rows->row[i];
	return NULL;
}
