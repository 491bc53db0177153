/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings: what a process has at an address, according to /proc/PID/maps. */
#ifndef DWELL_HOST_MAPPING_H
#define DWELL_HOST_MAPPING_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a path with every byte escaped. */
#define MAPPING_NAME_LEN (4 * PATH_MAX + 64)

/* The most bytes of /proc/PID/maps that are read: some 100,000 mappings. */
#define MAPPING_BYTES_MAX (16 << 20)

struct mapping {
	uint64_t start, end;	   /* addresses; @end is the first one behind it */
	uint64_t offset;	   /* of @start in the file, in bytes */
	uint64_t inode;		   /* of the file; 0: there is no file */
	unsigned int major, minor; /* device of the file */
	bool writable, executable;
	/*
	 * The file's path as the kernel knows it, followed by " (deleted)" if it was deleted.
	 * Memory without a file has "[vdso]", "[anon:NAME]" or "". It may hold any bytes; a
	 * newline is "\012".
	 */
	char name[MAPPING_NAME_LEN];
};

/* Parses a line of /proc/PID/maps, with or without its newline. 0; -EINVAL: not such a line. */
int mapping_parse(const char *line, struct mapping *mapping);

/*
 * Finds the mapping of process @pid that holds @address. 0; -ENOENT: nothing is mapped
 * there; -ESRCH: the process is gone; -EACCES: the process may not be read, or is hidden;
 * -EFBIG: it has too many mappings; another negative errno. After an error *mapping is of
 * no use.
 */
int mapping_find(uint32_t pid, uint64_t address, struct mapping *mapping);

/*
 * Finds the mapping of this process that holds @address, also where /proc is another pid
 * namespace's. 0; -ENOENT: nothing is mapped there, or there is no /proc; another negative
 * errno. After an error *mapping is of no use.
 */
int mapping_find_own(uint64_t address, struct mapping *mapping);

/* Writes the last part of the file's path to @name, cut to @size, without " (deleted)". */
void mapping_file_name(const struct mapping *mapping, char *name, size_t size);

#endif
