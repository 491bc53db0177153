/* SPDX-License-Identifier: GPL-2.0-only */
/* Outputs: the standard output, or a file that appears only when it is complete. */
#ifndef DWELL_BASE_OUTPUT_H
#define DWELL_BASE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/whole_file.h"

struct output {
	FILE *file;	  /* to write to */
	const char *path; /* NULL: standard output */
	bool is_whole;	  /* written to @whole, placed at the end; false: written directly */
	int directory;	  /* descriptor of the file's directory; 0: none */
	const char *name; /* of the file in @directory: the last part of @path or @target */
	char *target;	  /* file that the link @path leads to; owned; NULL: no link */
	struct whole_file whole;
};

/*
 * Opens @path, which must outlive @output (NULL: standard output). Call it before
 * anything is measured, so that a bad name fails early. A new or regular file, also
 * behind a link, is written as a whole_file. A device, a pipe and the standard output are
 * written directly. 0, and the caller ends it with output_commit() or output_discard();
 * or a negative errno, after it said on stderr what went wrong.
 */
int output_open(struct output *output, const char *path);

/*
 * Opens @path, which must outlive @output, to be read while it grows (NULL: standard
 * output). A file is emptied and written directly. 0, and the caller ends it with
 * output_commit() or output_discard(); or a negative errno, after it said on stderr what
 * went wrong.
 */
int output_open_stream(struct output *output, const char *path);

/*
 * Ends the output, and puts a whole file in its place. A reader that went away is no
 * error. 0, or a negative errno, after it said on stderr what went wrong; a file that
 * was to be replaced by a whole one is still there then.
 */
int output_commit(struct output *output);

/* Flushes @out. 0, or the negative errno of any write to it that failed; -EIO: not known. */
int output_flush(FILE *out);

/* Gives up the output and a whole file with it. Does nothing after output_commit(). */
void output_discard(struct output *output);

#endif
