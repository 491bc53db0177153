/* SPDX-License-Identifier: GPL-2.0-only */
/* Unwinding: the stacks of many goroutines followed by their frame pointers, together. */
#ifndef DWELL_GO_UNWIND_H
#define DWELL_GO_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/gather.h"
#include "go/runtime.h"
#include "go/stacks.h"

/* The most that are walked together. */
#define GO_UNWINDS GO_GATHER_MAX
/* Bytes that are read of a stack at once: most parked ones are shorter. */
#define GO_WINDOW 1024

struct go_unwind {
	uint64_t low, high; /* of the stack */
	uint64_t bp;	    /* of the frame to be read next; 0: there is none */
	uint64_t start;	    /* entry of the goroutine's first function */
	struct go_stack stack;
	bool broken;	  /* its chain leads nowhere */
	bool interrupted; /* it may have been stopped between any two instructions */
};

/*
 * Begins a walk of the stack from @low up to @high: its innermost function is at @pc, its frame
 * pointer is @bp. An address that a call returns to is one byte too far.
 */
void go_unwind_begin(struct go_unwind *walk, uint64_t low, uint64_t high, uint64_t pc, uint64_t bp);

/* What walks share. All must outlive it. */
struct go_unwinder {
	const struct go_runtime *runtime;
	struct go_gather *gather;
	struct go_stacks *stacks;
	uint8_t *windows; /* GO_UNWINDS times GO_WINDOW bytes */
};

/* Follows @count walks, at most GO_UNWINDS, to their ends. 0 or a negative errno. */
int go_unwind_on(const struct go_unwinder *walker, struct go_unwind *walk, size_t count);

#endif
