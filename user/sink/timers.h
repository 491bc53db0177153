/* SPDX-License-Identifier: GPL-2.0-only */
/* The report of the ledger of timers: who arms what, whether it grows, and where it is armed. */
#ifndef DWELL_SINK_TIMERS_H
#define DWELL_SINK_TIMERS_H

#include <stdio.h>

#include "sink/report.h"

/* 0, -ENOMEM, or what writing failed with (-EPIPE too: the caller decides). */

/* Write a report of timers alone, as a table for people or as NDJSON. */
int timers_text(FILE *out, const struct report *report);
int timers_json(FILE *out, const struct report *report);

/* Write the rows alone, for a report that has others, too: as text below a blank line. */
int timers_text_rows(FILE *out, const struct report *report);
int timers_json_rows(FILE *out, const struct report *report);

#endif
