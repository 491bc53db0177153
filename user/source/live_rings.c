// SPDX-License-Identifier: GPL-2.0-only
/* Reads the ring buffers, into which the kernel side pushes records and outliers. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include <bpf/libbpf.h>

#include "base/message.h"
#include "source/bpf_object.h"
#include "source/live_private.h"
#include "dwell.skel.h"

static int take_pushed(void *context, const void *data, size_t size)
{
	struct live *live = context;
	struct dwell_record record = {0};

	memcpy(&record, data, size < sizeof(record) ? size : sizeof(record));
	return intake_record(&live->intake, &record);
}

static int take_outlier(void *context, const void *data, size_t size)
{
	struct live *live = context;
	struct dwell_outlier outlier;

	if (size < sizeof(outlier))
		return -EPROTO;
	memcpy(&outlier, data, sizeof(outlier));
	return intake_outlier(&live->intake, &outlier);
}

static int map_ring(struct live *live, struct ring *ring, const struct bpf_map *map, ring_take take)
{
	struct epoll_event readable = {.events = EPOLLIN};
	int fd = bpf_map__fd(map), err = ring_open(ring, fd, bpf_map__max_entries(map), take, live);

	if (!err && epoll_ctl(live->readable, EPOLL_CTL_ADD, fd, &readable))
		err = -errno;
	return err;
}

int live_map_rings(struct live *live)
{
	const struct dwell_bpf *skeleton = live->skeleton;
	int err = 0;

	live->readable = epoll_create1(EPOLL_CLOEXEC);
	if (live->readable < 0)
		err = -errno;
	if (!err && map_exists(skeleton->maps.ring))
		err = map_ring(live, &live->last_records, skeleton->maps.ring, take_pushed);
	if (!err && live->outliers)
		err = map_ring(live, &live->outlier_ring, skeleton->maps.outliers, take_outlier);
	if (err)
		message_error("cannot map the ring buffers: %s", strerror(-err));
	return err;
}

int live_read_rings(struct live *live)
{
	int err = 0;

	if (map_exists(live->skeleton->maps.ring))
		err = ring_consume(&live->last_records);
	return err || !live->outliers ? err : ring_consume(&live->outlier_ring);
}

int live_await_rings(struct live *live, int timeout)
{
	struct epoll_event readable;

	/* The rings are read in any case: a few records in them wake nobody through epoll. */
	if (epoll_wait(live->readable, &readable, 1, timeout) < 0 && errno != EINTR)
		return -errno;
	return live_read_rings(live);
}
