// SPDX-License-Identifier: GPL-2.0-only
/* The text file: dwell.prom in a directory that node_exporter reads, whole at any moment. */
#include "textfile.h"

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

#include "message.h"
#include "sink.h"
#include "text.h"

/* A process's own, by its id: "." TEXTFILE_NAME "." and digits. */
#define PREFIX "." TEXTFILE_NAME "."

/* ---- what others left -------------------------------------------------------- */

/* Whether @name is one of a process that is gone, or of an earlier one with our id. */
static bool is_stale(const char *name)
{
	uint64_t pid;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
	    text_parse_number(name + strlen(PREFIX), INT32_MAX, &pid) || !pid)
		return false;
	return (pid_t)pid == getpid() || (kill((pid_t)pid, 0) && errno == ESRCH);
}

static void remove_stale(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		if (is_stale(entry->d_name))
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
}

int textfile_open(struct textfile *file, const char *directory)
{
	*file = (struct textfile){.directory = strdup(directory)};
	if (!file->directory)
		return -ENOMEM;
	snprintf(file->temporary, sizeof(file->temporary), PREFIX "%d", (int)getpid());
	remove_stale(directory);
	return 0;
}

void textfile_close(struct textfile *file)
{
	free(file->directory);
	file->directory = NULL;
}

/* ---- writing ----------------------------------------------------------------- */

/*
 * The directory as it is now: it may have been removed and made again. A
 * descriptor or a negative errno.
 */
static int open_directory(const struct textfile *file)
{
	int fd = open(file->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A new, empty file in @directory. A stream, or NULL and errno. */
static FILE *open_temporary(const struct textfile *file, int directory)
{
	int fd, saved;
	FILE *out;

	unlinkat(directory, file->temporary, 0);
	fd = openat(directory, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return NULL;
	/* Whatever the umask: the reader is another user. */
	out = fchmod(fd, 0644) ? NULL : fdopen(fd, "w");
	if (out)
		return out;
	saved = errno;
	close(fd);
	errno = saved;
	return NULL;
}

/* Ends @out. 0, or what writing it failed with at any time. */
static int close_temporary(FILE *out)
{
	int err = sink_flush(out);

	if (fclose(out) && !err)
		err = -errno;
	return err;
}

static int write_in(const struct textfile *file, int directory,
		    int (*write)(FILE *out, void *context), void *context)
{
	FILE *out = open_temporary(file, directory);
	int err = out ? 0 : -errno, closed = 0;

	errno = 0;
	if (out) {
		err = write(out, context);
		closed = close_temporary(out);
	}
	if (!err)
		err = closed;
	if (!err && renameat(directory, file->temporary, directory, TEXTFILE_NAME))
		err = -errno;
	/* Half a file would only take the room that a full disk lacks. */
	if (err)
		unlinkat(directory, file->temporary, 0);
	return err;
}

/* Tells when it begins to fail, when it fails for another reason, and when that is over. */
static void report(struct textfile *file, int err)
{
	if (err && err != file->error)
		message_error("cannot write %s/%s: %s", file->directory, TEXTFILE_NAME,
			      strerror(-err));
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
		err = write_in(file, directory, write, context);
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
	unlinkat(directory, file->temporary, 0);
	if (unlinkat(directory, TEXTFILE_NAME, 0) && errno != ENOENT)
		err = -errno;
	close(directory);
	return err;
}
