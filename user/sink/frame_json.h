/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of JSON lines: a header before them, losses and cost after them. */
#ifndef DWELL_SINK_FRAME_JSON_H
#define DWELL_SINK_FRAME_JSON_H

#include <stdio.h>

#include "sink/report.h"

/*
 * Each writes one line and does not flush. 0, -ENOMEM, or the negative errno of writing (-EPIPE
 * too).
 */

/*
 * @by names what a row stands for, as report_by_name() does. NULL is a stream: it has no rows,
 * and its window has no end yet.
 */
int frame_json_header(FILE *out, const struct report *report, const char *by);
int frame_json_footer(FILE *out, const struct report *report);

/* The header of a command that measures no window, named @command. */
int frame_json_command(FILE *out, const struct report *report, const char *command, const char *by);

#endif
