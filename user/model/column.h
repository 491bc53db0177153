/* SPDX-License-Identifier: GPL-2.0-only */
/* Columns: what there is to tell of a row; tables, JSON, sorting and the manual read them here. */
#ifndef DWELL_MODEL_COLUMN_H
#define DWELL_MODEL_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/reduction.h"
#include "model/view.h"

struct growth;
struct timer_row;

#define COLUMNS_MAX 64	/* of one table */
#define COLUMN_PLACES 8 /* column.place is from -COLUMN_PLACES to it */

/* What a column's value is, and so how tables and JSON write it, and how it sorts. */
enum column_type {
	/* Ids and names: sort ascending, after those below. */
	COLUMN_ID,
	COLUMN_CGROUP, /* in a table behind all others: paths are long */
	COLUMN_COMM,
	COLUMN_API,
	/* Sort largest first, if they have a word. */
	COLUMN_CALLBACK, /* the function at an address */
	COLUMN_WORD,
	COLUMN_STATE,
	COLUMN_FLAG,
	COLUMN_COUNT,
	COLUMN_RATE,	   /* a count; in a table so many a second */
	COLUMN_TIME,	   /* ns */
	COLUMN_SHARE,	   /* ns; in a table percent of the window */
	COLUMN_FINE_SHARE, /* with a second decimal where it is small */
	COLUMN_PERCENTILE, /* ns */
	COLUMN_MAX,	   /* ns */
	COLUMN_PERCENT,	   /* so many of value.of */
	COLUMN_PAIR,	   /* ns; that much of value.of */
	COLUMN_GROWTH,	   /* what keeps growing */
	/* JSON alone has them, as objects. */
	COLUMN_INTERVALS, /* a distribution, and what is open apart */
	COLUMN_BLOCKS,	  /* ns by enum dwell_block */
	COLUMN_SLACK,	  /* ns, used and granted in all */
};

/* What one row has in one column; cleared by value_clear(). */
struct value {
	bool none;	 /* nothing is to be shown */
	uint64_t number; /* as if all that is open ended with the window */
	uint64_t closed; /* without what is open */
	uint64_t of;	 /* what @number is a part of */
	uint64_t rank;	 /* the larger, the further up */
	const char *word;
	const struct dist *dist;
	const struct open_intervals *open; /* NULL: none can be */
	const struct growth *growth;
	struct dist merged; /* what @dist and @open may point to; owned */
	struct open_intervals merged_open;
};

struct column {
	const char *word;  /* to sort by it; NULL: nothing does */
	const char *help;  /* what @word sorts by, in a few words */
	signed char place; /* among the words: smaller ones first, of equal ones as they stand */
	const char *group; /* over the headings of neighbours that share its address; NULL: none */
	const char *heading;
	const char *json; /* key, or "object.key"; NULL: not in JSON */
	/* What the manual says of it and of those before it that have NULL; "": it has no entry. */
	const char *manual;
	unsigned int shown;   /* a bit for each table that has it, by what its lines stand for */
	unsigned int applies; /* a bit for each kind of row that it means something for */
	unsigned int figures; /* enum figure, or'ed: must all be measured; 0: always is */
	enum column_type type;
	/* Fills in what @type needs; NULL: it is in the row. */
	union {
		int (*row)(const struct row *row, int what, struct value *value); /* 0 or -ENOMEM */
		void (*timer)(const struct timer_row *row, int what, struct value *value);
	} get;
	int what; /* for @get: a measure, the place of a field, … */
};

/* Kinds of rows of the summary: an enum row_by, or one of these. */
enum row_kind {
	ROW_KERNEL_TIMER = ROW_BY_CGROUP + 1,
	ROW_TIMERS_ONLY, /* a task of which nothing else is known */
	ROW_REMAINDER,
};

/* The columns of the summary. */
extern const struct column row_columns[];
extern const size_t row_columns_count;

/* As column.what: woken and preempted waits together. */
#define COLUMN_RUNQUEUE DWELL_MEASURES

/* The @at-th of those that have a word, as help lists them; NULL: there are no more. */
const struct column *row_sort_key(size_t at);
const struct column *columns_sort_key(const struct column *columns, size_t count, size_t at);

/* Whether it sorts ascending, by id or name. */
bool column_ascends(const struct column *column);

/* Whether @column means something for rows of @kind, an enum row_kind or row_by. */
bool column_applies(const struct column *column, unsigned int kind);
unsigned int row_kind(const struct row *row);

/* What @row has in @column, into @value, whatever was in it. 0 or -ENOMEM. */
int row_value(const struct column *column, const struct row *row, struct value *value);
void value_clear(struct value *value);

/* What ranks @row: the larger, the further up; 0 if @column ascends. 0 or -ENOMEM. */
int row_rank(const struct column *column, const struct row *row, uint64_t *rank);

#endif
