/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole files: written without a name, and put in place only when all is in them. */
#ifndef DWELL_BASE_WHOLE_FILE_H
#define DWELL_BASE_WHOLE_FILE_H

#include <limits.h>
#include <sys/types.h>

struct whole_file {
	int directory; /* the caller's, open as long as this */
	int fd;	       /* to write to; the caller closes it, after whole_file_place() */
	char prefix[NAME_MAX + 1];
	char temporary[NAME_MAX + 1]; /* its name now; "": it has none */
};

/*
 * Makes a new file in @directory. Where the file system can (O_TMPFILE), it has no
 * name, and is gone with its process; else it is called "PREFIX.PID", or
 * "PREFIX.PID.1" and so on, where somebody has that: what others have is never
 * touched or followed. 0, and the caller calls whole_file_place() or
 * whole_file_discard(); a negative errno.
 */
int whole_file_open(struct whole_file *file, int directory, const char *prefix, mode_t mode);

/* Puts the file in the place of @name. 0, or a negative errno: then it is still to be discarded. */
int whole_file_place(struct whole_file *file, const char *name);

/* Removes the file, unless it is in its place. */
void whole_file_discard(struct whole_file *file);

#endif
