/* SPDX-License-Identifier: GPL-2.0-only */
/* Columns: the values of a row. Tables, JSON, sorting and the manual all read this one list. */
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
#define COLUMN_PLACES 8 /* column.place: -COLUMN_PLACES … COLUMN_PLACES */

/* The type of a column's value decides how tables and JSON write it, and how it sorts. */
enum column_type {
	/* Ids and names sort ascending; help lists them after all other types. */
	COLUMN_ID,
	COLUMN_CGROUP, /* the last column of a table: paths are long */
	COLUMN_COMM,
	COLUMN_API,
	/* All other types sort largest first, if the column has a word to sort by. */
	COLUMN_CALLBACK, /* the function at an address */
	COLUMN_WORD,
	COLUMN_STATE,
	COLUMN_FLAG,
	COLUMN_COUNT,
	COLUMN_RATE,	   /* a count; tables write it per second */
	COLUMN_TIME,	   /* ns */
	COLUMN_SHARE,	   /* ns; tables write percent of the window */
	COLUMN_FINE_SHARE, /* ns; tables write percent, small ones with a second decimal */
	COLUMN_PERCENTILE, /* ns */
	COLUMN_MAX,	   /* ns */
	COLUMN_PERCENT,	   /* a count; tables write percent of value.of */
	COLUMN_PAIR,	   /* ns, as a part of value.of */
	COLUMN_GROWTH,	   /* how fast a number keeps growing */
	/* Objects, in JSON only. */
	COLUMN_INTERVALS, /* a distribution; open intervals are kept apart */
	COLUMN_BLOCKS,	  /* ns by enum dwell_block */
	COLUMN_SLACK,	  /* ns: the sums used and granted */
};

/*
 * The value of one row in one column. Its pointers lead into the row or into the value itself:
 * it is valid as long as the row, and is not to be copied. value_clear() frees what it owns.
 */
struct value {
	bool none;	 /* there is nothing to show */
	uint64_t number; /* open intervals count as if they ended with the window */
	uint64_t closed; /* open intervals do not count */
	uint64_t of;	 /* the whole that @number is a part of */
	uint64_t rank;	 /* the larger, the further up */
	const char *word;
	const struct dist *dist;
	const struct open_intervals *open; /* NULL: there cannot be any */
	const struct growth *growth;
	struct dist merged;		   /* owned; @dist may point to it */
	struct open_intervals merged_open; /* owned; @open may point to it */
};

struct column {
	const char *word;  /* the option's value that sorts by it; NULL: none does */
	const char *help;  /* explains @word in a few words */
	signed char place; /* of @word in the help: smaller ones first, then in the list's order */
	const char *group; /* heads all neighbours that have the same pointer; NULL: none */
	const char *heading;
	const char *json; /* key, or "object.key"; NULL: not in JSON */
	/* The manual's text for it and for the columns before it that have NULL; "": no entry. */
	const char *manual;
	unsigned int shown;   /* the tables that have it: a bit for each kind of their lines */
	unsigned int applies; /* the kinds of rows that it means something for: a bit for each */
	unsigned int figures; /* enum figure, or'ed: all must be measured; 0: it needs none */
	enum column_type type;
	/* Fills in the members of a cleared value that @type needs; NULL: they are in the row. */
	union {
		int (*row)(const struct row *row, int what, struct value *value); /* 0 or -ENOMEM */
		void (*timer)(const struct timer_row *row, int what, struct value *value);
	} get;
	int what; /* argument of @get: a measure, a field's offset, … */
};

/* Kinds of rows of the summary, which continue enum row_by. */
enum row_kind {
	ROW_KERNEL_TIMER = ROW_BY_CGROUP + 1,
	ROW_TIMERS_ONLY, /* a task of which only timers are known */
	ROW_REMAINDER,
};

/* The columns of the summary. */
extern const struct column row_columns[];
extern const size_t row_columns_count;

/* A value of column.what: woken and preempted waits together. */
#define COLUMN_RUNQUEUE DWELL_MEASURES

/* The summary's columns that have a word, in the help's order: the one @at (0 …); NULL: no more. */
const struct column *row_sort_key(size_t at);

/* The one @at (0 …) of @count @columns that have a word, in the help's order; NULL: no more. */
const struct column *columns_sort_key(const struct column *columns, size_t count, size_t at);

/* Whether @column sorts ascending, by id or name. */
bool column_ascends(const struct column *column);

/* Whether @column means something for rows of @kind, an enum row_kind or row_by. */
bool column_applies(const struct column *column, unsigned int kind);

/* The kind of @row: an enum row_kind or row_by. */
unsigned int row_kind(const struct row *row);

/*
 * Makes @value the value of @row in @column; what was in @value is overwritten, not freed. 0 or
 * -ENOMEM; in either case the caller frees it with value_clear().
 */
int row_value(const struct column *column, const struct row *row, struct value *value);

/* Frees what @value owns. */
void value_clear(struct value *value);

/* Sets @rank of @row: the larger, the further up; 0 if @column ascends. 0 or -ENOMEM. */
int row_rank(const struct column *column, const struct row *row, uint64_t *rank);

#endif
