// SPDX-License-Identifier: GPL-2.0-only
/* Unwinding: the stacks of many goroutines followed by their frame pointers, together. */
#include "go/unwind.h"

#include <string.h>

/* At a frame pointer, on amd64 as on arm64. */
struct record {
	uint64_t caller; /* its frame pointer */
	uint64_t back;	 /* where it returns to */
};

void go_unwind_begin(struct go_unwind *walk, uint64_t low, uint64_t high, uint64_t pc, uint64_t bp)
{
	walk->low = low;
	walk->high = high;
	walk->bp = bp;
	walk->broken = false;
	walk->interrupted = false;
	walk->stack.depth = 1;
	walk->stack.cut = false;
	walk->stack.pc[0] = pc;
}

static bool is_frame(const struct go_unwind *walk, uint64_t bp)
{
	return bp >= walk->low && bp % 8 == 0 && bp < walk->high &&
	       walk->high - bp >= sizeof(struct record);
}

static void give_up(struct go_unwind *walk)
{
	walk->stack.cut = true;
	walk->broken = true;
	walk->bp = 0;
}

/*
 * Returns an address within the function that @record returns to: a byte before, since a call was
 * there, unless the runtime has put its own call in between.
 */
static uint64_t caller_of(const struct go_unwinder *walker, const struct go_unwind *walk,
			  const struct record *record)
{
	const char *name;

	if (!walk->interrupted || walk->stack.depth != 2)
		return record->back - 1;
	name = go_symbols_function(walker->runtime->symbols, walk->stack.pc[1]);
	return name && !strcmp(name, "runtime.asyncPreempt") ? record->back : record->back - 1;
}

/* Takes one frame. */
static void step(const struct go_unwinder *walker, struct go_unwind *walk,
		 const struct record *record)
{
	struct go_stack *stack = &walk->stack;
	uint64_t pc = caller_of(walker, walk, record);

	if (!go_runtime_is_code(walker->runtime, pc)) {
		give_up(walk);
		return;
	}
	if (!record->caller && go_stacks_is_end(walker->stacks, pc)) {
		walk->bp = 0;
		return;
	}
	if (stack->depth == GO_STACK_DEPTH) {
		stack->cut = true;
		walk->bp = 0;
		return;
	}
	stack->pc[stack->depth++] = pc;
	/* A first function that was preempted may have no frame of its own. */
	if (!record->caller && go_symbols_entry(walker->runtime->symbols, pc) == walk->start) {
		walk->bp = 0;
		return;
	}
	/* Frames lie in the order of their calls. */
	if (record->caller > walk->bp && is_frame(walk, record->caller))
		walk->bp = record->caller;
	else
		give_up(walk);
}

/* Follows the frames that are in @window. */
static void follow(const struct go_unwinder *walker, struct go_unwind *walk,
		   const struct go_piece *window)
{
	struct record record;

	while (walk->bp && walk->bp - window->address + sizeof(record) <= window->size) {
		memcpy(&record, (uint8_t *)window->buffer + (walk->bp - window->address),
		       sizeof(record));
		step(walker, walk, &record);
	}
}

/* Reads on where @walk stands, and adds the piece. */
static void plan(struct go_unwind *walk, uint8_t *window, struct go_piece *piece, size_t *count)
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
		.size = walk->high - walk->bp < GO_WINDOW ? walk->high - walk->bp : GO_WINDOW,
	};
	(*count)++;
}

int go_unwind_on(const struct go_unwinder *walker, struct go_unwind *walk, size_t count)
{
	struct go_piece piece[GO_UNWINDS];
	uint16_t whose[GO_UNWINDS];
	size_t pieces;
	int err;

	/* Each round takes a frame of each, so there are not more of them than frames. */
	do {
		pieces = 0;
		for (size_t i = 0; i < count; i++) {
			whose[pieces] = i;
			plan(&walk[i], walker->windows + pieces * GO_WINDOW, &piece[pieces],
			     &pieces);
		}
		err = pieces ? go_gather_read(walker->gather, piece, pieces) : 0;
		for (size_t i = 0; i < pieces && !err; i++) {
			if (piece[i].read)
				follow(walker, &walk[whose[i]], &piece[i]);
			else
				give_up(&walk[whose[i]]);
		}
	} while (pieces && !err);
	return err;
}
