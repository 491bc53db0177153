// SPDX-License-Identifier: GPL-2.0-only
/* Whole files: get their name only when they are complete. */
#include "base/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAMES_MAX 100		   /* temporary names that are tried */
#define PREFIX_MAX (NAME_MAX - 24) /* bytes of a prefix, with room for the numbers behind it */
#define DESCRIPTORS "/proc/self/fd"

/* Sets the temporary name to the one tried as number @number. False: it is too long. */
static bool set_name(struct whole_file *file, int number)
{
	char *name = file->temporary;
	const size_t size = sizeof(file->temporary);
	int length;

	if (number)
		length = snprintf(name, size, "%.*s.%d.%d", PREFIX_MAX, file->prefix, (int)getpid(),
				  number);
	else
		length = snprintf(name, size, "%.*s.%d", PREFIX_MAX, file->prefix, (int)getpid());
	return length < (int)size;
}

/*
 * Has @make take the first free name; @make returns 0 or a negative errno. 0, or a
 * negative errno, after which the file has no name.
 */
static int take_name(struct whole_file *file, int (*make)(struct whole_file *file, mode_t mode),
		     mode_t mode)
{
	int err = -EEXIST;

	for (int i = 0; i < NAMES_MAX && err == -EEXIST; i++)
		err = set_name(file, i) ? make(file, mode) : -ENAMETOOLONG;
	if (err)
		file->temporary[0] = '\0';
	return err;
}

static int create(struct whole_file *file, mode_t mode)
{
	file->fd = openat(file->directory, file->temporary,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	return file->fd < 0 ? -errno : 0;
}

/* Gives the nameless file its name. 0 or a negative errno. */
static int link_to(const struct whole_file *file, const char *name)
{
	char path[sizeof(DESCRIPTORS) + 16];

	snprintf(path, sizeof(path), DESCRIPTORS "/%d", file->fd);
	return linkat(AT_FDCWD, path, file->directory, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

static int link_temporary(struct whole_file *file, mode_t mode)
{
	(void)mode;
	return link_to(file, file->temporary);
}

int whole_file_open(struct whole_file *file, int directory, const char *prefix, mode_t mode)
{
	*file = (struct whole_file){.directory = directory, .fd = -1};
	if (snprintf(file->prefix, sizeof(file->prefix), "%s", prefix) >= (int)sizeof(file->prefix))
		return -ENAMETOOLONG;
	/* Without /proc a nameless file could never be named. */
	if (!access(DESCRIPTORS, X_OK))
		file->fd = openat(directory, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	return file->fd >= 0 ? 0 : take_name(file, create, mode);
}

int whole_file_place(struct whole_file *file, const char *name)
{
	int err = *file->temporary ? 0 : link_to(file, name);

	/* A link cannot replace another file, but renaming a file can. */
	if (err == -EEXIST)
		err = take_name(file, link_temporary, 0);
	if (err)
		return err;
	if (*file->temporary && renameat(file->directory, file->temporary, file->directory, name))
		return -errno;
	file->temporary[0] = '\0';
	return 0;
}

void whole_file_discard(struct whole_file *file)
{
	if (*file->temporary)
		unlinkat(file->directory, file->temporary, 0);
	file->temporary[0] = '\0';
}
