/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report of the ledger of timers: who arms them, whether they grow, and where they are
 * armed.
 */
#ifndef DWELL_SINK_TIMERS_H
#define DWELL_SINK_TIMERS_H

#include <stdio.h>

#include "sink/report.h"

/* Each returns 0, -ENOMEM, or the negative errno of writing (-EPIPE too: the caller decides). */

/* Write a report of timers alone, as a table for people or as NDJSON, and flush @out. */
int timers_text(FILE *out, const struct report *report);
int timers_json(FILE *out, const struct report *report);

/*
 * Write only the ledger's part of a larger report, without a flush; the text begins with a blank
 * line.
 */
int timers_text_rows(FILE *out, const struct report *report);
int timers_json_rows(FILE *out, const struct report *report);

#endif
