// SPDX-License-Identifier: GPL-2.0-only
/* The last look before a probe: the code in memory is what the file has, and the file the same. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "go/sites.h"

/* An entry of /proc/PID/pagemap. */
#define PAGE_PRESENT (1ULL << 63)
#define PAGE_OF_FILE (1ULL << 61) /* and not a private copy */

static int differ(char why[GO_SITES_WHY_LEN], const struct go_call *call, const char *what)
{
	snprintf(why, GO_SITES_WHY_LEN, "the code of %s %s", call->function, what);
	return -ENOTSUP;
}

/* Whether the page at @address is the file's own. 1, 0 or a negative errno. */
static int is_original(int pagemap, uint64_t address)
{
	uint64_t entry;
	long size = sysconf(_SC_PAGESIZE);
	ssize_t got = pread(pagemap, &entry, sizeof(entry), address / size * sizeof(entry));

	if (got < 0)
		return -errno;
	if (got != sizeof(entry))
		return -ESRCH;
	return (entry & PAGE_PRESENT) && (entry & PAGE_OF_FILE);
}

/*
 * Whether the file open at @file has the code of @call. Probes that were taken off leave a private
 * page behind, which holds what it held before. 1, 0 or a negative errno.
 */
static int is_in_file(int file, const struct go_call *call)
{
	uint8_t code[GO_CALL_BYTES];
	char path[32];
	ssize_t got;
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, code, sizeof(code), call->offset);
	if (got < 0)
		err = -errno;
	close(fd);
	return err ? err : got == sizeof(code) && !memcmp(code, call->code, sizeof(code));
}

/* Checks one call. 0, -ENOTSUP, or another negative errno. */
static int check(struct go_memory *memory, int pagemap, int file, const struct go_call *call,
		 char why[GO_SITES_WHY_LEN])
{
	uint8_t code[GO_CALL_BYTES];
	/* Reading brings the pages in. */
	int err = go_memory_read(memory, call->address, code, sizeof(code)), same;

	if (err)
		return err;
	if (memcmp(code, call->code, sizeof(code)))
		return differ(why, call, "has changed since it was read");
	same = is_original(pagemap, call->address);
	if (same > 0)
		same = is_original(pagemap, call->address + GO_CALL_BYTES - 1);
	if (!same)
		same = is_in_file(file, call);
	if (same < 0)
		return same;
	return same ? 0 : differ(why, call, "is not what the program's file has there");
}

int go_sites_check(struct go_memory *memory, const struct go_sites *sites, int file,
		   char why[GO_SITES_WHY_LEN])
{
	char path[64];
	int pagemap, err = 0;

	why[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/pagemap", go_memory_pid(memory));
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	for (size_t i = 0; i < sites->calls && !err; i++)
		err = check(memory, pagemap, file, &sites->call[i], why);
	close(pagemap);
	return !err && !go_memory_same(memory) ? -ESRCH : err;
}

/*
 * Whether @file is what is mapped at the first mapping of @image. Some file systems number
 * their devices otherwise in /proc/PID/maps, and there the mapping itself is asked.
 */
static bool is_mapped(uint32_t pid, const struct go_image *image, const struct stat *file)
{
	const struct go_mapping *mapping = &image->mapping[0];
	struct stat mapped;
	char path[96];

	if (file->st_dev == makedev(image->major, image->minor) && file->st_ino == image->inode)
		return true;
	if (!image->mappings)
		return false;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64, pid,
		 mapping->start, mapping->end);
	return !stat(path, &mapped) && mapped.st_dev == file->st_dev &&
	       mapped.st_ino == file->st_ino;
}

int go_sites_file(uint32_t pid, const struct go_image *image)
{
	struct stat file;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (fstat(fd, &file) || !S_ISREG(file.st_mode) || !is_mapped(pid, image, &file)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}
