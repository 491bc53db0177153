// SPDX-License-Identifier: GPL-2.0-only
/* Mapped files: opens the very file that a process has mapped, wherever that is by now. */
#include "host/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * Whether the regular files of @system must not be touched. Files of devices and of the
 * kernel do something when they are opened or mapped. Files of huge pages can only be
 * mapped by whole huge pages.
 */
static bool is_special(const struct statfs *system)
{
	return (uint32_t)system->f_type == HUGETLBFS_MAGIC ||
	       (uint32_t)system->f_type == SYSFS_MAGIC ||
	       (uint32_t)system->f_type == PROC_SUPER_MAGIC;
}

/*
 * Opens the regular file @place for reading. @place is a descriptor (O_PATH), and closed
 * here; a negative errno in it is returned. Returns a descriptor or a negative errno.
 */
static int open_regular(int place)
{
	char path[64];
	struct stat info;
	struct statfs system;
	int fd;

	if (place < 0)
		return place;
	if (fstat(place, &info) || fstatfs(place, &system)) {
		fd = -errno;
	} else if (!S_ISREG(info.st_mode) || is_special(&system)) {
		fd = -ENOEXEC;
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	close(place);
	return fd;
}

/*
 * Opens the file behind a link in /proc, which leads to the file itself and not to a name.
 * Returns a descriptor or a negative errno.
 */
static int open_link(uint32_t pid, const char *name)
{
	char path[128];
	int place;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	place = open(path, O_PATH | O_CLOEXEC);
	return open_regular(place < 0 ? -errno : place);
}

/* Undoes the kernel's escapes of newlines in names, in place. */
static void unescape(char *name)
{
	char *to = name;

	for (const char *from = name; *from;) {
		bool newline = !strncmp(from, "\\012", 4);

		*to++ = newline ? '\n' : *from;
		from += newline ? 4 : 1;
	}
	*to = '\0';
}

/*
 * Opens the file named @mapped below @root, where no link leads elsewhere. Anything but a
 * regular file has taken the name over. Returns a descriptor or a negative errno.
 */
static int open_below(const char *root, const char *mapped)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};
	int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), place;
	char name[MAPPING_NAME_LEN];

	if (directory < 0)
		return -errno;
	strcpy(name, mapped);
	unescape(name);
	place = (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));
	if (place < 0)
		place = -errno;
	close(directory);
	place = open_regular(place);
	return place == -ENOEXEC ? -ESTALE : place;
}

/*
 * Whether @fd is the file of @mapping: 1, 0, or a negative errno. stat(2) may contradict
 * /proc/PID/maps (overlayfs, btrfs). So the file is mapped here, never read through that,
 * and its mapping compared.
 */
static int is_mapped(int fd, const struct mapping *mapping)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	struct mapping own;
	int err;

	if (memory == MAP_FAILED)
		return -errno;
	err = mapping_find_own((uintptr_t)memory, &own);
	if (munmap(memory, size))
		_exit(1); /* a mapping would be left behind each time */
	if (err)
		return err;
	return own.inode == mapping->inode && own.major == mapping->major &&
	       own.minor == mapping->minor;
}

/* Returns @fd if it is the file of @mapping. Otherwise closes it; -ESTALE or another errno. */
static int keep_if_mapped(int fd, const struct mapping *mapping)
{
	int same;

	if (fd < 0)
		return fd;
	same = is_mapped(fd, mapping);
	if (same > 0)
		return fd;
	close(fd);
	return same ? same : -ESTALE;
}

/* Opens the file by its names, where the link to the mapping itself may not be followed. */
static int open_by_name(uint32_t pid, const struct mapping *mapping)
{
	char root[64];
	int fd, here;

	fd = keep_if_mapped(open_link(pid, "exe"), mapping);
	if (fd >= 0)
		return fd;
	snprintf(root, sizeof(root), "/proc/%" PRIu32 "/root", pid);
	fd = keep_if_mapped(open_below(root, mapping->name), mapping);
	if (fd >= 0)
		return fd;
	/* Below a changed root directory, the kernel shows paths as seen from ours. */
	here = keep_if_mapped(open_below("/", mapping->name), mapping);
	if (here >= 0)
		return here;
	return here == -ENOENT || here == -ENOTDIR || here == -ELOOP ? fd : here;
}

int mapped_file_open(uint32_t pid, const struct mapping *mapping)
{
	char link[64];
	int fd;

	snprintf(link, sizeof(link), "map_files/%" PRIx64 "-%" PRIx64, mapping->start,
		 mapping->end);
	fd = keep_if_mapped(open_link(pid, link), mapping);
	if (fd == -EPERM || fd == -EACCES || fd == -ENOENT)
		fd = open_by_name(pid, mapping);
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return -ESTALE;
	return fd == -EPERM ? -EACCES : fd;
}
