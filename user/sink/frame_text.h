/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of every table: what was measured above it, losses and cost below it. */
#ifndef DWELL_SINK_FRAME_TEXT_H
#define DWELL_SINK_FRAME_TEXT_H

#include <stdio.h>

#include "sink/report.h"

/*
 * Both write to @out without a flush; its error flag tells of failed writes.
 *
 * The header says which dwell measured on which host, when, and for how long. @what says what of
 * it the table shows, such as "by task".
 */
void frame_text_header(FILE *out, const struct report *report, const char *what);
void frame_text_footer(FILE *out, const struct report *report);

/* The first line of the header alone: which dwell, where, and when. */
void frame_text_host(FILE *out, const struct report *report);

#endif
