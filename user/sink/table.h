/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables: lines of cells, in columns as wide as their widest cell, under headings of two levels. */
#ifndef DWELL_SINK_TABLE_H
#define DWELL_SINK_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "model/column.h"

/* What the cells of a line are written from: each table defines its own. */
struct line;

/* The columns of a table and their widths. The caller sets @write, table_choose() all else. */
struct table {
	/*
	 * Writes at most CELL_LEN bytes, with the NUL, to @cell. It is empty before, and stays
	 * empty for a value that does not exist.
	 */
	void (*write)(char *cell, struct line *line, const struct column *column);
	const struct column *column[COLUMNS_MAX];
	/* Columns of a terminal. */
	size_t width[COLUMNS_MAX];
	size_t count;
};

/*
 * Takes the columns of the table of @shown, one bit of column.shown: at most COLUMNS_MAX of the
 * @count @columns, which must outlive @table.
 */
void table_choose(struct table *table, const struct column *columns, size_t count,
		  unsigned int shown);

/* Widens the columns for @line. Call it for every line before the first one is written. */
void table_widen(struct table *table, struct line *line);

/* Both write whole lines without a flush; failed writes show in the error flag of @out. */
void table_put_headings(FILE *out, const struct table *table);
void table_put_line(FILE *out, const struct table *table, struct line *line);

#endif
