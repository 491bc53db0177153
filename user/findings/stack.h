/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks: functions by address, the innermost first, and their names. */
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
	bool user;    /* a program's, not the kernel's */
	uint32_t pid; /* of the program, if @user */
};

/*
 * Makes a stack of the kernel of @addresses, 64 bits each. It takes at most @depth of them, and
 * ends at the first 0.
 */
struct stack stack_of_kernel(const void *addresses, size_t depth);

/*
 * Makes a stack of process @pid's program of @addresses, 64 bits each. It takes at most @depth of
 * them, and ends at the first 0.
 */
struct stack stack_of_user(const void *addresses, size_t depth, uint32_t pid);

/*
 * The name of the function at @frame (0 … depth - 1); NULL: not known. Valid until @naming is asked
 * for the next name.
 */
const char *stack_function(const struct stack *stack, const struct naming *naming, size_t frame);

#endif
