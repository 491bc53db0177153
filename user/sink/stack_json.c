/* SPDX-License-Identifier: GPL-2.0-only */
/* A stack as a JSON array of functions. */
#include "sink/stack_json.h"

#include <errno.h>
#include <inttypes.h>

#include "base/json.h"

int stack_json(json_t *object, const char *key, const struct stack *stack,
	       const struct naming *naming)
{
	json_t *array;
	int err;

	if (!stack->depth)
		return 0;
	array = json_array();
	err = json_set(object, key, array);
	for (size_t i = 0; i < stack->depth && !err; i++)
		if (json_array_append_new(array, json_resolved(stack_function(stack, naming, i),
							       "0x%" PRIx64, stack->address[i])))
			err = -ENOMEM;
	return err;
}
