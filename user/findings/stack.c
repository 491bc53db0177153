/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks: functions by address, the innermost first, named and written as text or JSON. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "findings/outlier_private.h"
#include "findings/stack.h"
#include "base/text.h"

#define NAME_LEN 1024
#define INDENT "    "

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

static const char *function_at(const struct stack *stack, const struct outlier_names *names,
			       size_t frame)
{
	uint64_t address = stack->address[frame];

	if (!stack->user)
		return outlier_function(names, address);
	/* All but the innermost are return addresses: they may lie behind their function. */
	return outlier_user_function(names, stack->pid, address - !!frame);
}

static bool is_own(const char *function)
{
	return function &&
	       (!strncmp(function, "bpf_prog_", 9) || !strncmp(function, "bpf_trace_run", 13) ||
		!strncmp(function, "__bpf_trace_", 12));
}

static void print_frame(FILE *out, const struct stack *stack, const struct outlier_names *names,
			size_t frame)
{
	const char *name = function_at(stack, names, frame);
	char harmless[NAME_LEN];

	if (name)
		fputs(text_escape(harmless, sizeof(harmless), name, strlen(name)), out);
	else
		fprintf(out, "0x%" PRIx64, stack->address[frame]);
}

void stack_print(FILE *out, const struct stack *stack, const struct outlier_names *names,
		 const char *indent, const char *title)
{
	size_t i = 0;

	while (!stack->user && i < stack->depth && is_own(function_at(stack, names, i)))
		i++;
	if (i == stack->depth)
		return;
	fprintf(out, "%s%s:\n", indent, title);
	for (; i < stack->depth; i++) {
		fprintf(out, "%s" INDENT, indent);
		print_frame(out, stack, names, i);
		fputc('\n', out);
	}
}

int stack_json(json_t *object, const char *key, const struct stack *stack,
	       const struct outlier_names *names)
{
	json_t *array;
	int err;

	if (!stack->depth)
		return 0;
	array = json_array();
	err = json_set(object, key, array);
	for (size_t i = 0; i < stack->depth && !err; i++)
		if (json_array_append_new(array, json_resolved(function_at(stack, names, i),
							       "0x%" PRIx64, stack->address[i])))
			err = -ENOMEM;
	return err;
}
