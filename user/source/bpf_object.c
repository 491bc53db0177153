// SPDX-License-Identifier: GPL-2.0-only
/* BPF objects: questions to the maps and iterators of a loaded object. */
#include "source/bpf_object.h"

#include <errno.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

bool map_exists(const struct bpf_map *map)
{
	/* Newer versions of libbpf have a descriptor even for a map that is left out. */
	return bpf_map__autocreate(map) && bpf_map__fd(map) >= 0;
}

int iterator_run(struct bpf_link *link)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	char sink[4096];
	ssize_t length;

	if (fd < 0)
		return fd;
	do
		length = read(fd, sink, sizeof(sink));
	while (length > 0 || (length < 0 && errno == EINTR));
	if (length < 0)
		length = -errno;
	close(fd);
	return length;
}
