/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a report goes: the standard output, or a file that appears only when it is whole. */
#ifndef DWELL_USER_OUTPUT_H
#define DWELL_USER_OUTPUT_H

#include <stdio.h>

struct output {
	FILE *file;	  /* to write to */
	const char *path; /* NULL: standard output */
	char *temporary;  /* beside @path, renamed to it at the end; NULL: written directly */
};

/*
 * Opens @path (NULL: standard output), before anything is measured, so that a
 * bad name fails early. A new or regular file is written beside itself; a
 * device or pipe directly. Says on stderr what went wrong. 0 or a negative
 * errno. The caller ends it with output_commit() or output_discard().
 */
int output_open(struct output *output, const char *path);

/* The same for what is to be read while it grows: a file is written directly, from its start. */
int output_open_stream(struct output *output, const char *path);

/*
 * Puts what was written in its place. A reader that went away is no error. Says
 * on stderr what went wrong; then an earlier file is still there. 0 or a
 * negative errno.
 */
int output_commit(struct output *output);

/* Gives up what was written, and does nothing after output_commit(). */
void output_discard(struct output *output);

#endif
