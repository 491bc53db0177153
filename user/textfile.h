/* SPDX-License-Identifier: GPL-2.0-only */
/* The text file: dwell.prom in a directory that node_exporter reads, whole at any moment. */
#ifndef DWELL_USER_TEXTFILE_H
#define DWELL_USER_TEXTFILE_H

#include <stdint.h>
#include <stdio.h>

#define TEXTFILE_NAME "dwell.prom"

struct textfile {
	char *directory;    /* owned */
	char temporary[40]; /* what it is called until it is whole: does not end in ".prom" */
	int error;	    /* the last write's, negative; 0: it succeeded. Was reported once */
	uint64_t failed;    /* writes in a row */
	uint64_t writes, errors;
};

/*
 * Removes what earlier processes left half written, and writes nothing. The
 * directory need not be there yet. 0 or -ENOMEM. The caller ends it with
 * textfile_close().
 */
int textfile_open(struct textfile *file, const char *directory);
void textfile_close(struct textfile *file);

/*
 * Puts what @write writes (0 or a negative errno) in place of the file. When
 * that fails, the earlier file stays as it is; the error is counted, and
 * reported unless the last write failed for the same reason. 0 or a negative errno.
 */
int textfile_write(struct textfile *file, int (*write)(FILE *out, void *context), void *context);

/* Removes the file, which would be read as if dwell still ran. 0 or a negative errno. */
int textfile_remove(struct textfile *file);

#endif
