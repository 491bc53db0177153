/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks: functions by address, the innermost first, and their names. */
#include "findings/stack.h"

#include <string.h>

struct stack stack_of_kernel(const void *addresses, size_t depth)
{
	struct stack stack = {0};

	if (depth > DWELL_STACK_DEPTH)
		depth = DWELL_STACK_DEPTH;
	memcpy(stack.address, addresses, depth * sizeof(*stack.address));
	while (stack.depth < depth && stack.address[stack.depth])
		stack.depth++;
	return stack;
}

struct stack stack_of_user(const void *addresses, size_t depth, uint32_t pid)
{
	struct stack stack = stack_of_kernel(addresses, depth);

	stack.user = true;
	stack.pid = pid;
	return stack;
}

const char *stack_function(const struct stack *stack, const struct naming *naming, size_t frame)
{
	uint64_t address = stack->address[frame];

	if (!stack->user)
		return naming_function(naming, address);
	/* All but the innermost are return addresses, which may lie behind the function's end. */
	return naming_user_function(naming, stack->pid, address - !!frame);
}
