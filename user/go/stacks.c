// SPDX-License-Identifier: GPL-2.0-only
/* Stacks: those of parked goroutines, of which equal ones are kept once. */
#include "go/stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

#define FIRST_ROOM 64

static uint64_t hash(uint64_t seed, const struct go_stack *stack)
{
	uint64_t value = seed ^ (stack->depth * 2 + stack->cut);

	for (uint32_t i = 0; i < stack->depth; i++) {
		value = (value ^ stack->pc[i]) * 0x9e3779b97f4a7c15ULL;
		value ^= value >> 32;
	}
	return value;
}

static bool equal(const struct go_stack *a, const struct go_stack *b)
{
	return a->depth == b->depth && a->cut == b->cut &&
	       !memcmp(a->pc, b->pc, a->depth * sizeof(a->pc[0]));
}

/* Returns the slot that holds @stack, or the free one where it belongs. */
static uint32_t *find_slot(const struct go_stacks *stacks, const struct go_stack *stack)
{
	size_t at = hash(stacks->seed, stack) & (stacks->slots - 1);

	while (stacks->slot[at] && !equal(&stacks->snapshot->stack[stacks->slot[at] - 1], stack))
		at = (at + 1) & (stacks->slots - 1);
	return &stacks->slot[at];
}

uint32_t go_stacks_find(const struct go_stacks *stacks, const struct go_stack *stack)
{
	if (!stacks->slots)
		return GO_NONE;
	/* 0 - 1 is GO_NONE. */
	return *find_slot(stacks, stack) - 1;
}

/* Makes room for as many stacks again. There are always more slots than stacks. */
static int grow(struct go_stacks *stacks)
{
	struct go_snapshot *snapshot = stacks->snapshot;
	size_t room = stacks->room ? 2 * stacks->room : FIRST_ROOM;
	struct go_stack_traits *traits;
	struct go_stack *stack;
	uint32_t *slot;

	stack = realloc(snapshot->stack, room * sizeof(*stack));
	if (!stack)
		return -ENOMEM;
	snapshot->stack = stack;
	traits = realloc(stacks->traits, room * sizeof(*traits));
	if (!traits)
		return -ENOMEM;
	stacks->traits = traits;
	slot = calloc(2 * room, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(stacks->slot);
	stacks->slot = slot;
	stacks->slots = 2 * room;
	stacks->seed = random_number();
	stacks->room = room;
	for (size_t i = 0; i < snapshot->stacks; i++)
		*find_slot(stacks, &snapshot->stack[i]) = i + 1;
	return 0;
}

static bool begins_with(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

static struct go_stack_traits judge(struct go_symbols *symbols, const struct go_stack *stack)
{
	struct go_stack_traits traits = {false, false};

	for (uint32_t i = 0; i < stack->depth; i++) {
		const char *name = go_symbols_function(symbols, stack->pc[i]);

		if (!name)
			continue;
		traits.polls |= !strcmp(name, "internal/poll.runtime_pollWait");
		traits.foreign |= !begins_with(name, "runtime.");
	}
	return traits;
}

int go_stacks_add(struct go_stacks *stacks, const struct go_stack *stack, uint32_t *index)
{
	struct go_snapshot *snapshot = stacks->snapshot;

	*index = GO_NONE;
	if (snapshot->stacks == GO_STACKS_MAX)
		return 0;
	if (snapshot->stacks == stacks->room) {
		int err = grow(stacks);

		if (err)
			return err;
	}
	*index = snapshot->stacks;
	snapshot->stack[*index] = *stack;
	stacks->traits[*index] = judge(stacks->symbols, stack);
	*find_slot(stacks, stack) = *index + 1;
	snapshot->stacks++;
	return 0;
}

bool go_stacks_is_end(struct go_stacks *stacks, uint64_t pc)
{
	const char *name;

	if (stacks->end)
		return pc == stacks->end;
	name = go_symbols_function(stacks->symbols, pc);
	if (!name || strcmp(name, "runtime.goexit"))
		return false;
	stacks->end = pc;
	return true;
}

void go_stacks_end(struct go_stacks *stacks)
{
	free(stacks->traits);
	free(stacks->slot);
	stacks->traits = NULL;
	stacks->slot = NULL;
	stacks->room = 0;
	stacks->slots = 0;
}
