/* SPDX-License-Identifier: GPL-2.0-only */
/* A stack as text: a line for each function, beneath a title. */
#ifndef DWELL_SINK_STACK_TEXT_H
#define DWELL_SINK_STACK_TEXT_H

#include <stdio.h>

#include "findings/stack.h"

/*
 * Writes @title, behind @indent, and a line for each function beneath. dwell's
 * own programs took the stack and are on top of the kernel's: they are left out.
 * Without any other function it writes nothing.
 */
void stack_print(FILE *out, const struct stack *stack, const struct naming *naming,
		 const char *indent, const char *title);

/* Writes the function at @frame, which is below the depth, by name, else by address. */
void stack_print_function(FILE *out, const struct stack *stack, const struct naming *naming,
			  size_t frame);

#endif
