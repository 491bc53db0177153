/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables: lines of cells in columns as wide as what they hold, under headings of two levels. */
#ifndef DWELL_SINK_TABLE_H
#define DWELL_SINK_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "model/column.h"

/* What a line's cells are written from: each table has a struct of its own. */
struct line;

/* The columns that a table has, and how wide they are. */
struct table {
	/* Writes at most CELL_LEN bytes to @cell, which is empty; nothing: there was none. */
	void (*write)(char *cell, struct line *line, const struct column *column);
	const struct column *column[COLUMNS_MAX];
	size_t width[COLUMNS_MAX];
	size_t count;
};

/* Takes those of @columns, at most COLUMNS_MAX, that the table of @shown (one bit) has. */
void table_choose(struct table *table, const struct column *columns, size_t count,
		  unsigned int shown);

/* Makes room for @line. Of a table every line is measured before the first is written. */
void table_widen(struct table *table, struct line *line);

void table_put_headings(FILE *out, const struct table *table);
void table_put_line(FILE *out, const struct table *table, struct line *line);

#endif
