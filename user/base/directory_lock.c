// SPDX-License-Identifier: GPL-2.0-only
/* Directory locks: one process has a directory to itself until it ends. */
#include "base/directory_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 10

/* Whether the lock's name still leads to @lock: a holder removes the name when it ends. */
static bool is_named(int lock, int directory)
{
	struct stat own, named;

	return !fstat(lock, &own) &&
	       !fstatat(directory, DIRECTORY_LOCK_NAME, &named, AT_SYMLINK_NOFOLLOW) &&
	       own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* Returns a locked descriptor, which the caller closes, or a negative errno. */
static int take(int directory)
{
	int lock = openat(directory, DIRECTORY_LOCK_NAME,
			  O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	int err;

	if (lock < 0)
		return -errno;
	if (!flock(lock, LOCK_EX | LOCK_NB))
		return lock;
	err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(lock);
	return err;
}

int directory_lock(int *lock, int directory)
{
	int err = *lock >= 0 && is_named(*lock, directory) ? 0 : -ESTALE;

	for (int i = 0; i < TRIES && err == -ESTALE; i++) {
		directory_unlock(lock, -1);
		*lock = take(directory);
		if (*lock < 0)
			err = *lock;
		else if (is_named(*lock, directory))
			err = 0;
	}
	if (err)
		directory_unlock(lock, -1);
	return err;
}

void directory_unlock(int *lock, int directory)
{
	if (*lock < 0) {
		*lock = -1;
		return;
	}
	if (directory >= 0 && is_named(*lock, directory))
		unlinkat(directory, DIRECTORY_LOCK_NAME, 0);
	close(*lock);
	*lock = -1;
}
