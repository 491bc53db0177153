// SPDX-License-Identifier: GPL-2.0-only
/* Where a report goes: the standard output, or a file that appears only when it is whole. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

/* A new file beside @path, with the rights that a new file has. A descriptor or a negative errno. */
static int make_temporary(struct output *output, const char *path)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (asprintf(&output->temporary, "%s.XXXXXX", path) < 0) {
		output->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(output->temporary, O_CLOEXEC);
	if (fd >= 0 && !fchmod(fd, 0666 & ~mask))
		return fd;
	fd = -errno;
	free(output->temporary);
	output->temporary = NULL;
	return fd;
}

/* Opens @path as it is. A descriptor or a negative errno. */
static int open_directly(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);

	return fd < 0 ? -errno : fd;
}

/* Makes a file of @fd, or says why there is none (a negative errno). 0 or a negative errno. */
static int open_file(struct output *output, int fd)
{
	if (fd >= 0) {
		output->file = fdopen(fd, "w");
		if (output->file)
			return 0;
		fd = -errno;
	}
	output->file = NULL;
	message_error("cannot write to %s: %s", output->path, strerror(-fd));
	return fd;
}

int output_open(struct output *output, const char *path)
{
	struct stat info;

	*output = (struct output){.file = stdout, .path = path};
	if (!path)
		return 0;
	if (stat(path, &info) || S_ISREG(info.st_mode))
		return open_file(output, make_temporary(output, path));
	return open_file(output, S_ISDIR(info.st_mode) ? -EISDIR : open_directly(path, 0));
}

int output_open_stream(struct output *output, const char *path)
{
	*output = (struct output){.file = stdout, .path = path};
	return path ? open_file(output, open_directly(path, O_CREAT | O_TRUNC)) : 0;
}

/* Closes the file. 0 or what writing to it failed with at any time. */
static int finish(struct output *output)
{
	int err = 0;

	if (fflush(output->file) || ferror(output->file))
		err = errno ? -errno : -EIO;
	if (output->temporary && !err && fsync(fileno(output->file)))
		err = -errno;
	if (output->path && fclose(output->file) && !err)
		err = -errno;
	output->file = NULL;
	return err;
}

int output_commit(struct output *output)
{
	int err = finish(output);

	if (!err && output->temporary && rename(output->temporary, output->path))
		err = -errno;
	if (!err) {
		free(output->temporary);
		output->temporary = NULL;
		return 0;
	}
	if (err == -EPIPE)
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
	if (output->temporary)
		unlink(output->temporary);
	free(output->temporary);
	output->temporary = NULL;
}
