/* SPDX-License-Identifier: GPL-2.0-only */
/* Image: the executable of a process as it lies in memory, and what it says of its build. */
#ifndef DWELL_GO_IMAGE_H
#define DWELL_GO_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/memory.h"

/* A part of the executable's file that is mapped. */
struct go_mapping {
	uint64_t start, end; /* addresses; @end is the first one behind it */
	uint64_t offset;     /* of @start in the file, in bytes */
	bool writable, executable;
};

#define GO_MAPPINGS_MAX 64
#define GO_BUILD_ID_LEN 160 /* bytes with the NUL; longer ones are cut */
#define GO_VERSION_LEN 64
#define GO_SETTINGS_LEN 512

struct go_image {
	/* In the order of addresses. More than fit do not occur in a program that Go built. */
	struct go_mapping mapping[GO_MAPPINGS_MAX];
	size_t mappings;
	unsigned int major, minor; /* device of the file, as in /proc/PID/maps */
	uint64_t inode;
	char build_id[GO_BUILD_ID_LEN]; /* Go's, else GNU's in hexadecimal; "": there is none */
	char version[GO_VERSION_LEN];	/* as Go writes it: "go1.24.4"; may hold any bytes */
	char godebug[GO_SETTINGS_LEN];	/* DefaultGODEBUG of the build; "": none */
	bool race;			/* built with the race detector */
	char arch[16];			/* GOARCH of the build; "": not told */
};

/*
 * Finds the executable of the process by its auxiliary vector and its mappings, and reads
 * build info and notes from memory. 0; -ENOEXEC: no program that Go has built; -ESRCH: the
 * process is gone; -EACCES: it may not be read; -EFBIG: it has too many mappings; another
 * negative errno.
 */
int go_image_read(struct go_memory *memory, struct go_image *image);

#endif
