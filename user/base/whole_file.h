/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole files: get their name only when they are complete. */
#ifndef DWELL_BASE_WHOLE_FILE_H
#define DWELL_BASE_WHOLE_FILE_H

#include <limits.h>
#include <sys/types.h>

struct whole_file {
	int directory; /* descriptor of the caller's; must stay open */
	int fd;	       /* to write to; the caller closes it, but not before whole_file_place() */
	char prefix[NAME_MAX + 1];    /* of temporary names */
	char temporary[NAME_MAX + 1]; /* the file's name now; "": none */
};

/*
 * Makes a new file in @directory, with the rights @mode less the umask. If the file system
 * can (O_TMPFILE), the file has no name and vanishes with its process. Otherwise it is
 * named "PREFIX.PID", or "PREFIX.PID.1" and so on if that exists; existing files are never
 * touched, nor links followed. 0, and the caller ends it with whole_file_place() or
 * whole_file_discard(); or a negative errno.
 */
int whole_file_open(struct whole_file *file, int directory, const char *prefix, mode_t mode);

/* Names the file @name, in place of any other. 0; or a negative errno: discard it then. */
int whole_file_place(struct whole_file *file, const char *name);

/* Removes the file's temporary name. Does nothing once the file is in its place. */
void whole_file_discard(struct whole_file *file);

#endif
