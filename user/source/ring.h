/* SPDX-License-Identifier: GPL-2.0-only */
/* A ring buffer that the kernel side writes, each page of it mapped once. */
#ifndef DWELL_SOURCE_RING_H
#define DWELL_SOURCE_RING_H

#include <stddef.h>
#include <stdint.h>

/*
 * libbpf maps the data twice in a row, so that no record is ever in two parts, and all of that
 * counts as this process's memory. Here a record that lies across the end is put together in
 * a place of its own.
 */

/* Takes a record, which is gone when it returns. 0, or a negative errno: nothing more is taken. */
typedef int (*ring_take)(void *context, const void *data, size_t size);

/* All zeros is none; ended by ring_close(). */
struct ring {
	size_t page, size;	     /* of a page, and of the data */
	unsigned long *consumed;     /* mapped */
	const unsigned long *filled; /* mapped; the data is in the pages behind its own */
	void *whole;		     /* owned; for a record in two parts */
	size_t room;
	ring_take take;
	void *context;
};

/*
 * Maps the ring of the map @fd, which holds @size bytes of data, a power of two and of whole pages.
 * The descriptor stays the caller's. 0 or a negative errno, and *ring is none.
 */
int ring_open(struct ring *ring, int fd, size_t size, ring_take take, void *context);
void ring_close(struct ring *ring);

/* Hands over what there is. 0; -ENOMEM; the negative errno of @take, and the rest is left. */
int ring_consume(struct ring *ring);

#endif
