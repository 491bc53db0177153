/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary's report: rows of tasks or groups, the worst ones first, then the losses. */
#ifndef DWELL_SINK_SUMMARY_H
#define DWELL_SINK_SUMMARY_H

#include <stdio.h>

#include "sink/report.h"

/*
 * Write a report of tasks or groups, with report->ledger also of timers, as a table for people
 * or as NDJSON, and flush @out. 0, -ENOMEM, or the negative errno of writing (-EPIPE too: the
 * caller decides).
 */
int summary_text(FILE *out, const struct report *report);
int summary_json(FILE *out, const struct report *report);

#endif
