// SPDX-License-Identifier: GPL-2.0-only
/* Outputs: the standard output, or a file that appears only when it is complete. */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/message.h"

/*
 * Makes a new whole file in the directory of @path, with the rights of a new file.
 * Returns a descriptor of its own, besides output->whole's, or a negative errno.
 */
static int make_whole(struct output *output, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int err, fd;

	if (!directory)
		return -ENOMEM;
	output->name = slash ? slash + 1 : path;
	output->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = output->directory < 0 ? -errno : *output->name ? 0 : -EISDIR;
	free(directory);
	if (!err)
		err = whole_file_open(&output->whole, output->directory, output->name, 0666);
	if (err)
		return err;
	output->is_whole = true;
	/* The stream is closed before the file is placed, since closing shows failed writes. */
	fd = fcntl(output->whole.fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/* Opens @path itself for writing. Returns a descriptor or a negative errno. */
static int open_directly(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);

	return fd < 0 ? -errno : fd;
}

/* Makes a stream of @fd; a negative errno in @fd is said on stderr. 0 or a negative errno. */
static int open_file(struct output *output, int fd)
{
	if (fd >= 0) {
		output->file = fdopen(fd, "w");
		if (output->file)
			return 0;
		fd = -errno;
	}
	output->file = NULL;
	output_discard(output);
	message_error("cannot write to %s: %s", output->path, strerror(-fd));
	return fd;
}

/*
 * Opens the file behind the link @path, to be replaced in the link's stead: /dev/stdout is
 * the whole machine's. If that file is the standard output, it is written from its current
 * position. Returns a descriptor or a negative errno.
 */
static int make_behind_link(struct output *output, const char *path, const struct stat *info)
{
	struct stat standard;
	int fd;

	if (!fstat(STDOUT_FILENO, &standard) && standard.st_dev == info->st_dev &&
	    standard.st_ino == info->st_ino) {
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
		return fd < 0 ? -errno : fd;
	}
	output->target = realpath(path, NULL);
	return output->target ? make_whole(output, output->target) : -errno;
}

int output_open(struct output *output, const char *path)
{
	struct stat info, link;

	*output = (struct output){.file = stdout, .path = path};
	if (!path)
		return 0;
	if (stat(path, &info))
		return open_file(output, make_whole(output, path));
	if (S_ISDIR(info.st_mode))
		return open_file(output, -EISDIR);
	if (!S_ISREG(info.st_mode))
		return open_file(output, open_directly(path, 0));
	if (!lstat(path, &link) && S_ISLNK(link.st_mode))
		return open_file(output, make_behind_link(output, path, &info));
	return open_file(output, make_whole(output, path));
}

int output_open_stream(struct output *output, const char *path)
{
	*output = (struct output){.file = stdout, .path = path};
	return path ? open_file(output, open_directly(path, O_CREAT | O_TRUNC)) : 0;
}

int output_flush(FILE *out)
{
	/* errno is still that of the failed write, since later successes did not change it. */
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

/* Closes the file. 0, or the negative errno of any write to it that failed. */
static int finish(struct output *output)
{
	int err = output_flush(output->file);

	if (output->is_whole && !err && fsync(fileno(output->file)))
		err = -errno;
	if (output->path && fclose(output->file) && !err)
		err = -errno;
	output->file = NULL;
	return err;
}

int output_commit(struct output *output)
{
	int err = finish(output);

	if (!err && output->is_whole)
		err = whole_file_place(&output->whole, output->name);
	output_discard(output);
	if (!err || err == -EPIPE)
		return 0;
	message_error("cannot write to %s: %s", output->path ?: "the standard output",
		      strerror(-err));
	return err;
}

void output_discard(struct output *output)
{
	if (output->file && output->path)
		fclose(output->file);
	output->file = NULL;
	if (output->is_whole) {
		close(output->whole.fd);
		whole_file_discard(&output->whole);
	}
	output->is_whole = false;
	if (output->directory > 0)
		close(output->directory);
	output->directory = 0;
	free(output->target);
	output->target = NULL;
}
