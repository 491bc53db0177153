/* SPDX-License-Identifier: GPL-2.0-only */
/* Ring buffers that the kernel side writes, with each page mapped once. */
#ifndef DWELL_SOURCE_RING_H
#define DWELL_SOURCE_RING_H

#include <stddef.h>
#include <stdint.h>

/*
 * libbpf maps the data twice in a row, so that no record is in two parts. But both mappings
 * count as memory of this process. Here a record across the end of the data is copied to a
 * buffer instead.
 */

/*
 * Takes a record of @size bytes; @data is invalid after the return. 0; or a negative errno,
 * after which no more records are handed over.
 */
typedef int (*ring_take)(void *context, const void *data, size_t size);

/* All zeros is no ring, which ring_close() and ring_open() leave behind. */
struct ring {
	size_t page, size;	     /* bytes of a page, and of the data */
	unsigned long *consumed;     /* mapped; the reader's position */
	const unsigned long *filled; /* mapped; the writers' position; the data is a page behind */
	void *whole;		     /* owned; buffer for a record in two parts; NULL: none yet */
	size_t room;		     /* bytes at @whole */
	ring_take take;
	void *context; /* of @take */
};

/*
 * Maps the ring buffer of the map @fd. It has @size bytes of data, a power of two and whole
 * pages. The caller keeps the descriptor. 0, and the caller ends the ring with
 * ring_close(); or a negative errno, and *ring is no ring. ring_close() also takes no ring.
 */
int ring_open(struct ring *ring, int fd, size_t size, ring_take take, void *context);
void ring_close(struct ring *ring);

/*
 * Hands over all complete records. 0; -ENOMEM, or the negative errno of @take: the record
 * that failed is gone, and later ones are still there.
 */
int ring_consume(struct ring *ring);

#endif
