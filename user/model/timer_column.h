/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns of the ledger of timers. */
#ifndef DWELL_MODEL_TIMER_COLUMN_H
#define DWELL_MODEL_TIMER_COLUMN_H

#include "model/column.h"
#include "model/timer_view.h"

/* Kinds of rows of the ledger: an enum timer_by, or one of these. */
enum timer_row_kind {
	TIMER_ROW_KERNEL = TIMER_BY_API + 1,
	TIMER_ROW_LUMP, /* of owners who are not known, or not kept apart */
};

extern const struct column timer_columns[];
extern const size_t timer_columns_count;

/* As column.what of COLUMN_GROWTH: what grows. */
enum { GROWTH_OUTSTANDING, GROWTH_RATE };

/* The @at-th of those that have a word, as help lists them; NULL: there are no more. */
const struct column *timer_sort_key(size_t at);

unsigned int timer_row_kind(const struct timer_row *row);

/* What @row has in @column, into @value, whatever was in it. Nothing of it is to be freed. */
void timer_value(const struct column *column, const struct timer_row *row, struct value *value);

/* What ranks @row: the larger, the further up; 0 if @column ascends. */
uint64_t timer_rank(const struct column *column, const struct timer_row *row);

#endif
