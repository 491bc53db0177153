/* SPDX-License-Identifier: GPL-2.0-only */
/* A stack as text: a line for each function, below a title. */
#ifndef DWELL_SINK_STACK_TEXT_H
#define DWELL_SINK_STACK_TEXT_H

#include <stdio.h>

#include "findings/stack.h"

/*
 * Writes @indent and @title, and a line for each function below. Leaves out dwell's own
 * programs: they took the stack, and so are on top of the kernel's. Writes nothing if no
 * function is left. Failed writes show in the error flag of @out.
 */
void stack_print(FILE *out, const struct stack *stack, const struct naming *naming,
		 const char *indent, const char *title);

/*
 * Writes the function at @frame, which is less than the stack's depth, by name, else by address.
 * Failed writes show in the error flag of @out.
 */
void stack_print_function(FILE *out, const struct stack *stack, const struct naming *naming,
			  size_t frame);

#endif
