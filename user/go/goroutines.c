// SPDX-License-Identifier: GPL-2.0-only
/* Goroutines: all that a Go process has, with the stacks of those that are parked. */
#include "go/goroutines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "go/g.h"
#include "go/stacks.h"
#include "go/unwind.h"

#define FIRST_ROOM 64
/* Functions that goroutines start with, of which it is kept what they are; and creators. */
#define STARTS 256
/* Below as many of them nothing follows from goroutines that cannot be read. */
#define FEW 8

/* What a goroutine is by the function that it starts with. */
enum start_kind {
	START_UNKNOWN,
	START_USER,
	START_SYSTEM,
	START_CALLER, /* of the runtime, but it calls functions that the user gave it */
};

struct start {
	uint64_t pc;
	enum start_kind kind;
};

/* One g that is read, and where its goroutine is in the snapshot. */
struct member {
	struct go_g g;
	uint32_t goroutine;
};

struct reading {
	const struct go_runtime *runtime;
	struct go_snapshot *snapshot;
	struct go_index *index;
	struct go_stacks stacks;
	struct go_gather *gather;
	uint64_t now;	/* mono ns */
	size_t room;	/* of the snapshot's goroutines */
	size_t strange; /* that are no goroutines, or not sane */
	struct start start[STARTS];
	uint64_t creator[STARTS]; /* addresses that a name was asked for */
	/* Of one batch: */
	uint8_t (*bytes)[GO_G_SIZE];
	uint8_t *windows; /* of stacks */
	struct go_unwind *walk;
	struct member *member; /* of each walk */
	size_t walks;
};

/* ---- what a goroutine is --------------------------------------------------------- */

/* What the runtime's isSystemGoroutine() says. */
static enum start_kind judge_start(struct go_symbols *symbols, uint64_t pc)
{
	static const char *const user[] = {"runtime.main", "runtime.corostart",
					   "runtime.handleAsyncEvent"};
	static const char *const callers[] = {"runtime.runfinq", "runtime.runFinalizers",
					      "runtime.runCleanups"};
	const char *name = pc ? go_symbols_function(symbols, pc) : NULL;

	if (!name || strncmp(name, "runtime.", strlen("runtime.")) != 0)
		return START_USER;
	for (size_t i = 0; i < sizeof(user) / sizeof(user[0]); i++) {
		if (!strcmp(name, user[i]))
			return START_USER;
	}
	for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++) {
		if (!strcmp(name, callers[i]))
			return START_CALLER;
	}
	return START_SYSTEM;
}

static enum start_kind kind_of_start(struct reading *reading, uint64_t pc)
{
	struct start *start = &reading->start[(pc ^ pc >> 8) % STARTS];

	if (start->pc != pc || start->kind == START_UNKNOWN) {
		start->pc = pc;
		start->kind = judge_start(reading->runtime->symbols, pc);
	}
	return start->kind;
}

/*
 * Has the creator's function named, as those of the stacks are: a name that is missing is counted
 * with this snapshot, and none is read of another program that has been executed meanwhile.
 */
static void meet_creator(struct reading *reading, uint64_t pc)
{
	uint64_t *met = &reading->creator[(pc ^ pc >> 8) % STARTS];

	if (*met != pc)
		go_symbols_function(reading->runtime->symbols, pc);
	*met = pc;
}

static enum go_state state_of(uint32_t status)
{
	switch (status) {
	case GO_G_RUNNABLE:
		return GO_RUNNABLE;
	case GO_G_RUNNING:
		return GO_RUNNING;
	case GO_G_SYSCALL:
		return GO_SYSCALL;
	case GO_G_WAITING:
	case GO_G_LEAKED:
		return GO_WAITING;
	default:
		return GO_OTHER;
	}
}

/* ---- one batch ------------------------------------------------------------------- */

static int add_goroutine(struct reading *reading, const struct go_g *g)
{
	struct go_snapshot *snapshot = reading->snapshot;

	if (snapshot->goroutines == reading->room) {
		size_t room = reading->room ? 2 * reading->room : FIRST_ROOM;
		struct go_goroutine *all = realloc(snapshot->goroutine, room * sizeof(*all));

		if (!all)
			return -ENOMEM;
		snapshot->goroutine = all;
		reading->room = room;
	}
	snapshot->goroutine[snapshot->goroutines++] = (struct go_goroutine){
		.id = g->id,
		.state = state_of(g->status),
		.system = kind_of_start(reading, g->start) >= START_SYSTEM,
		.stack = GO_NONE,
		.creator = g->creator,
		.start = g->start,
		.since = g->since > 0 && (uint64_t)g->since <= reading->now ? g->since : 0,
	};
	meet_creator(reading, g->creator);
	return go_index_add(reading->index, g->address);
}

/*
 * Returns where the frame pointer is saved by the function that has entered a system call; 0:
 * that is not known. Up to Go 1.22 the runtime knows the stack pointer alone. On amd64 the frame
 * ends with the caller's frame pointer, in front of the return address.
 */
static uint64_t find_frame(const struct go_runtime *runtime, const struct go_g *g)
{
	int64_t size = -1;

	if (runtime->module->quantum == 1)
		size = go_symbols_frame_size(runtime->symbols, g->syscall_pc - 1);
	return size >= 8 ? g->syscall_sp + size - 8 : 0;
}

/* Begins the walk of the last goroutine, if its stack is at rest. */
static void begin_walk(struct reading *reading, const struct go_g *g)
{
	struct go_unwind *walk = &reading->walk[reading->walks];
	uint64_t pc = g->pc, bp = g->bp;

	switch (g->status) {
	case GO_G_RUNNABLE:
	case GO_G_WAITING:
	case GO_G_PREEMPTED:
	case GO_G_LEAKED:
		break;
	case GO_G_SYSCALL:
		pc = g->syscall_pc;
		bp = g->syscall_bp ? g->syscall_bp : find_frame(reading->runtime, g);
		break;
	default:
		return;
	}
	if (!go_runtime_is_code(reading->runtime, pc))
		return;
	/* One that never ran is at the beginning of its function, and was not called. */
	go_unwind_begin(walk, g->stack_low, g->stack_high, pc == g->start ? pc : pc - 1, bp);
	walk->start = g->start;
	walk->interrupted = g->status == GO_G_RUNNABLE || g->status == GO_G_PREEMPTED;
	/* Only what never ran has nothing in front of it. */
	walk->stack.cut = !bp && pc != g->start;
	reading->member[reading->walks++] = (struct member){*g, reading->snapshot->goroutines - 1};
}

static int take(struct reading *reading, const struct go_piece *piece)
{
	struct go_g g;
	int err;

	if (!piece->read || !go_g_is_one(piece->address, piece->buffer)) {
		reading->strange++;
		return 0;
	}
	go_g_decode(&reading->runtime->layout, piece->address, piece->buffer, &g);
	if (!go_g_sane(reading->runtime, &g)) {
		reading->strange++;
		return 0;
	}
	if (go_g_dead(&g))
		return 0;
	err = add_goroutine(reading, &g);
	if (!err)
		begin_walk(reading, &g);
	return err;
}

static void set_stack(struct reading *reading, size_t i, uint32_t stack)
{
	struct go_goroutine *goroutine =
		&reading->snapshot->goroutine[reading->member[i].goroutine];

	if (reading->walk[i].broken)
		reading->snapshot->lost[GO_LOSS_STACKS_BROKEN]++;
	goroutine->stack = stack;
	if (stack == GO_NONE) {
		reading->snapshot->lost[GO_LOSS_STACKS_CAPPED]++;
		return;
	}
	goroutine->polls = reading->stacks.traits[stack].polls;
	/* The user's function that the runtime calls makes it the user's goroutine. */
	if (reading->stacks.traits[stack].foreign &&
	    kind_of_start(reading, goroutine->start) == START_CALLER)
		goroutine->system = false;
}

/* Whether the goroutine of walk @i is still where it was before the walk. */
static bool stayed(const struct reading *reading, size_t i, const struct go_piece *piece)
{
	const struct go_g *before = &reading->member[i].g;
	struct go_g g;

	if (!piece->read)
		return false;
	go_g_decode(&reading->runtime->layout, piece->address, piece->buffer, &g);
	return g.id == before->id && g.status == before->status && g.pc == before->pc &&
	       g.bp == before->bp && g.stack_low == before->stack_low &&
	       g.syscall_pc == before->syscall_pc && g.syscall_bp == before->syscall_bp;
}

/*
 * Keeps the stacks. A stack that was not seen before could be a mixture of two if the goroutine
 * has run meanwhile, so it is believed only if that has not.
 */
static int keep_stacks(struct reading *reading)
{
	struct go_piece piece[GO_UNWINDS];
	uint16_t whose[GO_UNWINDS];
	size_t pieces = 0;
	int err;

	for (size_t i = 0; i < reading->walks; i++) {
		uint32_t stack = go_stacks_find(&reading->stacks, &reading->walk[i].stack);

		if (stack != GO_NONE) {
			set_stack(reading, i, stack);
			continue;
		}
		whose[pieces] = i;
		piece[pieces] = (struct go_piece){reading->member[i].g.address,
						  reading->bytes[pieces], GO_G_SIZE, false};
		pieces++;
	}
	err = pieces ? go_gather_read(reading->gather, piece, pieces) : 0;
	for (size_t i = 0; i < pieces && !err; i++) {
		const struct go_stack *stack = &reading->walk[whose[i]].stack;
		uint32_t index = go_stacks_find(&reading->stacks, stack);

		if (index == GO_NONE && !stayed(reading, whose[i], &piece[i])) {
			reading->snapshot->lost[GO_LOSS_STACKS_BROKEN]++;
			continue;
		}
		if (index == GO_NONE)
			err = go_stacks_add(&reading->stacks, stack, &index);
		if (!err)
			set_stack(reading, whose[i], index);
	}
	return err;
}

static int read_batch(struct reading *reading, const uint64_t *address, size_t count)
{
	const struct go_unwinder walker = {
		.runtime = reading->runtime,
		.gather = reading->gather,
		.stacks = &reading->stacks,
		.windows = reading->windows,
	};
	struct go_piece piece[GO_UNWINDS];
	int err;

	for (size_t i = 0; i < count; i++)
		piece[i] = (struct go_piece){address[i], reading->bytes[i], GO_G_SIZE, false};
	err = go_gather_read(reading->gather, piece, count);
	reading->walks = 0;
	reading->now = clock_mono();
	for (size_t i = 0; i < count && !err; i++)
		err = take(reading, &piece[i]);
	if (!err)
		err = go_unwind_on(&walker, reading->walk, reading->walks);
	return err ? err : keep_stacks(reading);
}

static int read_all(struct reading *reading, const uint64_t *address, size_t count)
{
	auto_free void *bytes = malloc(GO_UNWINDS * sizeof(*reading->bytes));
	auto_free struct go_unwind *walk = calloc(GO_UNWINDS, sizeof(*walk));
	auto_free uint8_t *windows = malloc(GO_UNWINDS * GO_WINDOW);
	auto_free struct member *member = calloc(GO_UNWINDS, sizeof(*member));
	int err = 0;

	if (!bytes || !walk || !windows || !member)
		return -ENOMEM;
	reading->bytes = bytes;
	reading->walk = walk;
	reading->windows = windows;
	reading->member = member;
	for (size_t at = 0; at < count && !err; at += GO_UNWINDS)
		err = read_batch(reading, address + at,
				 count - at < GO_UNWINDS ? count - at : GO_UNWINDS);
	return err;
}

int go_goroutines_read(const struct go_runtime *runtime, struct go_snapshot *snapshot,
		       struct go_index *index)
{
	struct reading reading = {
		.runtime = runtime,
		.snapshot = snapshot,
		.index = index,
		.stacks = {.snapshot = snapshot, .symbols = runtime->symbols},
	};
	auto_free uint64_t *gs = NULL;
	size_t count;
	int err;

	err = go_runtime_gs(runtime, GO_GOROUTINES_MAX, &gs, &count,
			    &snapshot->lost[GO_LOSS_GOROUTINES_CAPPED]);
	if (!err)
		err = go_gather_new(runtime->memory, &reading.gather);
	if (!err)
		err = read_all(&reading, gs, count);
	go_gather_free(reading.gather);
	go_stacks_end(&reading.stacks);
	if (err)
		return err;
	snapshot->lost[GO_LOSS_GOROUTINES_MOVED] += reading.strange;
	if (reading.strange > FEW + count / 16)
		return -ENOENT;
	return go_index_finish(index);
}
