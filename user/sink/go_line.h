/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines about Go programs: a sentence for people, broken at blanks to fit a terminal. */
#ifndef DWELL_SINK_GO_LINE_H
#define DWELL_SINK_GO_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* All zeros is empty. */
struct go_line {
	char text[4096]; /* what does not fit is cut */
	size_t used;
};

/* Adds text that a terminal may see. */
void go_line_add(struct go_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Adds the name of a function, which may be any bytes, escaped and cut to fit a line: first the
 * path of its package, then its middle.
 */
void go_line_name(struct go_line *line, const char *name);

/* Adds a duration or a count as base/text.h writes them. */
void go_line_duration(struct go_line *line, uint64_t ns);
void go_line_count(struct go_line *line, uint64_t count);

/*
 * Writes @head and the line, which go on in further lines below the end of @head, and makes the
 * line empty. Failed writes show in the error flag of @out.
 */
void go_line_put(FILE *out, const char *head, struct go_line *line);

#endif
