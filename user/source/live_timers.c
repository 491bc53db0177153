// SPDX-License-Identifier: GPL-2.0-only
/* Reads the timers of the live source out: armed timers, the ledger, its sites. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "source/bpf_object.h"
#include "source/live_private.h"
#include "dwell.skel.h"

#define BATCH 256 /* how many entries of a map are read at once, if possible */

/* The keys and values of a map, a batch at a time. */
struct batch {
	void *keys, *values; /* owned */
	__u32 room, count;   /* in entries */
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
 * Hands each element of the hash @map to @take, if the map exists. 0, or the negative errno
 * of @take or the kernel.
 */
static int read_map(struct live *live, const struct bpf_map *map,
		    int (*take)(struct live *live, const void *key, const void *value))
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
		/* One bucket of the hash holds more entries than the batch has room for. */
		if (end == -ENOSPC) {
			end = 0;
			err = batch_reserve(&batch, map, 2 * batch.room);
			continue;
		}
		if (end && end != -ENOENT)
			return end;
		from = &position;
		for (__u32 i = 0; i < batch.count && !err; i++)
			err = take(live, (char *)batch.keys + i * bpf_map__key_size(map),
				   (char *)batch.values + i * bpf_map__value_size(map));
	}
	return err;
}

static int take_armed(struct live *live, const void *key, const void *value)
{
	(void)key;
	return intake_armed(&live->intake, value);
}

static int read_armed(struct live *live)
{
	intake_clear_armed(&live->intake);
	return read_map(live, live->skeleton->maps.armed_timers, take_armed);
}

/* Forgets the ledger of an owner that is gone, and hands over its last counts. */
static int forget_timers(struct live *live, const struct dwell_timer_key *key)
{
	struct bpf_map *map = live->skeleton->maps.timer_ledger;
	struct dwell_timer_counts counts;

	if (bpf_map__lookup_and_delete_elem(map, key, sizeof(*key), &counts, sizeof(counts), 0))
		return 0; /* before 5.14 the kernel cannot do it, and the entry stays */
	return intake_forgotten(&live->intake, key, &counts);
}

static int take_timers(struct live *live, const void *key, const void *value)
{
	int err = intake_timers(&live->intake, key, value);

	return err > 0 ? forget_timers(live, key) : err;
}

/* Reads the stack @id into @stack, which holds zeros; with a negative @id there is none. */
static void read_stack(const struct live *live, __s32 id, uint64_t stack[DWELL_STACK_DEPTH])
{
	if (id >= 0)
		bpf_map__lookup_elem(live->skeleton->maps.stacks, &id, sizeof(id), stack,
				     DWELL_STACK_DEPTH * sizeof(*stack), 0);
}

static int take_site(struct live *live, const void *key, const void *value)
{
	const struct dwell_site_key *id = key;
	struct intake_site site = {.owner = &id->owner};

	memcpy(&site.samples, value, sizeof(site.samples));
	read_stack(live, id->stack, site.stack);
	read_stack(live, id->user_stack, site.user_stack);
	return intake_site(&live->intake, &site);
}

static void add_counts(struct dwell_timer_counts *sum, const struct dwell_timer_counts *counts)
{
	sum->armed += counts->armed;
	sum->rearmed += counts->rearmed;
	/* Before each expiry a timer of the wheel is seen as cancelled, maybe before the window. */
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

/* Hands over the counts of one kernel timer, summed over the CPUs. 0 or a negative errno. */
static int take_kernel_timer(struct live *live, struct bpf_map *map, const void *key,
			     size_t key_size, __u64 function)
{
	const unsigned int cpus = live->cpus;
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
			err = intake_timers(&live->intake, &owner, &sum);
	}
	free(counts);
	return err;
}

static int read_kernel_timers(struct live *live)
{
	struct dwell_bpf *skeleton = live->skeleton;
	__u64 key, *previous = NULL;
	int err = 0;

	for (__u32 i = 0; map_exists(skeleton->maps.builtin_timers) && i < DWELL_BUILTINS && !err;
	     i++)
		err = take_kernel_timer(live, skeleton->maps.builtin_timers, &i, sizeof(i),
					skeleton->rodata->config.builtins[i]);
	while (!err && map_exists(skeleton->maps.kernel_timers) &&
	       !bpf_map__get_next_key(skeleton->maps.kernel_timers, previous, &key, sizeof(key))) {
		previous = &key;
		err = take_kernel_timer(live, skeleton->maps.kernel_timers, &key, sizeof(key), key);
	}
	return err;
}

int live_read_timers(struct live *live)
{
	int err = live_read_rings(live);

	if (!err && live->intake.armed)
		err = read_armed(live);
	if (err || !live->intake.timers)
		return err;
	err = read_map(live, live->skeleton->maps.timer_ledger, take_timers);
	return err ? err : read_kernel_timers(live);
}

int live_read_sites(struct live *live)
{
	return read_map(live, live->skeleton->maps.sites, take_site);
}
