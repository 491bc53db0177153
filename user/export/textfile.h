/* SPDX-License-Identifier: GPL-2.0-only */
/* The text file: dwell.prom in a directory that node_exporter reads, whole at any moment. */
#ifndef DWELL_EXPORT_TEXTFILE_H
#define DWELL_EXPORT_TEXTFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TEXTFILE_NAME "dwell.prom"

struct textfile {
	char *directory; /* owned */
	int lock;	 /* descriptor; -1: it is not locked … */
	bool unlocked;	 /* … and cannot be, which was said */
	int error;	 /* the last write's negative errno, said once; 0: it succeeded */
	uint64_t failed; /* writes in a row */
	uint64_t writes, errors;
};

/*
 * Takes the directory for this process alone, removes what earlier ones left half
 * written, and writes nothing. The directory need not be there yet: then it is
 * taken when it is. 0, and the caller ends it with textfile_close(); -ENOMEM;
 * -EBUSY: another process has it, which was said on stderr. After an error there is nothing
 * to end.
 */
int textfile_open(struct textfile *file, const char *directory);
void textfile_close(struct textfile *file);

/*
 * Puts what @write writes (0 or a negative errno) in place of the file. When
 * that fails, the earlier file stays as it is; the error is counted, and said on stderr
 * unless the last write failed for the same reason. 0; -EBUSY: another process has the
 * directory; another negative errno.
 */
int textfile_write(struct textfile *file, int (*write)(FILE *out, void *context), void *context);

/*
 * Removes the file, which would be read as if dwell still ran, and gives the
 * directory back. 0, also if there is none; -EBUSY: another process has the directory, and
 * its file stays; another negative errno. Nothing is said of it.
 */
int textfile_remove(struct textfile *file);

#endif
