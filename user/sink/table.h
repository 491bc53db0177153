/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables: lines of cells in columns as wide as what they hold, under headings of two levels. */
#ifndef DWELL_SINK_TABLE_H
#define DWELL_SINK_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 24

/* What a line's cells are written from: each table's writers have a struct of their own. */
struct line;

/* Where a column's cells stand. One that nothing is written to is "-". */
enum table_style {
	TABLE_RIGHT,
	TABLE_LEFT,
	TABLE_REMARK, /* on the left; stays blank where there is nothing to remark */
};

struct table_column {
	unsigned int where; /* a bit for each kind of table that has it */
	const char *group;  /* over it and its neighbours of the same address, or NULL */
	const char *heading;
	/* Writes at most CELL_LEN bytes; nothing: not measured. */
	void (*write)(char *cell, const struct line *line, int what);
	int what; /* for @write: a measure, … */
	enum table_style style;
};

/* The columns that a table has, and how wide they are. */
struct table {
	const struct table_column *column[TABLE_COLUMNS_MAX];
	size_t width[TABLE_COLUMNS_MAX];
	size_t count;
};

/* Takes those of @columns that belong to @where, at most TABLE_COLUMNS_MAX. */
void table_choose(struct table *table, const struct table_column *columns, size_t count,
		  unsigned int where);

/* Makes room for @line. Of a table every line is measured before the first is written. */
void table_widen(struct table *table, const struct line *line);

void table_put_headings(FILE *out, const struct table *table);
void table_put_line(FILE *out, const struct table *table, const struct line *line);

#endif
