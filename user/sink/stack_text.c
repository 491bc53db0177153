/* SPDX-License-Identifier: GPL-2.0-only */
/* A stack as text: a line for each function, below a title. */
#include "sink/stack_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define NAME_LEN 1024 /* of an escaped name */
#define INDENT "    "

static bool is_own(const char *function)
{
	return function &&
	       (!strncmp(function, "bpf_prog_", 9) || !strncmp(function, "bpf_trace_run", 13) ||
		!strncmp(function, "__bpf_trace_", 12));
}

void stack_print_function(FILE *out, const struct stack *stack, const struct naming *naming,
			  size_t frame)
{
	const char *name = stack_function(stack, naming, frame);
	char harmless[NAME_LEN];

	if (name)
		fputs(text_escape(harmless, sizeof(harmless), name, strlen(name)), out);
	else
		fprintf(out, "0x%" PRIx64, stack->address[frame]);
}

void stack_print(FILE *out, const struct stack *stack, const struct naming *naming,
		 const char *indent, const char *title)
{
	size_t i = 0;

	while (!stack->user && i < stack->depth && is_own(stack_function(stack, naming, i)))
		i++;
	if (i == stack->depth)
		return;
	fprintf(out, "%s%s:\n", indent, title);
	for (; i < stack->depth; i++) {
		fprintf(out, "%s" INDENT, indent);
		stack_print_function(out, stack, naming, i);
		fputc('\n', out);
	}
}
