/* SPDX-License-Identifier: GPL-2.0-only */
/* Image: the executable of a process as it lies in memory, and what it says of its build. */
#ifndef DWELL_GO_IMAGE_H
#define DWELL_GO_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/memory.h"

/* A mapping of the executable. */
struct go_mapping {
	uint64_t start, end; /* addresses; @end is the first one behind it */
	uint64_t offset;     /* of @start in the file, in bytes; 0 if @anonymous */
	bool writable, executable;
	bool anonymous; /* variables that begin as zero, for which the file has no bytes */
};

#define GO_MAPPINGS_MAX 64
#define GO_BUILD_ID_LEN 160 /* bytes with the NUL; longer ones are cut */
#define GO_VERSION_LEN 64
#define GO_SETTINGS_LEN 2048

struct go_image {
	/*
	 * In the order of addresses, and only within what the program headers ask for. More than
	 * fit do not occur in a program that Go built.
	 */
	struct go_mapping mapping[GO_MAPPINGS_MAX];
	size_t mappings;
	unsigned int major, minor; /* device of the file, as in /proc/PID/maps */
	uint64_t inode;
	char build_id[GO_BUILD_ID_LEN]; /* Go's, else GNU's in hexadecimal; "": there is none */
	char version[GO_VERSION_LEN];	/* as Go writes it: "go1.24.4"; may hold any bytes */
	char godebug[GO_SETTINGS_LEN];	/* DefaultGODEBUG of the build; "": none; any bytes */
	char arch[16];			/* GOARCH of the build; "": not told */
};

/*
 * Finds the executable of the process by its auxiliary vector and its program headers, and reads
 * build info and notes from memory. No file but those in /proc/PID is opened. 0; -ENOEXEC: no
 * program that Go has built for a machine of 64 bits; -ESRCH: the process is gone; -EACCES: it
 * may not be read; -EFBIG: it has too many mappings; another negative errno.
 */
int go_image_read(struct go_memory *memory, struct go_image *image);

/* Whether the @size bytes at @address are within one mapping, or within several without a gap. */
bool go_image_holds(const struct go_image *image, uint64_t address, uint64_t size);

#endif
