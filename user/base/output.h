/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a report goes: the standard output, or a file that appears only when it is whole. */
#ifndef DWELL_BASE_OUTPUT_H
#define DWELL_BASE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/whole_file.h"

struct output {
	FILE *file;	  /* to write to */
	const char *path; /* NULL: standard output */
	bool is_whole; /* a file in @directory, that becomes @path at the end; else written directly */
	int directory;	  /* descriptor; 0: none */
	const char *name; /* of @path or @target, in it */
	char *target;	  /* what the link @path leads to; owned; NULL: it is no link */
	struct whole_file whole;
};

/*
 * Opens @path (NULL: standard output), before anything is measured, so that a
 * bad name fails early. A new or regular file, also behind a link, is written as
 * a whole_file; a device, pipe or the standard output directly. Says on stderr what
 * went wrong. 0 or a negative errno. The caller ends it with output_commit() or
 * output_discard().
 */
int output_open(struct output *output, const char *path);

/*
 * Opens @path for what is to be read while it grows: a file is written directly, from
 * its start. Errors and end as of output_open().
 */
int output_open_stream(struct output *output, const char *path);

/*
 * Puts what was written in its place. A reader that went away is no error. Says
 * on stderr what went wrong; then an earlier file is still there. 0 or a
 * negative errno.
 */
int output_commit(struct output *output);

/* Flushes @out: 0, or the negative errno that writing to it failed with at any time. */
int output_flush(FILE *out);

/* Gives up what was written, and does nothing after output_commit(). */
void output_discard(struct output *output);

#endif
