// SPDX-License-Identifier: GPL-2.0-only
/* Names of the kernel's functions, from the kernel side, where /proc/kallsyms hides them. */
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "source/live_private.h"
#include "dwell.skel.h"

int live_function_name(struct source *source, uint64_t address, char *buffer, size_t size)
{
	struct dwell_bpf *skeleton = live_of(source)->skeleton;
	int fd __attribute__((cleanup(close_fd))) = -1;
	size_t length = 0;
	ssize_t more;

	buffer[0] = '\0';
	if (!skeleton->links.name_function)
		return -ENOENT;
	skeleton->bss->unnamed = address;
	fd = bpf_iter_create(bpf_link__fd(skeleton->links.name_function));
	if (fd < 0)
		return fd;
	/* Reading one byte makes the iterator write the whole name, and visit one task only. */
	if (read(fd, buffer, 1) == 1) {
		more = read(fd, buffer + 1, size - 2);
		length = 1 + (more > 0 ? more : 0);
	}
	buffer[length] = '\0';
	/* An address outside of all functions is printed as a number. */
	if (!length || !strncmp(buffer, "0x", 2)) {
		buffer[0] = '\0';
		return -ENOENT;
	}
	return 0;
}
