/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A made-up Go program for the tests of what is told of one: names of addresses, and a snapshot.
 * It stands in for go/symbols.c, so only one file of a test includes it.
 */
#ifndef DWELL_TESTS_GO_NAMES_H
#define DWELL_TESTS_GO_NAMES_H

#include <stdlib.h>
#include <string.h>

#include "go/snapshot.h"
#include "go/symbols.h"

#define NAMES_MAX 64

/* ---- names ------------------------------------------------------------------------ */

/* The functions at an address, the innermost first. */
struct go_symbols {
	struct {
		uint64_t pc;
		struct go_frame frame[3];
		size_t frames;
	} at[NAMES_MAX];
	size_t count;
	size_t asked; /* how often a name was */
};

static struct go_symbols program;

/* Names the next function at @pc, which is called by those named before. Strings stay theirs. */
static inline void name_at(uint64_t pc, const char *function, const char *file, uint32_t line)
{
	size_t i = 0;

	while (i < program.count && program.at[i].pc != pc)
		i++;
	if (i == program.count)
		program.count++;
	program.at[i].pc = pc;
	program.at[i].frame[program.at[i].frames++] =
		(struct go_frame){.function = function, .file = file, .line = line};
}

size_t go_symbols_frames(struct go_symbols *symbols, uint64_t pc, const struct go_frame **frames)
{
	symbols->asked++;
	for (size_t i = 0; i < symbols->count; i++) {
		if (symbols->at[i].pc != pc)
			continue;
		*frames = symbols->at[i].frame;
		return symbols->at[i].frames;
	}
	return 0;
}

const char *go_symbols_function(struct go_symbols *symbols, uint64_t pc)
{
	const struct go_frame *frames;
	const size_t count = go_symbols_frames(symbols, pc, &frames);

	return count ? frames[count - 1].function : NULL;
}

/* ---- the snapshot --------------------------------------------------------------------- */

#define MADE_MAX 256

static struct go_timer made_timer[MADE_MAX];
static struct go_goroutine made_goroutine[MADE_MAX];
static struct go_stack made_stack[MADE_MAX];
static struct go_snapshot made;

/* An empty program and snapshot, taken at @at. */
static inline void make_nothing(int64_t at)
{
	program = (struct go_symbols){0};
	made = (struct go_snapshot){
		.at = at,
		.took_ns = 1000,
		.ps = 2,
		.timer = made_timer,
		.goroutine = made_goroutine,
		.stack = made_stack,
		.complete = true,
	};
}

/* A stack of three addresses; 0 ends it before. Returns its index. */
static inline uint32_t make_stack(uint64_t a, uint64_t b, uint64_t c)
{
	struct go_stack *stack = &made_stack[made.stacks];

	*stack = (struct go_stack){.pc = {a, b, c}, .depth = a && b && c ? 3 : a && b ? 2 : 1};
	return (uint32_t)made.stacks++;
}

static inline struct go_goroutine *make_goroutine(enum go_state state, uint32_t stack,
						  uint64_t creator)
{
	struct go_goroutine *goroutine = &made_goroutine[made.goroutines++];

	*goroutine = (struct go_goroutine){
		.id = made.goroutines, .state = state, .stack = stack, .creator = creator};
	return goroutine;
}

/* A timer due at @when that nobody waits for. */
static inline struct go_timer *make_timer(enum go_timer_kind kind, uint64_t period_ns, int64_t when)
{
	struct go_timer *timer = &made_timer[made.timers++];

	*timer = (struct go_timer){
		.kind = kind, .period_ns = period_ns, .when = when, .goroutine = GO_NONE};
	return timer;
}

/* Has the goroutine that was made last wait for @timer. */
static inline void receive(struct go_timer *timer)
{
	timer->receivers++;
	timer->goroutine = (uint32_t)made.goroutines - 1;
}

#endif
