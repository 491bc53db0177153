/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks: functions by address, the innermost first, named and written as text or JSON. */
#ifndef DWELL_FINDINGS_STACK_H
#define DWELL_FINDINGS_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "findings/outlier.h"

struct stack {
	uint64_t address[DWELL_STACK_DEPTH];
	size_t depth;
	bool user;    /* of a program, not of the kernel: … */
	uint32_t pid; /* … of that process */
};

/* The kernel's stack at @addresses, 64 bits each: at most @depth of them, and none behind a 0. */
struct stack stack_of_kernel(const void *addresses, size_t depth);

/* The same of process @pid. */
struct stack stack_of_user(const void *addresses, size_t depth, uint32_t pid);

/*
 * Writes @title, behind @indent, and a line for each function beneath. dwell's
 * own programs, which took the stack and so are on top of the kernel's, are left
 * out. Without any other function it writes nothing.
 */
void stack_print(FILE *out, const struct stack *stack, const struct outlier_names *names,
		 const char *indent, const char *title);

/* Sets @key of @object to an array of all functions; not of an empty stack. 0 or -ENOMEM. */
int stack_json(json_t *object, const char *key, const struct stack *stack,
	       const struct outlier_names *names);

#endif
