/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells of tables: values of columns, and names, cut to the width of a cell. */
#ifndef DWELL_SINK_CELL_H
#define DWELL_SINK_CELL_H

#include <stdint.h>

#include "model/column.h"
#include "sink/report.h"

#define CELL_LEN 1024 /* bytes, with the NUL; a cgroup's path is the longest text */

/*
 * Each writes text with a NUL to a @cell of CELL_LEN bytes. Names may be any bytes: they are
 * escaped. cell_text() writes @text as it is.
 */

void cell_text(char *cell, const char *text);

/*
 * Writes a small value with one decimal, one that would round to nothing as "<0.1", and what is
 * not above 0 as "0". Returns @cell.
 */
char *cell_amount(char *cell, double value);

/*
 * Write a name: @comm, the path of cgroup @id or else "#id", the callback at address @function
 * or else the address.
 */
void cell_comm(char *cell, const char comm[DWELL_COMM_LEN]);
void cell_cgroup(char *cell, const struct report *report, uint64_t id);
void cell_callback(char *cell, const struct report *report, uint64_t function);

/*
 * Writes @value by the type of @column to @cell, which must be an empty string. Names, words,
 * flags, states and what only JSON has leave it empty. A time, percentile or maximum ends with
 * "+" if it would be smaller without what is still open.
 */
void cell_value(char *cell, const struct column *column, const struct value *value,
		const struct report *report);

#endif
