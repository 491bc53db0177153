// SPDX-License-Identifier: GPL-2.0-only
/* Heaps: the timers that the Ps of a Go process hold. */
#include "go/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "go/timer.h"

/* What a slice of timers can have room for in any process. */
#define CAPACITY_MAX (1ULL << 32)
/* How often a heap is read that moves meanwhile; longer ones are read once. */
#define TRIES 3
#define LONG 16384
#define FIRST_ROOM 64
/* Below as many entries nothing follows from those that do not fit. */
#define FEW 8
/* More than any version's struct p has. */
#define P_SIZE (24 << 10)
/* Entries of a slice that are looked at to see whether it is a heap. */
#define PROBES 4

/* An entry of a heap since Go 1.23; up to 1.22 it is the address alone. */
struct slot {
	uint64_t address;
	int64_t when;
};

struct reading {
	struct go_timer_reader reader;
	struct go_snapshot *snapshot;
	size_t room; /* of the snapshot's timers */
	uint64_t seen, moved;
	struct go_entry *entry; /* GO_TIMERS_BATCH of them */
};

/* ---- where the timers are -------------------------------------------------------- */

static size_t slot_size(const struct go_layout *layout)
{
	return layout->heaps ? sizeof(struct slot) : sizeof(uint64_t);
}

/* Returns the offset of the heap's slice in a P. */
static size_t heap_offset(const struct go_layout *layout)
{
	return layout->p_timers + (layout->heaps ? 8 : 0);
}

/* Returns what points back to the P from each timer of its heap. */
static uint64_t back_of(const struct go_layout *layout, uint64_t p)
{
	return layout->heaps ? p + layout->p_timers : p;
}

/* Returns where in the timer at @address @back is; 0, or 8 and up; -1: nowhere. */
static int find_back(const struct go_runtime *runtime, uint64_t address, uint64_t back)
{
	uint64_t words[GO_TIMER_SIZE / sizeof(uint64_t)];
	size_t last = runtime->layout.heaps ? sizeof(words) / sizeof(words[0]) - 1 : 0;

	if (go_memory_read(runtime->memory, address, words, sizeof(words)))
		return -1;
	for (size_t i = runtime->layout.heaps ? 6 : 0; i <= last; i++) {
		if (words[i] == back)
			return i * sizeof(uint64_t);
	}
	return -1;
}

/* Takes the heap at @offset of @p as it is, if its first timers point back. */
static bool try_heap(struct go_runtime *runtime, uint64_t p, size_t offset,
		     const struct go_header *heap)
{
	struct go_layout trial = runtime->layout;
	size_t count = heap->length < PROBES ? heap->length : PROBES;

	trial.p_timers = offset - (trial.heaps ? 8 : 0);
	for (size_t i = 0; i < count; i++) {
		uint64_t address;
		int back;

		if (go_memory_read(runtime->memory, heap->start + i * slot_size(&trial), &address,
				   sizeof(address)))
			return false;
		back = find_back(runtime, address, back_of(&trial, p));
		if (back < 0)
			continue;
		/* These are as far from each other in all versions. */
		if (trial.heaps)
			trial.timer_when = back - 48;
		trial.timer_back = back;
		if (memcmp(&trial, &runtime->layout, sizeof(trial)) != 0)
			trial.known = false;
		runtime->layout = trial;
		return true;
	}
	return false;
}

/* Looks at each slice in @p. */
static bool search_p(struct go_runtime *runtime, uint64_t p, uint8_t *bytes)
{
	ssize_t size = go_memory_read_some(runtime->memory, p, bytes, P_SIZE);
	struct go_header heap;

	for (size_t at = 8; size > 0 && at + sizeof(heap) <= (size_t)size; at += 8) {
		memcpy(&heap, bytes + at, sizeof(heap));
		if (heap.length && go_header_sane(&heap, CAPACITY_MAX) &&
		    try_heap(runtime, p, at, &heap))
			return true;
	}
	return false;
}

static bool prove(struct go_runtime *runtime, const uint64_t *ps, size_t count, uint8_t *bytes)
{
	size_t offset = heap_offset(&runtime->layout);
	struct go_header heap;
	bool sane = true;

	for (size_t i = 0; i < count; i++) {
		if (go_memory_read(runtime->memory, ps[i] + offset, &heap, sizeof(heap)) ||
		    !go_header_sane(&heap, CAPACITY_MAX))
			sane = false;
		else if (heap.length && try_heap(runtime, ps[i], offset, &heap))
			return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (search_p(runtime, ps[i], bytes))
			return true;
	}
	return sane;
}

int go_heaps_prove(struct go_runtime *runtime)
{
	auto_free uint8_t *bytes = malloc(P_SIZE);
	auto_free uint64_t *ps = NULL;
	size_t count;
	int err;

	if (!bytes)
		return -ENOMEM;
	err = go_runtime_ps(runtime, &ps, &count);
	if (err)
		return err;
	return prove(runtime, ps, count, bytes) ? 0 : -ENOENT;
}

/* ---- one heap -------------------------------------------------------------------- */

static int add_timer(struct reading *reading, const struct go_timer *timer)
{
	struct go_snapshot *snapshot = reading->snapshot;

	if (snapshot->timers == reading->room) {
		size_t room = reading->room ? 2 * reading->room : FIRST_ROOM;
		struct go_timer *all = realloc(snapshot->timer, room * sizeof(*all));

		if (!all)
			return -ENOMEM;
		snapshot->timer = all;
		reading->room = room;
	}
	snapshot->timer[snapshot->timers++] = *timer;
	return 0;
}

static int read_batch(struct reading *reading, size_t count)
{
	int err = go_timers_read(&reading->reader, reading->entry, count);

	for (size_t i = 0; i < count && !err; i++) {
		if (reading->entry[i].fits)
			err = add_timer(reading, &reading->entry[i].timer);
	}
	return err;
}

/* Reads the timers that @bytes, the slots of a heap, point to. */
static int read_timers(struct reading *reading, uint64_t back, const uint8_t *bytes, size_t count)
{
	size_t size = slot_size(&reading->reader.runtime->layout);
	int err = 0;

	for (size_t at = 0; at < count && !err; at += GO_TIMERS_BATCH) {
		size_t some = count - at < GO_TIMERS_BATCH ? count - at : GO_TIMERS_BATCH;

		for (size_t i = 0; i < some; i++) {
			struct slot slot = {0};

			memcpy(&slot, bytes + (at + i) * size, size);
			reading->entry[i].address = slot.address;
			reading->entry[i].when = slot.when;
			reading->entry[i].back = back;
		}
		err = read_batch(reading, some);
	}
	return err;
}

/* Reads @count slots at @start. Returns how many of them differ from what @bytes held before. */
static ssize_t read_slots(const struct go_runtime *runtime, uint64_t start, uint8_t *bytes,
			  size_t count)
{
	size_t size = slot_size(&runtime->layout), differ = 0, total = count * size;
	auto_free uint8_t *again = malloc(total);
	ssize_t got;

	if (!again)
		return -ENOMEM;
	got = go_memory_read_some(runtime->memory, start, again, total);
	if (got < 0)
		return got;
	memset(again + got, 0, total - got);
	for (size_t i = 0; i < count; i++)
		differ += memcmp(again + i * size, bytes + i * size, size) != 0;
	memcpy(bytes, again, total);
	return differ;
}

/*
 * Returns by how many timers the heap of @p has become longer or shorter than @before, or 1 if it
 * is elsewhere. A new timer may have taken the slot of one that is now behind the last slot, and
 * slots that the heap has left look as if nothing moved.
 */
static ssize_t read_growth(const struct go_runtime *runtime, uint64_t p,
			   const struct go_header *before)
{
	struct go_header now;
	int err = go_memory_read(runtime->memory, p + heap_offset(&runtime->layout), &now,
				 sizeof(now));

	if (err)
		return err == -EFAULT ? -ENOENT : err;
	if (now.length != before->length)
		return now.length > before->length ? now.length - before->length :
						     before->length - now.length;
	return now.start != before->start;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

/* A timer that was sorted away while its slot was read can be in two. Returns how many are left. */
static size_t drop_twins(const struct go_layout *layout, uint8_t *bytes, size_t count)
{
	size_t size = slot_size(layout), kept = 0;

	qsort(bytes, count, size, by_address);
	for (size_t i = 0; i < count; i++) {
		if (kept && !by_address(bytes + (kept - 1) * size, bytes + i * size))
			continue;
		memmove(bytes + kept++ * size, bytes + i * size, size);
	}
	return kept;
}

/*
 * Reads the heap of @p once. Sets *moved to how many entries did not fit, or were elsewhere in
 * a second look at the slots: the heap may have been sorted during the first one. Sets *hidden
 * to how many are beyond the most that are kept.
 */
static int read_heap_once(struct reading *reading, uint64_t p, size_t *length, uint64_t *moved,
			  uint64_t *hidden)
{
	const struct go_runtime *runtime = reading->reader.runtime;
	size_t before = reading->snapshot->timers, room = GO_TIMERS_MAX - before;
	auto_free uint8_t *bytes = NULL;
	struct go_header heap;
	size_t slots;
	ssize_t differ;
	int err;

	*length = 0;
	*hidden = 0;
	*moved = 0;
	err = go_memory_read(runtime->memory, p + heap_offset(&runtime->layout), &heap,
			     sizeof(heap));
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	if (!go_header_sane(&heap, CAPACITY_MAX))
		return -ENOENT;
	*length = heap.length < room ? heap.length : room;
	*hidden = heap.length - *length;
	if (!*length)
		return 0;
	bytes = calloc(*length, slot_size(&runtime->layout));
	if (!bytes)
		return -ENOMEM;
	differ = read_slots(runtime, heap.start, bytes, *length);
	for (int i = 0; i < TRIES && differ > 0; i++)
		differ = read_slots(runtime, heap.start, bytes, *length);
	if (!differ)
		differ = read_growth(runtime, p, &heap);
	if (differ < 0)
		return differ;
	slots = differ ? drop_twins(&runtime->layout, bytes, *length) : *length;
	err = read_timers(reading, back_of(&runtime->layout, p), bytes, slots);
	*moved = *length - (reading->snapshot->timers - before);
	if (*moved < (uint64_t)differ)
		*moved = differ;
	return err;
}

/* Reads the heap of @p, again if it has moved meanwhile. */
static int read_heap(struct reading *reading, uint64_t p)
{
	size_t before = reading->snapshot->timers, length;
	uint64_t moved, hidden;
	int err;

	for (int i = 0; i < TRIES; i++) {
		reading->snapshot->timers = before;
		err = read_heap_once(reading, p, &length, &moved, &hidden);
		if (err && err != -ENOENT)
			return err;
		if ((!err && !moved) || length > LONG)
			break;
	}
	if (err)
		return err;
	reading->seen += length;
	reading->moved += moved;
	reading->snapshot->lost[GO_LOSS_TIMERS_CAPPED] += hidden;
	return 0;
}

/*
 * Drops timers that were read twice. One that fires and is armed anew moves to the heap of another
 * P, perhaps from one that was read to one that was not yet. It is where it was read last.
 */
static int drop_moved(struct reading *reading)
{
	struct go_snapshot *snapshot = reading->snapshot;
	struct go_index index = {0};
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; i < snapshot->timers && !err; i++)
		err = go_index_add(&index, snapshot->timer[i].address);
	if (!err)
		err = go_index_finish(&index);
	for (size_t i = 0; i < snapshot->timers && !err; i++) {
		if (go_index_find(&index, snapshot->timer[i].address) == i)
			snapshot->timer[kept++] = snapshot->timer[i];
	}
	go_index_free(&index);
	if (err)
		return err;
	reading->moved += snapshot->timers - kept;
	snapshot->timers = kept;
	return 0;
}

int go_heaps_read(const struct go_runtime *runtime, const uint64_t *ps, size_t count,
		  const struct go_index *index, struct go_snapshot *snapshot)
{
	auto_free struct go_entry *entry = calloc(GO_TIMERS_BATCH, sizeof(*entry));
	struct reading reading = {
		.reader = {.runtime = runtime, .index = index},
		.snapshot = snapshot,
		.entry = entry,
	};
	int err;

	if (!entry)
		return -ENOMEM;
	err = go_gather_new(runtime->memory, &reading.reader.gather);
	for (size_t i = 0; i < count && !err; i++)
		err = read_heap(&reading, ps[i]);
	go_gather_free(reading.reader.gather);
	if (!err)
		err = drop_moved(&reading);
	snapshot->lost[GO_LOSS_TIMERS_MOVED] += reading.moved;
	if (!err && reading.seen >= FEW && snapshot->timers < reading.seen / 2)
		return -ENOENT;
	return err;
}
