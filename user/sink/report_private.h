/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sinks have in common. */
#ifndef DWELL_SINK_REPORT_PRIVATE_H
#define DWELL_SINK_REPORT_PRIVATE_H

#include <jansson.h>

#include "sink/report.h"

/* What an enum row_by, or an enum timer_by, is called. */
const char *report_by_name(unsigned int by);

/* What machines call a loss. */
const char *report_loss_name(enum dwell_loss loss);

/*
 * Whether @figure is measured of what a row stands for: tasks' timers of all kinds
 * together, those of the kernel, or a row of the ledger.
 */
bool report_measured(const struct report *report, const struct row *row, enum figure figure);
bool report_timer_measured(const struct report *report, const struct timer_row *row,
			   enum figure figure);

/* Whether of all timers it is known which leak: only then does silence mean that none does. */
bool report_judged(const struct report *report);

/* The window's length, never 0. */
double report_seconds(const struct report *report);

/* The names; NULL: not known. */
const char *report_cgroup(const struct report *report, uint64_t id);
const char *report_function(const struct report *report, uint64_t address);

/* What begins a table's report: who measures where, and @what of it, such as "by task". */
void sink_table_header(FILE *out, const struct report *report, const char *what);

/* The ledger of timers as a table, and what there is to say of it, below a blank line. */
int sink_timers_rows(FILE *out, const struct report *report);

/* The header with @by as what lines stand for. */
int sink_json_header_by(FILE *out, const struct report *report, const char *by);

/* Sets "cgroup" and "callback". Id 0 is no cgroup: left out without a name, unless @always. */
int sink_json_set_cgroup(json_t *object, const struct report *report, uint64_t id, bool always);
int sink_json_set_callback(json_t *object, const struct report *report, uint64_t function);

/* Sets the counts of timers that are @measured (enum figure, or'ed). */
int sink_json_set_timers(json_t *object, const struct timer_counts *timers, unsigned int measured);

/* The ledger of timers: an object for each row. */
int sink_timers_json_rows(FILE *out, const struct report *report);

#endif
