/* SPDX-License-Identifier: GPL-2.0-only */
/* Owners: the function of a stack that a person would name, and what it waits for. */
#ifndef DWELL_GO_OWNER_H
#define DWELL_GO_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/snapshot.h"
#include "go/symbols.h"

/*
 * A walk over the functions of a stack, the innermost first: inlined ones too, but none that the
 * compiler made up.
 */
struct go_walk {
	struct go_symbols *symbols;
	const struct go_stack *stack;
	uint64_t pc;		      /* of the function that was returned last */
	uint32_t next;		      /* index of the pc that comes next */
	const struct go_frame *frame; /* of @pc, that come next */
	size_t frames;		      /* how many of them are left */
};

/* Begins a walk; both must outlive it. */
struct go_walk go_walk(struct go_symbols *symbols, const struct go_stack *stack);

/*
 * Returns the next function, whose name is NULL if it is not known; NULL at the end. It is valid
 * as long as the symbols. What the compiler made up is left out, as in the runtime's own stacks.
 */
const struct go_frame *go_walk_next(struct go_walk *walk);

/*
 * The function that a stack is called by: the first frame outside the standard library, else the
 * first one outside runtime, time, sync and internal packages, else the innermost. NULL: unknown.
 */
const char *go_owner(struct go_symbols *symbols, const struct go_stack *stack);

/*
 * What the goroutine with this stack waits for, in the words of Go's own dumps, such as "chan
 * receive"; static. NULL: the stack does not tell.
 */
const char *go_wait(struct go_symbols *symbols, const struct go_stack *stack);

/* Whether the function belongs to Go's standard library, judged by the path of its package. */
bool go_standard_library(const char *function);

#endif
