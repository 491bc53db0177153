// SPDX-License-Identifier: GPL-2.0-only
/* Mappings: what a process has at an address, according to /proc/PID/maps. */
#include "host/mapping.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DELETED " (deleted)"
/* The fields before the name take some 70 bytes, and are padded with blanks. */
#define LINE_LEN (MAPPING_NAME_LEN + 128)

int mapping_parse(const char *line, struct mapping *mapping)
{
	const char *name;
	char rights[5];
	int used = 0;

	mapping->name[0] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n",
		   &mapping->start, &mapping->end, rights, &mapping->offset, &mapping->major,
		   &mapping->minor, &mapping->inode, &used) != 7 ||
	    !used || mapping->start >= mapping->end)
		return -EINVAL;
	mapping->writable = strchr(rights, 'w');
	mapping->executable = strchr(rights, 'x');
	/* Only names of memory may begin with a blank: a path begins with a slash. */
	name = line + used + strspn(line + used, " ");
	snprintf(mapping->name, sizeof(mapping->name), "%.*s", (int)strcspn(name, "\n"), name);
	return 0;
}

/* Reads the next line, cut to @size, and adds its length to *@bytes. False: there is none. */
static bool next_line(FILE *file, char *line, size_t size, size_t *bytes)
{
	size_t length;
	int byte;

	if (!fgets(line, (int)size, file))
		return false;
	length = strlen(line);
	*bytes += length;
	if (length && line[length - 1] == '\n')
		return true;
	while (*bytes < MAPPING_BYTES_MAX && (byte = getc(file)) != EOF && byte != '\n')
		++*bytes;
	return true;
}

static int find_in(FILE *file, uint64_t address, struct mapping *mapping)
{
	char line[LINE_LEN];
	size_t bytes = 0;
	int err;

	errno = 0;
	while (bytes < MAPPING_BYTES_MAX && next_line(file, line, sizeof(line), &bytes)) {
		err = mapping_parse(line, mapping);
		if (err)
			return err;
		if (address < mapping->start)
			return -ENOENT; /* lines are in ascending order */
		if (address < mapping->end)
			return 0;
	}
	if (ferror(file))
		return errno ? -errno : -EIO;
	if (bytes >= MAPPING_BYTES_MAX)
		return -EFBIG;
	/* A process that is about to be gone has no memory any more. */
	return bytes ? -ENOENT : -ESRCH;
}

static int find_and_close(FILE *file, uint64_t address, struct mapping *mapping)
{
	int err = find_in(file, address, mapping);

	fclose(file);
	return err == -EPERM ? -EACCES : err;
}

int mapping_find(uint32_t pid, uint64_t address, struct mapping *mapping)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	file = fopen(path, "re");
	if (file)
		return find_and_close(file, address, mapping);
	if (errno != ENOENT)
		return errno == EPERM ? -EACCES : -errno;
	/* The process may be hidden in /proc (hidepid), or there may be no /proc at all. */
	return kill((pid_t)pid, 0) && errno == ESRCH ? -ESRCH : -EACCES;
}

int mapping_find_own(uint64_t address, struct mapping *mapping)
{
	FILE *file = fopen("/proc/self/maps", "re");

	return file ? find_and_close(file, address, mapping) : -errno;
}

void mapping_file_name(const struct mapping *mapping, char *name, size_t size)
{
	const char *slash = strrchr(mapping->name, '/');
	const char *file = slash ? slash + 1 : mapping->name;
	size_t length = strlen(file);
	const size_t suffix = strlen(DELETED);

	if (length > suffix && !strcmp(file + length - suffix, DELETED))
		length -= suffix;
	snprintf(name, size, "%.*s", (int)length, file);
}
