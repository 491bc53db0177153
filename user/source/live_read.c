// SPDX-License-Identifier: GPL-2.0-only
/* Reads the live source out: the records of live tasks, and then all the rest. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/saturate.h"
#include "source/live_private.h"
#include "dwell.skel.h"

/* A read buffer for the iterator's stream. A record may lie across two reads. */
struct stream {
	char data[128 << 10];
	size_t filled;
	uint64_t bytes;
	uint64_t tasks;
};

/* Hands over the complete records in @stream, and keeps the rest. 0 or a negative errno. */
static int take_pulled(struct live *live, struct stream *stream)
{
	size_t at = 0;
	int err = 0;

	while (!err && stream->filled - at >= sizeof(struct dwell_live)) {
		struct dwell_record record;
		struct dwell_live head;

		memcpy(&head, stream->data + at, sizeof(head));
		if (head.bytes > sizeof(record))
			return -EPROTO;
		if (stream->filled - at - sizeof(head) < head.bytes)
			break;
		memcpy(&record, stream->data + at + sizeof(head), head.bytes);
		memset((char *)&record + head.bytes, 0, sizeof(record) - head.bytes);
		at += sizeof(head) + head.bytes;
		record.kind = DWELL_LIVE;
		record.state = head.state;
		record.since = head.since;
		record.activated = head.activated;
		err = intake_record(&live->intake, &record);
		stream->tasks++;
	}
	stream->filled -= at;
	memmove(stream->data, stream->data + at, stream->filled);
	return err;
}

static int read_tasks(struct live *live)
{
	int fd __attribute__((cleanup(close_fd))) =
		bpf_iter_create(bpf_link__fd(live->skeleton->links.read_tasks));
	struct stream stream = {.filled = 0};
	uint64_t began = clock_mono();
	ssize_t length;
	int err;

	if (fd < 0)
		return -errno;
	for (;;) {
		length = read(fd, stream.data + stream.filled, sizeof(stream.data) - stream.filled);
		if (length < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (length <= 0)
			break;
		stream.filled += length;
		stream.bytes += length;
		err = take_pulled(live, &stream);
		if (err)
			return err;
	}
	if (length < 0)
		return -errno;
	message_detail(1, "read: %llu tasks, %llu bytes, %llu us", (unsigned long long)stream.tasks,
		       (unsigned long long)stream.bytes,
		       (unsigned long long)(clock_mono() - began) / 1000);
	return stream.filled ? -EPROTO : 0;
}

/* How many tasks the kernel counts on the host; 0: not known. */
static uint64_t count_tasks(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	unsigned long long tasks = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*s %*s %*s %*u/%llu", &tasks) != 1)
		tasks = 0;
	fclose(file);
	return tasks;
}

/* How many of the @tasks on the host the last read did not show. */
static uint64_t hidden_tasks(const struct live *live, uint64_t tasks)
{
	if (live->pid_ns || !tasks)
		return SOURCE_NOT_KNOWN;
	return saturating_subtract(tasks, live->skeleton->bss->tasks_seen);
}

int live_sample(struct source *source)
{
	struct live *live = live_of(source);
	const uint64_t tasks = count_tasks();
	int err = read_tasks(live);

	if (err)
		return err;
	live->hidden = hidden_tasks(live, tasks);
	return live_read_timers(live);
}

int live_read(struct source *source)
{
	struct live *live = live_of(source);
	int err = live_sample(source);

	if (!err && live->ledger)
		err = intake_sampled(&live->intake, live->skeleton->bss->window_end);
	if (!err && live->sites)
		err = live_read_sites(live);
	return err;
}
