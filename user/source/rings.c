// SPDX-License-Identifier: GPL-2.0-only
/* The ring buffers: what the kernel side pushes. */
#include "source/live_private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include <bpf/libbpf.h>

#include "dwell.skel.h"
#include "base/message.h"

static int take_pushed(void *context, const void *data, size_t size)
{
	struct source *source = context;
	struct dwell_record record = {0};

	memcpy(&record, data, size < sizeof(record) ? size : sizeof(record));
	return intake_record(&source->intake, &record);
}

static int take_outlier(void *context, const void *data, size_t size)
{
	struct source *source = context;
	struct dwell_outlier outlier;

	if (size < sizeof(outlier))
		return -EPROTO;
	memcpy(&outlier, data, sizeof(outlier));
	return intake_outlier(&source->intake, &outlier);
}

static int map_ring(struct source *source, struct ring *ring, const struct bpf_map *map,
		    ring_take take)
{
	struct epoll_event readable = {.events = EPOLLIN};
	int fd = bpf_map__fd(map),
	    err = ring_open(ring, fd, bpf_map__max_entries(map), take, source);

	if (!err && epoll_ctl(source->readable, EPOLL_CTL_ADD, fd, &readable))
		err = -errno;
	return err;
}

int rings_map(struct source *source)
{
	const struct dwell_bpf *skeleton = source->skeleton;
	int err = 0;

	source->readable = epoll_create1(EPOLL_CLOEXEC);
	if (source->readable < 0)
		err = -errno;
	if (!err && map_exists(skeleton->maps.ring))
		err = map_ring(source, &source->last_records, skeleton->maps.ring, take_pushed);
	if (!err && source->outliers)
		err = map_ring(source, &source->outlier_ring, skeleton->maps.outliers,
			       take_outlier);
	if (err)
		message_error("cannot map the ring buffers: %s", strerror(-err));
	return err;
}

int rings_read(struct source *source)
{
	int err = 0;

	if (map_exists(source->skeleton->maps.ring))
		err = ring_consume(&source->last_records);
	return err || !source->outliers ? err : ring_consume(&source->outlier_ring);
}

int rings_await(struct source *source, int timeout)
{
	struct epoll_event readable;

	/* What is in them has woken nobody unless it was much, and epoll would not look at it. */
	if (epoll_wait(source->readable, &readable, 1, timeout) < 0 && errno != EINTR)
		return -errno;
	return rings_read(source);
}
