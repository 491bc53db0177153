/* SPDX-License-Identifier: GPL-2.0-only */
/* The text file: dwell.prom in a directory of the node exporter, complete at any moment. */
#ifndef DWELL_EXPORT_TEXTFILE_H
#define DWELL_EXPORT_TEXTFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TEXTFILE_NAME "dwell.prom"

struct textfile {
	char *directory; /* owned */
	int lock;	 /* descriptor of the directory's lock; -1: not locked */
	bool unlocked;	 /* it cannot be locked, which has been said on stderr */
	int error;	 /* negative errno of the last write, said once; 0: it succeeded */
	uint64_t failed; /* failed writes in a row */
	/* Writes that succeeded, and writes that failed, since the beginning. */
	uint64_t writes, errors;
};

/*
 * Locks @directory for this process alone, and removes files that earlier processes left half
 * written. Does not write the text file. A directory that does not exist yet is locked at the
 * first write to it. One that cannot be locked is used without a lock, which is said on stderr.
 * 0, and the caller ends it with textfile_close(). After an error, which has been said on
 * stderr, there is nothing to end: -ENOMEM; -EBUSY: another process has the directory.
 */
int textfile_open(struct textfile *file, const char *directory);
void textfile_close(struct textfile *file);

/*
 * Replaces the file by what @write writes; @write returns 0 or a negative errno. On an error the
 * earlier file stays as it is. The error is counted, and said on stderr unless the last write
 * failed for the same reason; the first success after it is said, too. 0; -EBUSY: another
 * process has the directory; another negative errno.
 */
int textfile_write(struct textfile *file, int (*write)(FILE *out, void *context), void *context);

/*
 * Removes the file, which would be read as if dwell still ran, and unlocks the directory. 0,
 * also without a file or a directory; -EBUSY: another process has the directory, and its file
 * stays; another negative errno. Says nothing on stderr, but that the directory cannot be
 * locked.
 */
int textfile_remove(struct textfile *file);

#endif
