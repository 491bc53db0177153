/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings: what a process has at an address, as /proc/PID/maps says. */
#ifndef DWELL_HOST_MAPPING_H
#define DWELL_HOST_MAPPING_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a path of which each byte may be escaped. */
#define MAPPING_NAME_LEN (4 * PATH_MAX + 64)

/* So much of /proc/PID/maps is read at most: some 100,000 mappings. */
#define MAPPING_BYTES_MAX (16 << 20)

struct mapping {
	uint64_t start, end; /* addresses: from @start, before @end */
	uint64_t offset;     /* of @start in the file; bytes */
	uint64_t inode;	     /* of the file; 0: there is no file */
	unsigned int major, minor;
	bool executable;
	/*
	 * The file's path as the kernel knows it, " (deleted)" behind it if it is; of
	 * memory "[vdso]", "[anon:NAME]" or "". Any bytes; a newline is "\012".
	 */
	char name[MAPPING_NAME_LEN];
};

/* Reads one line of /proc/PID/maps, with or without its newline. 0 or -EINVAL. */
int mapping_parse(const char *line, struct mapping *mapping);

/*
 * Finds the mapping of process @pid that holds @address. 0; -ENOENT: nothing is
 * mapped there; -ESRCH: the process is gone; -EACCES: it may not be looked at, or is
 * hidden; -EFBIG: it has too many mappings; another negative errno. After an error
 * *mapping is of no use.
 */
int mapping_find(uint32_t pid, uint64_t address, struct mapping *mapping);

/*
 * Finds the mapping of this process that holds @address, whatever its number is in /proc.
 * 0; -ENOENT: nothing is mapped there, or there is no /proc; another negative errno.
 */
int mapping_find_own(uint64_t address, struct mapping *mapping);

/* Writes the last part of the path of @mapping's file, without " (deleted)", to @name, cut to @size. */
void mapping_file_name(const struct mapping *mapping, char *name, size_t size);

#endif
