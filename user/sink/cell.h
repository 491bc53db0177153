/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells of tables: values of columns and names, each in the room that a cell has. */
#ifndef DWELL_SINK_CELL_H
#define DWELL_SINK_CELL_H

#include <stdint.h>

#include "model/column.h"
#include "sink/report.h"

#define CELL_LEN 1024 /* a cgroup's path is the longest */

/* Each writes to a @cell of CELL_LEN bytes; names may be any bytes. */

void cell_text(char *cell, const char *text);

/*
 * Small values with a decimal, one that would round to nothing as "<0.1", and 0 as "0".
 * Returns @cell.
 */
char *cell_amount(char *cell, double value);

void cell_comm(char *cell, const char comm[DWELL_COMM_LEN]);
void cell_cgroup(char *cell, const struct report *report, uint64_t id);
void cell_callback(char *cell, const struct report *report, uint64_t function);

/*
 * @value, as all columns of its type have it but for names and states, of which it
 * writes nothing. A figure that would be smaller without what is open ends with "+".
 */
void cell_value(char *cell, const struct column *column, const struct value *value,
		const struct report *report);

#endif
