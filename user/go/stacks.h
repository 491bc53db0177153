/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks: those of parked goroutines, of which equal ones are kept once. */
#ifndef DWELL_GO_STACKS_H
#define DWELL_GO_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/snapshot.h"
#include "go/symbols.h"

/* What the functions of a stack say of the goroutine. */
struct go_stack_traits {
	bool polls;   /* it waits for the network poller */
	bool foreign; /* a function outside package runtime is on it */
};

/*
 * Fills the stacks of a snapshot. All zeros but both pointers is empty. A made-up process chooses the
 * stacks, so they are mixed with a number.
 */
struct go_stacks {
	struct go_snapshot *snapshot;
	struct go_symbols *symbols;
	struct go_stack_traits *traits; /* of each stack */
	size_t room;
	uint32_t *slot; /* index + 1 of a stack, or 0 */
	size_t slots;	/* power of two */
	uint64_t seed;
	uint64_t end; /* address in runtime.goexit, once one was seen */
};

/* Returns the index of the stack in the snapshot that equals @stack; GO_NONE: there is none. */
uint32_t go_stacks_find(const struct go_stacks *stacks, const struct go_stack *stack);

/*
 * Adds @stack, which is not there yet, and sets *index; GO_NONE: there are GO_STACKS_MAX
 * already. 0 or -ENOMEM.
 */
int go_stacks_add(struct go_stacks *stacks, const struct go_stack *stack, uint32_t *index);

/* Whether @pc is where each goroutine's first function returns to. */
bool go_stacks_is_end(struct go_stacks *stacks, uint64_t pc);

/* Frees what is of no use once the snapshot is taken; the stacks stay. */
void go_stacks_end(struct go_stacks *stacks);

#endif
