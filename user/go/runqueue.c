// SPDX-License-Identifier: GPL-2.0-only
/* Run queues: how many goroutines the Ps of a Go process have in queues of their own. */
#include "go/runqueue.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "go/snapshot.h"

struct queue {
	uint32_t head, tail;
	uint64_t next;
};

int go_runqueue_read(const struct go_runtime *runtime, const uint64_t *ps, size_t count,
		     uint32_t *length)
{
	const uint16_t offset = runtime->layout.p_runqhead;
	auto_free struct go_piece *piece = calloc(2 * count, sizeof(*piece));
	auto_free struct queue *queue = calloc(count, sizeof(*queue));
	int err;

	*length = 0;
	/* Numbers prove nothing: where another version may keep them, anything can be a queue. */
	if (!offset || !runtime->layout.known)
		return -ENOENT;
	if (!piece || !queue)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		piece[2 * i] = (struct go_piece){ps[i] + offset, &queue[i].head, 8, false};
		piece[2 * i + 1] = (struct go_piece){ps[i] + offset + 8 + 8 * GO_RUNQ_LENGTH,
						     &queue[i].next, 8, false};
	}
	err = go_memory_gather(runtime->memory, piece, 2 * count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		/* Both run on and wrap around. */
		uint32_t used = queue[i].tail - queue[i].head;

		if (!piece[2 * i].read || !piece[2 * i + 1].read || used > GO_RUNQ_LENGTH)
			return -ENOENT;
		*length += used + (queue[i].next != 0);
	}
	return 0;
}
