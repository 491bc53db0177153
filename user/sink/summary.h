/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary's report: rows of tasks or groups, from the worst one down to what was lost. */
#ifndef DWELL_SINK_SUMMARY_H
#define DWELL_SINK_SUMMARY_H

#include <stdio.h>

#include "sink/report.h"

/*
 * Write a report of tasks, and with report->ledger one of timers too, as a table for people
 * or as NDJSON. 0, -ENOMEM, or what writing failed with (-EPIPE too: the caller decides).
 */
int summary_text(FILE *out, const struct report *report);
int summary_json(FILE *out, const struct report *report);

#endif
