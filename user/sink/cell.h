/* SPDX-License-Identifier: GPL-2.0-only */
/* Cells of tables: numbers, durations and names, each in the room that a cell has. */
#ifndef DWELL_SINK_CELL_H
#define DWELL_SINK_CELL_H

#include <stdint.h>

#include "sink/report.h"

#define CELL_LEN 1024 /* a cgroup's path is the longest */

/* Each writes to a @cell of CELL_LEN bytes; names may be any bytes. */

void cell_text(char *cell, const char *text);
void cell_number(char *cell, uint64_t number);
void cell_duration(char *cell, uint64_t ns);

/* The duration that @per_mille of @dist do not exceed; nothing of an empty one. */
void cell_percentile(char *cell, const struct dist *dist, unsigned int per_mille);

/* The longest one; nothing of an empty @dist. */
void cell_max(char *cell, const struct dist *dist);

/* Nothing for 0. */
void cell_count(char *cell, uint64_t count);

/* Small values with a decimal; one that would round to nothing as "<0.1"; nothing for 0. */
void cell_decimal(char *cell, double value);

/* So many in the whole window, as so many a second. */
void cell_rate(char *cell, uint64_t count, const struct report *report);

void cell_comm(char *cell, const char comm[DWELL_COMM_LEN]);
void cell_cgroup(char *cell, const struct report *report, uint64_t id);
void cell_callback(char *cell, const struct report *report, uint64_t function);

#endif
