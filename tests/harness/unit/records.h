/* SPDX-License-Identifier: GPL-2.0-only */
/* Records and views made by hand, for tests of the model and the sinks. */
#ifndef DWELL_TESTS_RECORDS_H
#define DWELL_TESTS_RECORDS_H

#include "model/column.h"
#include "model/model.h"

#define MS 1000000ULL
#define SECOND 1000000000ULL

/* The window that the tests use. */
#define WINDOW_START (100 * SECOND)
#define WINDOW_END (110 * SECOND)

/* A live task @tid of process @pid that started at @start, with no counts yet. */
struct dwell_record record_of(uint32_t pid, uint32_t tid, uint64_t start, const char *comm,
			      uint64_t cgroup);

/* Books an interval of @ns, as the kernel side does. */
void record_measure(struct dwell_record *record, enum dwell_measure measure, uint64_t ns);

/* Hands @record's buckets over to @model, as the kernel side does with full ones. */
void record_hand_over(struct dwell_record *record, struct model *model);

/* Adds @record to @model as one of @kind; fails the test if that fails. */
void add_as(struct model *model, const struct dwell_record *record, enum dwell_kind kind);

/* An empty model with the tests' window. */
struct model *new_model(size_t exited_limit);

/* The column that @word sorts by, of the summary or of the ledger of timers; fails without one. */
const struct column *sort_by(const char *word);
const struct column *timer_sort_by(const char *word);

/* The rows of @model, all of them; the caller frees them. */
struct rows rows_by(struct model *model, enum row_by by);

/* The row of that task, process, comm or cgroup; NULL if there is none. */
const struct row *row_of_tid(const struct rows *rows, uint32_t tid);
const struct row *row_of_pid(const struct rows *rows, uint32_t pid);
const struct row *row_of_comm(const struct rows *rows, const char *comm);
const struct row *row_of_cgroup(const struct rows *rows, uint64_t cgroup);
const struct row *row_of_function(const struct rows *rows, uint64_t function);

#endif
