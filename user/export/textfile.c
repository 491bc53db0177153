// SPDX-License-Identifier: GPL-2.0-only
/* The text file: dwell.prom in a directory of the node exporter, complete at any moment. */
#include "export/textfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory_lock.h"
#include "base/message.h"
#include "base/output.h"
#include "base/text.h"
#include "base/whole_file.h"

/* A half-written file is named PREFIX.PID or PREFIX.PID.NUMBER, if its file system wants a name. */
#define PREFIX "." TEXTFILE_NAME

/* ---- what others left -------------------------------------------------------- */

/* Whether @name was made by a process that is gone, or by an earlier one with dwell's pid. */
static bool is_stale_name(const char *name)
{
	char *number;
	long pid;

	if (strncmp(name, PREFIX ".", strlen(PREFIX ".")) != 0)
		return false;
	name += strlen(PREFIX ".");
	if (*name < '1' || *name > '9')
		return false;
	errno = 0;
	pid = strtol(name, &number, 10);
	if (errno || pid > INT32_MAX || (*number && *number != '.') ||
	    (*number && (!number[1] || number[1 + strspn(number + 1, "0123456789")])))
		return false;
	return (pid_t)pid == getpid() || (kill((pid_t)pid, 0) && errno == ESRCH);
}

/* Whether @name is a file such as dwell makes: anybody else's file stays. */
static bool is_own(int directory, const char *name)
{
	struct stat info;

	return !fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) && S_ISREG(info.st_mode) &&
	       info.st_uid == geteuid();
}

static void remove_stale(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (is_stale_name(entry->d_name) && is_own(dirfd(directory), entry->d_name))
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
}

/* ---- the directory ------------------------------------------------------------- */

/*
 * Opens the directory by its name, for it may have been removed and made again. A descriptor or
 * a negative errno.
 */
static int open_directory(const struct textfile *file)
{
	int fd = open(file->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Whether a write will fail with @err too, and so say it. */
static bool cannot_be_written(int err)
{
	return err == -EACCES || err == -EROFS || err == -EPERM || err == -ENOSPC || err == -EDQUOT;
}

/* Locks the directory. 0, also if it cannot be locked, which is said once; or -EBUSY. */
static int take_directory(struct textfile *file, int directory)
{
	int err = directory_lock(&file->lock, directory);

	if (!err || err == -EBUSY)
		return err;
	if (!file->unlocked && !cannot_be_written(err)) {
		message_error("cannot lock %s: %s; see to it that no other dwell writes there",
			      file->directory, strerror(-err));
		file->unlocked = true;
	}
	return 0;
}

int textfile_open(struct textfile *file, const char *path)
{
	int directory, err = 0;

	*file = (struct textfile){.directory = strdup(path), .lock = -1};
	if (!file->directory) {
		message_error("out of memory");
		return -ENOMEM;
	}
	directory = open_directory(file);
	if (directory >= 0) {
		err = take_directory(file, directory);
		close(directory);
	}
	if (err) {
		message_error("another dwell writes %s/%s", path, TEXTFILE_NAME);
		message_hint("end that one, or give each a --textfile-dir of its own");
		textfile_close(file);
		return err;
	}
	remove_stale(path);
	return 0;
}

void textfile_close(struct textfile *file)
{
	int directory;

	if (!file->directory)
		return;
	directory = open_directory(file);
	directory_unlock(&file->lock, directory);
	if (directory >= 0)
		close(directory);
	free(file->directory);
	file->directory = NULL;
}

/* ---- writing ----------------------------------------------------------------- */

/* Closes @out. 0, or the negative errno that a write to it failed with at any time. */
static int close_stream(FILE *out)
{
	int err = output_flush(out);

	if (fclose(out) && !err)
		err = -errno;
	return err;
}

/* Writes to a copy of @fd: the original is needed to put the file in its place. */
static int write_to(int fd, int (*write)(FILE *out, void *context), void *context)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), err, closed;
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

	if (!out) {
		err = -errno;
		if (copy >= 0)
			close(copy);
		return err;
	}
	errno = 0;
	err = write(out, context);
	closed = close_stream(out);
	return err ? err : closed;
}

static int write_in(int directory, int (*write)(FILE *out, void *context), void *context)
{
	struct whole_file whole;
	int err = whole_file_open(&whole, directory, PREFIX, 0644);

	if (err)
		return err;
	/* The reader is another user, whatever the umask is. */
	if (fchmod(whole.fd, 0644))
		err = -errno;
	if (!err)
		err = write_to(whole.fd, write, context);
	if (!err)
		err = whole_file_place(&whole, TEXTFILE_NAME);
	close(whole.fd);
	/* Half a file would take room that a full disk lacks. */
	whole_file_discard(&whole);
	return err;
}

/* Says when writing begins to fail, when it fails for another reason, and when it works again. */
static void report(struct textfile *file, int err)
{
	if (err && err != file->error)
		message_error("cannot write %s/%s: %s", file->directory, TEXTFILE_NAME,
			      err == -EBUSY ? "another dwell does" : strerror(-err));
	if (!err && file->error)
		message_error("%s/%s is written again, after %" PRIu64 " errors", file->directory,
			      TEXTFILE_NAME, file->failed);
	file->failed = err ? file->failed + 1 : 0;
	file->error = err;
}

int textfile_write(struct textfile *file, int (*write)(FILE *out, void *context), void *context)
{
	int directory = open_directory(file), err = directory;

	if (directory >= 0) {
		err = take_directory(file, directory);
		if (!err)
			err = write_in(directory, write, context);
		close(directory);
	}
	report(file, err);
	if (err)
		file->errors++;
	else
		file->writes++;
	return err;
}

int textfile_remove(struct textfile *file)
{
	int directory = open_directory(file), err = 0;

	if (directory < 0)
		return directory == -ENOENT ? 0 : directory;
	err = take_directory(file, directory);
	if (!err && unlinkat(directory, TEXTFILE_NAME, 0) && errno != ENOENT)
		err = -errno;
	directory_unlock(&file->lock, directory);
	close(directory);
	return err;
}
