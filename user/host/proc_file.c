// SPDX-License-Identifier: GPL-2.0-only
/* Proc files: what /proc says of a process, as text. */
#include "host/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int proc_file_read(uint32_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd, err;

	*text = '\0';
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	err = length < 0 ? -errno : 0;
	close(fd);
	text[err ? 0 : length] = '\0';
	return err;
}

int proc_file_comm(uint32_t pid, char *comm, size_t size)
{
	int err = proc_file_read(pid, "comm", comm, size);
	size_t length = strlen(comm);

	/* The kernel adds one line feed. */
	if (length && comm[length - 1] == '\n')
		comm[length - 1] = '\0';
	return err;
}
