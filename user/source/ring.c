/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a BPF ring buffer by the protocol between its writers and its only reader. */
#include "source/ring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/bpf.h>

#define ALIGNMENT 8 /* of records; headers have the same size, and so are never in two parts */

static const char *data_of(const struct ring *ring)
{
	return (const char *)ring->filled + ring->page;
}

int ring_open(struct ring *ring, int fd, size_t size, ring_take take, void *context)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumed, *filled;

	*ring = (struct ring){.page = page, .size = size, .take = take, .context = context};
	consumed = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumed == MAP_FAILED)
		return -errno;
	ring->consumed = consumed;
	filled = mmap(NULL, page + size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (filled != MAP_FAILED) {
		ring->filled = filled;
		return 0;
	}
	ring_close(ring);
	return -errno;
}

void ring_close(struct ring *ring)
{
	const int saved = errno;

	if (ring->consumed)
		munmap(ring->consumed, ring->page);
	if (ring->filled)
		munmap((void *)ring->filled, ring->page + ring->size);
	free(ring->whole);
	*ring = (struct ring){0};
	errno = saved;
}

/* Returns the @size bytes of data from @at on in one part. NULL without memory. */
static const void *in_one_part(struct ring *ring, size_t at, size_t size)
{
	const char *data = data_of(ring);
	const size_t first = ring->size - at;

	if (size <= first)
		return data + at;
	if (size > ring->room) {
		free(ring->whole);
		ring->whole = malloc(size);
		ring->room = ring->whole ? size : 0;
	}
	if (!ring->whole)
		return NULL;
	memcpy(ring->whole, data + at, first);
	memcpy((char *)ring->whole + first, data, size - first);
	return ring->whole;
}

/* Takes the record at *@position, and moves *@position behind it. 0 or a negative errno. */
static int take_record(struct ring *ring, unsigned long *position, uint32_t header)
{
	const size_t at = (*position + BPF_RINGBUF_HDR_SZ) & (ring->size - 1);
	const size_t size = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	const void *record;

	*position += (size + BPF_RINGBUF_HDR_SZ + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (header & BPF_RINGBUF_DISCARD_BIT)
		return 0;
	record = in_one_part(ring, at, size);
	return record ? ring->take(ring->context, record, size) : -ENOMEM;
}

int ring_consume(struct ring *ring)
{
	unsigned long position = *ring->consumed;
	int err = 0;

	while (!err && position != __atomic_load_n(ring->filled, __ATOMIC_ACQUIRE)) {
		const uint32_t *place =
			(const void *)(data_of(ring) + (position & (ring->size - 1)));
		const uint32_t header = __atomic_load_n(place, __ATOMIC_ACQUIRE);

		/* The record is reserved, but not written yet. */
		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		err = take_record(ring, &position, header);
		__atomic_store_n(ring->consumed, position, __ATOMIC_RELEASE);
	}
	return err;
}
