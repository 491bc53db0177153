/* SPDX-License-Identifier: GPL-2.0-only */
/* What frames every table: what was measured above it, what was lost and what it cost below. */
#ifndef DWELL_SINK_FRAME_TEXT_H
#define DWELL_SINK_FRAME_TEXT_H

#include <stdio.h>

#include "sink/report.h"

/* Who measures where, and @what of it, such as "by task". */
void frame_text_header(FILE *out, const struct report *report, const char *what);
void frame_text_footer(FILE *out, const struct report *report);

#endif
