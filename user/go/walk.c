// SPDX-License-Identifier: GPL-2.0-only
/* Walks: the stacks of many goroutines followed by their frame pointers, together. */
#include "go/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* What is read of a stack at once: most parked ones are shorter. */
#define WINDOW 512

/* At a frame pointer, on amd64 as on arm64. */
struct record {
	uint64_t caller; /* its frame pointer */
	uint64_t back;	 /* where it returns to */
};

void go_walk_begin(struct go_walk *walk, uint64_t low, uint64_t high, uint64_t pc, uint64_t bp)
{
	walk->low = low;
	walk->high = high;
	walk->bp = bp;
	walk->broken = false;
	walk->stack.depth = 1;
	walk->stack.cut = false;
	walk->stack.pc[0] = pc;
}

static bool is_frame(const struct go_walk *walk, uint64_t bp)
{
	return bp >= walk->low && bp % 8 == 0 && bp < walk->high &&
	       walk->high - bp >= sizeof(struct record);
}

static void give_up(struct go_walk *walk)
{
	walk->stack.cut = true;
	walk->broken = true;
	walk->bp = 0;
}

/* Takes one frame. */
static void step(const struct go_runtime *runtime, struct go_stacks *stacks, struct go_walk *walk,
		 const struct record *record)
{
	struct go_stack *stack = &walk->stack;
	uint64_t pc = record->back - 1;

	if (!go_runtime_is_code(runtime, pc)) {
		give_up(walk);
		return;
	}
	if (!record->caller && go_stacks_is_end(stacks, pc)) {
		walk->bp = 0;
		return;
	}
	if (stack->depth == GO_STACK_DEPTH) {
		stack->cut = true;
		walk->bp = 0;
		return;
	}
	stack->pc[stack->depth++] = pc;
	/* Frames lie in the order of their calls. */
	if (record->caller > walk->bp && is_frame(walk, record->caller))
		walk->bp = record->caller;
	else
		give_up(walk);
}

/* Follows the frames that are in the @size bytes at @window, read at @start. */
static void follow(const struct go_runtime *runtime, struct go_stacks *stacks, struct go_walk *walk,
		   uint64_t start, const uint8_t *window, size_t size)
{
	struct record record;

	while (walk->bp && walk->bp - start + sizeof(record) <= size) {
		memcpy(&record, window + (walk->bp - start), sizeof(record));
		step(runtime, stacks, walk, &record);
	}
}

/* Reads on where @walk stands, and adds the piece. */
static void plan(struct go_walk *walk, uint8_t *window, struct go_piece *piece, size_t *count)
{
	if (!walk->bp)
		return;
	if (!is_frame(walk, walk->bp)) {
		give_up(walk);
		return;
	}
	*piece = (struct go_piece){
		.address = walk->bp,
		.buffer = window,
		.size = walk->high - walk->bp < WINDOW ? walk->high - walk->bp : WINDOW,
	};
	(*count)++;
}

int go_walk_on(const struct go_runtime *runtime, struct go_stacks *stacks, struct go_walk *walk,
	       size_t count)
{
	auto_free uint8_t *windows = malloc(GO_WALKS * WINDOW);
	struct go_piece piece[GO_WALKS];
	uint16_t whose[GO_WALKS];
	size_t pieces;
	int err;

	if (!windows)
		return -ENOMEM;
	/* Each round takes a frame of each, so there are not more of them than frames. */
	do {
		pieces = 0;
		for (size_t i = 0; i < count; i++) {
			whose[pieces] = i;
			plan(&walk[i], windows + pieces * WINDOW, &piece[pieces], &pieces);
		}
		err = pieces ? go_memory_gather(runtime->memory, piece, pieces) : 0;
		for (size_t i = 0; i < pieces && !err; i++) {
			if (piece[i].read)
				follow(runtime, stacks, &walk[whose[i]], piece[i].address,
				       piece[i].buffer, piece[i].size);
			else
				give_up(&walk[whose[i]]);
		}
	} while (pieces && !err);
	return err;
}
