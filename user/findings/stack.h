/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks: functions by address, the innermost first, and what they are called. */
#ifndef DWELL_FINDINGS_STACK_H
#define DWELL_FINDINGS_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "model/naming.h"

struct stack {
	uint64_t address[DWELL_STACK_DEPTH];
	size_t depth;
	bool user;    /* of a program, not of the kernel: … */
	uint32_t pid; /* … of that process */
};

/* The kernel's stack at @addresses, 64 bits each: at most @depth of them, and none behind a 0. */
struct stack stack_of_kernel(const void *addresses, size_t depth);

/* A stack of the program of process @pid, from @addresses as above. */
struct stack stack_of_user(const void *addresses, size_t depth, uint32_t pid);

/*
 * The name of the function at @frame, which is below the depth. NULL: not known.
 * Valid until the next name is asked for.
 */
const char *stack_function(const struct stack *stack, const struct naming *naming, size_t frame);

#endif
