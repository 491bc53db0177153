/* SPDX-License-Identifier: GPL-2.0-only */
/* What frames the lines of JSON: a header, and what was lost and what it cost at the end. */
#ifndef DWELL_SINK_FRAME_JSON_H
#define DWELL_SINK_FRAME_JSON_H

#include <stdio.h>

#include "sink/report.h"

/* Each writes one line. 0, -ENOMEM, or what writing failed with, -EPIPE included. */

/* @by: what the rows stand for; NULL: a stream, which has neither rows nor, yet, an end. */
int frame_json_header(FILE *out, const struct report *report, const char *by);
int frame_json_footer(FILE *out, const struct report *report);

#endif
