/* SPDX-License-Identifier: GPL-2.0-only */
/* A stack as a JSON array of functions. */
#ifndef DWELL_SINK_STACK_JSON_H
#define DWELL_SINK_STACK_JSON_H

#include <jansson.h>

#include "findings/stack.h"

/*
 * Sets @key of @object to an array of all functions, by name, else by address. Sets nothing for
 * an empty stack. 0 or -ENOMEM.
 */
int stack_json(json_t *object, const char *key, const struct stack *stack,
	       const struct naming *naming);

#endif
