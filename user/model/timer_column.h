/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns of the ledger of timers. */
#ifndef DWELL_MODEL_TIMER_COLUMN_H
#define DWELL_MODEL_TIMER_COLUMN_H

#include "model/column.h"
#include "model/timer_view.h"

/* Kinds of rows of the ledger, which continue enum timer_by. */
enum timer_row_kind {
	TIMER_ROW_KERNEL = TIMER_BY_API + 1,
	TIMER_ROW_LUMP, /* of owners that are not known, or not kept apart */
};

/* The columns of the ledger. */
extern const struct column timer_columns[];
extern const size_t timer_columns_count;

/* Values of column.what for COLUMN_GROWTH: the number that grows. */
enum { GROWTH_OUTSTANDING, GROWTH_RATE };

/* The ledger's columns that have a word, in the help's order: the one @at (0 …); NULL: no more. */
const struct column *timer_sort_key(size_t at);

/* The kind of @row: an enum timer_row_kind or timer_by. */
unsigned int timer_row_kind(const struct timer_row *row);

/* Makes @value the value of @row in @column; nothing of it is to be freed. */
void timer_value(const struct column *column, const struct timer_row *row, struct value *value);

/* The rank of @row: the larger, the further up; 0 if @column ascends. */
uint64_t timer_rank(const struct column *column, const struct timer_row *row);

#endif
