// SPDX-License-Identifier: GPL-2.0-only
/* Reading the live source out: the records of live tasks, and the ledger of timers. */
#include "source/live_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dwell.skel.h"
#include "base/message.h"

#define BATCH 256 /* entries of a map that are read at once, if they can be */

int iterator_run(struct bpf_link *link)
{
	int fd __attribute__((cleanup(close_fd))) = bpf_iter_create(bpf_link__fd(link));
	char sink[4096];
	ssize_t length;

	if (fd < 0)
		return -errno;
	do
		length = read(fd, sink, sizeof(sink));
	while (length > 0 || (length < 0 && errno == EINTR));
	return length < 0 ? -errno : 0;
}

/* A read buffer of the iterator's stream; records may lie across two reads. */
struct stream {
	char data[128 << 10];
	size_t filled;
	uint64_t bytes;
	uint64_t tasks;
};

/* Hands over the whole records in @stream and keeps the rest. 0 or a negative errno. */
static int take_pulled(struct source *source, struct stream *stream)
{
	size_t at = 0;
	int err = 0;

	while (!err && stream->filled - at >= sizeof(struct dwell_live)) {
		struct dwell_record record;
		struct dwell_live live;

		memcpy(&live, stream->data + at, sizeof(live));
		if (live.bytes > sizeof(record))
			return -EPROTO;
		if (stream->filled - at - sizeof(live) < live.bytes)
			break;
		memcpy(&record, stream->data + at + sizeof(live), live.bytes);
		memset((char *)&record + live.bytes, 0, sizeof(record) - live.bytes);
		at += sizeof(live) + live.bytes;
		record.kind = DWELL_LIVE;
		record.state = live.state;
		record.since = live.since;
		record.activated = live.activated;
		err = intake_record(&source->intake, &record);
		stream->tasks++;
	}
	stream->filled -= at;
	memmove(stream->data, stream->data + at, stream->filled);
	return err;
}

static int read_tasks(struct source *source)
{
	int fd __attribute__((cleanup(close_fd))) =
		bpf_iter_create(bpf_link__fd(source->skeleton->links.read_tasks));
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
		err = take_pulled(source, &stream);
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

/* Tasks on the host, as the kernel counts them. */
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

/* The keys and values of a map, a batch at a time. */
struct batch {
	void *keys, *values; /* owned */
	__u32 room, count;
};

static void free_batch(struct batch *batch)
{
	free(batch->keys);
	free(batch->values);
}

static int batch_reserve(struct batch *batch, const struct bpf_map *map, __u32 room)
{
	free_batch(batch);
	batch->keys = calloc(room, bpf_map__key_size(map));
	batch->values = calloc(room, bpf_map__value_size(map));
	batch->room = room;
	return batch->keys && batch->values ? 0 : -ENOMEM;
}

/*
 * Hands each element of the hash @map to @take, if there is such a map: 0, or the
 * negative errno that it or the kernel ends with.
 */
static int read_map(struct source *source, const struct bpf_map *map,
		    int (*take)(struct source *source, const void *key, const void *value))
{
	struct batch batch __attribute__((cleanup(free_batch))) = {0};
	__u32 position, *from = NULL;
	int err, end = 0;

	if (!map_exists(map))
		return 0;
	err = batch_reserve(&batch, map, BATCH);
	while (!err && !end) {
		batch.count = batch.room;
		end = bpf_map_lookup_batch(bpf_map__fd(map), from, &position, batch.keys,
					   batch.values, &batch.count, NULL);
		/* One place of the hash holds more than that. */
		if (end == -ENOSPC) {
			end = 0;
			err = batch_reserve(&batch, map, 2 * batch.room);
			continue;
		}
		if (end && end != -ENOENT)
			return end;
		from = &position;
		for (__u32 i = 0; i < batch.count && !err; i++)
			err = take(source, (char *)batch.keys + i * bpf_map__key_size(map),
				   (char *)batch.values + i * bpf_map__value_size(map));
	}
	return err;
}

static int take_armed(struct source *source, const void *key, const void *value)
{
	(void)key;
	return intake_armed(&source->intake, value);
}

static int read_armed(struct source *source)
{
	intake_clear_armed(&source->intake);
	return read_map(source, source->skeleton->maps.armed_timers, take_armed);
}

/* Forgets the ledger of an owner that is gone, and hands over what it came to. */
static int forget_timers(struct source *source, const struct dwell_timer_key *key)
{
	struct bpf_map *map = source->skeleton->maps.timer_ledger;
	struct dwell_timer_counts counts;

	if (bpf_map__lookup_and_delete_elem(map, key, sizeof(*key), &counts, sizeof(counts), 0))
		return 0; /* before 5.14 it cannot be had: it stays */
	return intake_forgotten(&source->intake, key, &counts);
}

static int take_timers(struct source *source, const void *key, const void *value)
{
	int err = intake_timers(&source->intake, key, value);

	return err > 0 ? forget_timers(source, key) : err;
}

/* A stack by its id, into the empty @stack; a negative one is none. */
static void read_stack(const struct source *source, __s32 id, uint64_t stack[DWELL_STACK_DEPTH])
{
	if (id >= 0)
		bpf_map__lookup_elem(source->skeleton->maps.stacks, &id, sizeof(id), stack,
				     DWELL_STACK_DEPTH * sizeof(*stack), 0);
}

static int take_site(struct source *source, const void *key, const void *value)
{
	const struct dwell_site_key *id = key;
	struct intake_site site = {.owner = &id->owner};

	memcpy(&site.samples, value, sizeof(site.samples));
	read_stack(source, id->stack, site.stack);
	read_stack(source, id->user_stack, site.user_stack);
	return intake_site(&source->intake, &site);
}

static void add_counts(struct dwell_timer_counts *sum, const struct dwell_timer_counts *counts)
{
	sum->armed += counts->armed;
	sum->rearmed += counts->rearmed;
	/* Before each expiry the wheel's are seen as cancelled, maybe before the window. */
	if ((__s64)counts->cancelled > 0)
		sum->cancelled += counts->cancelled;
	sum->expired += counts->expired;
	sum->late_count += counts->late_count;
	sum->late_sum += counts->late_sum;
	if (counts->late_max > sum->late_max)
		sum->late_max = counts->late_max;
	for (int i = 0; i < DWELL_BUCKETS; i++)
		sum->late_buckets[i] += counts->late_buckets[i];
	sum->kind = counts->kind;
	sum->before += counts->before;
	sum->woke += counts->woke;
	sum->callback_ns += counts->callback_ns;
	sum->slack_granted += counts->slack_granted;
	sum->slack_used += counts->slack_used;
	sum->timeout_sum += counts->timeout_sum;
	if (counts->timeout_max > sum->timeout_max)
		sum->timeout_max = counts->timeout_max;
	for (int i = 0; i < DWELL_BUCKETS; i++)
		sum->timeout_buckets[i] += counts->timeout_buckets[i];
}

/* Hands over one kernel timer's counts, summed over the CPUs. */
static int take_kernel_timer(struct source *source, struct bpf_map *map, const void *key,
			     size_t key_size, __u64 function)
{
	const unsigned int cpus = source->cpus;
	struct dwell_timer_key owner = {.function = function, .syscall = DWELL_NO_SYSCALL};
	struct dwell_timer_counts sum = {0}, *counts;
	int err = 0;

	counts = calloc(cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	if (!bpf_map__lookup_elem(map, key, key_size, counts, cpus * sizeof(*counts), 0)) {
		for (unsigned int i = 0; i < cpus; i++)
			add_counts(&sum, &counts[i]);
		owner.kind = sum.kind;
		if (sum.armed || sum.expired || sum.cancelled)
			err = intake_timers(&source->intake, &owner, &sum);
	}
	free(counts);
	return err;
}

static int read_kernel_timers(struct source *source)
{
	struct dwell_bpf *skeleton = source->skeleton;
	__u64 key, *previous = NULL;
	int err = 0;

	for (__u32 i = 0; map_exists(skeleton->maps.builtin_timers) && i < DWELL_BUILTINS && !err;
	     i++)
		err = take_kernel_timer(source, skeleton->maps.builtin_timers, &i, sizeof(i),
					skeleton->rodata->config.builtins[i]);
	while (!err && map_exists(skeleton->maps.kernel_timers) &&
	       !bpf_map__get_next_key(skeleton->maps.kernel_timers, previous, &key, sizeof(key))) {
		previous = &key;
		err = take_kernel_timer(source, skeleton->maps.kernel_timers, &key, sizeof(key),
					key);
	}
	return err;
}

/* The timers, and before them who has exited: their ledgers may be forgotten. */
int ledger_read(struct source *source)
{
	int err = rings_read(source);

	if (!err && source->intake.armed)
		err = read_armed(source);
	if (err || !source->intake.timers)
		return err;
	err = read_map(source, source->skeleton->maps.timer_ledger, take_timers);
	return err ? err : read_kernel_timers(source);
}

int source_sample(struct source *source)
{
	uint64_t tasks = count_tasks();
	int err = read_tasks(source);

	if (err)
		return err;
	if (source->pid_ns || !tasks)
		source->hidden = SOURCE_NOT_KNOWN;
	else if (tasks > source->skeleton->bss->tasks_seen)
		source->hidden = tasks - source->skeleton->bss->tasks_seen;
	else
		source->hidden = 0;
	return ledger_read(source);
}

int source_read(struct source *source)
{
	int err = source_sample(source);

	if (!err && source->ledger)
		err = intake_sampled(&source->intake, source->skeleton->bss->window_end);
	if (!err && source->sites)
		err = read_map(source, source->skeleton->maps.sites, take_site);
	return err;
}
