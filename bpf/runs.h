/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU ran lately, in a few dozen entries: exact for the last milliseconds,
 * coarser the longer ago.
 *
 * A wait is explained when it ends, so what is asked is always who ran since some
 * moment. An entry may be as long as a part of its age: then the one that the
 * moment falls into is a small part of the wait, and the number of entries grows
 * with the logarithm of the time that they reach back.
 *
 * Names come last to be given up. Short runs of a task are added up in one entry
 * as they happen. When the entries are used up, older ones are merged: those of
 * one task first; if that makes too little room, those of one process, then of one
 * name, in each case the small ones; then the small ones of any name; then all.
 * How far that went last time is where it begins next time.
 *
 * Both sides include this: the unit tests run what the kernel runs. There each
 * function that is not inline is checked by the verifier once, by itself.
 */
#ifndef DWELL_RUNS_H
#define DWELL_RUNS_H

#include "dwell.h"

#ifndef DWELL_RUNS_FUNCTION
#define DWELL_RUNS_FUNCTION static inline
#endif

#define DWELL_RUNS_MASK (DWELL_RUNS - 1)
#define DWELL_RUNS_RECENT (DWELL_RUNS / 4)   /* the latest ones are never merged */
#define DWELL_RUNS_ROOM (DWELL_RUNS * 3 / 4) /* with no more than these there is room again */
#define DWELL_RUNS_LOOK 8		     /* an entry is merged into one of so many before it */

/* Runs of a task are added up in an entry that began less than that ago, ns. */
#define DWELL_RUNS_QUANTUM_MIN 250000
#define DWELL_RUNS_QUANTUM_MAX 4000000

/* What is merged. Each level includes those before it. */
enum dwell_runs_level {
	DWELL_RUNS_TASKS,
	DWELL_RUNS_TASKS_LONGER,
	DWELL_RUNS_PROCESSES,
	DWELL_RUNS_NAMES,
	DWELL_RUNS_SMALL,
	DWELL_RUNS_ALL,
	DWELL_RUNS_LEVELS,
	DWELL_RUNS_NOTHING = DWELL_RUNS_LEVELS
};

/* All zeros is an empty one. Written by its CPU alone. */
struct dwell_history {
	__u32 count;   /* entries in use: always less than DWELL_RUNS when nobody writes */
	__u32 kept;    /* while they are merged: entries that are in place */
	__u32 level;   /* enum dwell_runs_level: what the last merge had to come to */
	__u32 version; /* odd while entries are merged */
	__u64 quantum; /* ns; 0: the least */
	__u64 merged_at;
	__u8 slot[64]; /* by tid % 64: the entry that such a task was last added to */
	struct dwell_run run[DWELL_RUNS]; /* by when they were begun, the oldest first */
};

/* Whether @run is of one task, or of nobody. */
static inline __attribute__((always_inline)) int dwell_run_is_exact(const struct dwell_run *run)
{
	return run->kind == DWELL_RUN_TASK || run->kind == DWELL_RUN_IDLE;
}

/*
 * Adds a run of @tid from @begin to @until to the entry that has its latest short
 * ones. 0: there is none, and dwell_runs_push() is to be called.
 */
static inline __attribute__((always_inline)) int dwell_runs_add(struct dwell_history *history,
								__u32 tid, __u64 begin, __u64 until)
{
	__u32 at = history->slot[tid % 64];
	struct dwell_run *run = &history->run[at & DWELL_RUNS_MASK];

	if (at >= history->count || run->tid != tid || !dwell_run_is_exact(run) ||
	    until - run->begin >= history->quantum)
		return 0;
	run->until = until;
	run->ns += until - begin;
	return 1;
}

/* Whether @run is too little for its name to matter in a wait that reaches back to it. */
static inline __attribute__((always_inline)) int dwell_run_is_small(const struct dwell_run *run,
								    __u64 now)
{
	return run->ns << 4 <= now - run->begin;
}

static inline __attribute__((always_inline)) int dwell_run_names_equal(const struct dwell_run *a,
								       const struct dwell_run *b)
{
	return a->name[0] == b->name[0] && a->name[1] == b->name[1];
}

/* Whether @level allows @run's becoming one with @into, which is not younger. */
static inline __attribute__((always_inline)) int
dwell_runs_alike(const struct dwell_run *into, const struct dwell_run *run, __u32 level, __u64 now)
{
	if (into->kind == DWELL_RUN_IDLE || run->kind == DWELL_RUN_IDLE ||
	    into->kind == DWELL_RUN_MIXED || run->kind == DWELL_RUN_MIXED)
		return into->kind == run->kind;
	if (!dwell_run_names_equal(into, run))
		return 0;
	if (run->tid && into->tid == run->tid)
		return 1;
	if (level < DWELL_RUNS_PROCESSES)
		return run->pid && into->pid == run->pid && !into->tid && !run->tid;
	/* One that stands out is told by itself. */
	if ((run->tid && !dwell_run_is_small(run, now)) ||
	    (into->tid && !dwell_run_is_small(into, now)))
		return level == DWELL_RUNS_ALL;
	return level >= DWELL_RUNS_NAMES || (run->pid && into->pid == run->pid);
}

/* Whether both are so long ago that they may be one entry. */
static inline __attribute__((always_inline)) int
dwell_runs_near(const struct dwell_run *into, const struct dwell_run *run, __u32 level, __u64 now)
{
	__u64 until = run->until > into->until ? run->until : into->until;
	__u64 begin = run->begin < into->begin ? run->begin : into->begin;
	__u32 shift = level == DWELL_RUNS_TASKS ? 2 : level < DWELL_RUNS_ALL ? 1 : 0;

	return until <= now && until - begin <= (now - until) >> shift;
}

/* Field by field: of a struct's assignment clang makes a memmove(), which BPF has not. */
static inline __attribute__((always_inline)) void dwell_run_copy(struct dwell_run *to,
								 const struct dwell_run *from)
{
	to->begin = from->begin;
	to->until = from->until;
	to->ns = from->ns;
	to->tasks = from->tasks;
	to->name[0] = from->name[0];
	to->name[1] = from->name[1];
	to->pid = from->pid;
	to->tid = from->tid;
	to->kind = from->kind;
}

static inline __attribute__((always_inline)) void dwell_run_merge(struct dwell_run *into,
								  const struct dwell_run *run)
{
	if (run->until > into->until)
		into->until = run->until;
	if (run->begin < into->begin)
		into->begin = run->begin;
	into->ns += run->ns;
	into->tasks |= run->tasks;
	if (into->kind == DWELL_RUN_IDLE || into->kind == DWELL_RUN_MIXED)
		return;
	if (into->tid == run->tid && run->tid)
		return;
	into->tid = 0;
	into->kind = DWELL_RUN_PROCESS;
	if (into->pid == run->pid && run->pid)
		return;
	into->pid = 0;
	into->kind = DWELL_RUN_NAME;
}

static inline __attribute__((always_inline)) void dwell_run_forget_name(struct dwell_run *run)
{
	run->kind = DWELL_RUN_MIXED;
	run->name[0] = 0;
	run->name[1] = 0;
	run->pid = 0;
	run->tid = 0;
}

/* Merges the entry @at into one of those that are in place, or puts it behind them. */
DWELL_RUNS_FUNCTION int dwell_runs_place(struct dwell_history *history, __u32 at, __u32 level,
					 __u64 now)
{
	struct dwell_run *run, *into;
	__u32 kept;

	if (!history)
		return 0;
	run = &history->run[at & DWELL_RUNS_MASK];
	kept = history->kept;
	if (level < DWELL_RUNS_NOTHING) {
		if (run->kind != DWELL_RUN_IDLE &&
		    (level == DWELL_RUNS_ALL ||
		     (level == DWELL_RUNS_SMALL && dwell_run_is_small(run, now))))
			dwell_run_forget_name(run);
		for (__u32 i = 1; i <= DWELL_RUNS_LOOK && i <= kept; i++) {
			into = &history->run[(kept - i) & DWELL_RUNS_MASK];
			if (!dwell_runs_alike(into, run, level, now) ||
			    !dwell_runs_near(into, run, level, now))
				continue;
			dwell_run_merge(into, run);
			return 0;
		}
	}
	if (kept != at)
		dwell_run_copy(&history->run[kept & DWELL_RUNS_MASK], run);
	history->kept = kept + 1;
	return 0;
}

/* Merges what @level allows, but for the latest ones. */
DWELL_RUNS_FUNCTION int dwell_runs_pass(struct dwell_history *history, __u32 level, __u64 now)
{
	if (!history)
		return 0;
	history->kept = 0;
	for (__u32 i = 0; i < DWELL_RUNS && i < history->count; i++)
		dwell_runs_place(
			history, i,
			i + DWELL_RUNS_RECENT < history->count ? level : DWELL_RUNS_NOTHING, now);
	history->count = history->kept;
	return 0;
}

/* What cannot be merged: forgets the oldest ones. */
DWELL_RUNS_FUNCTION int dwell_runs_drop(struct dwell_history *history)
{
	if (!history)
		return 0;
	for (__u32 i = 0; i < DWELL_RUNS_ROOM; i++)
		dwell_run_copy(&history->run[i], &history->run[i + DWELL_RUNS - DWELL_RUNS_ROOM]);
	history->count = DWELL_RUNS_ROOM;
	return 0;
}

/* Who has many tasks that run for a moment gets longer entries, and whoever has not, shorter ones. */
static inline __attribute__((always_inline)) void dwell_runs_adapt(struct dwell_history *history,
								   __u64 now)
{
	__u64 quantum = history->quantum, since = now - history->merged_at;

	if (since < quantum << 3)
		quantum <<= 1;
	else if (since > quantum << 6)
		quantum >>= 1;
	if (quantum < DWELL_RUNS_QUANTUM_MIN)
		quantum = DWELL_RUNS_QUANTUM_MIN;
	if (quantum > DWELL_RUNS_QUANTUM_MAX)
		quantum = DWELL_RUNS_QUANTUM_MAX;
	history->quantum = quantum;
	history->merged_at = now;
}

/* Makes room for entries, of a @history that is full. */
DWELL_RUNS_FUNCTION int dwell_runs_make_room(struct dwell_history *history, __u64 now)
{
	__u32 level;

	if (!history)
		return 0;
	level = history->level ? history->level - 1 : 0;
	__sync_fetch_and_add(&history->version, 1);
	for (__u32 i = 0; i < DWELL_RUNS_LEVELS; i++) {
		dwell_runs_pass(history, level, now);
		if (history->count <= DWELL_RUNS_ROOM || level >= DWELL_RUNS_ALL)
			break;
		level++;
	}
	history->level = level;
	if (history->count > DWELL_RUNS_ROOM)
		dwell_runs_drop(history);
	dwell_runs_adapt(history, now);
	__sync_fetch_and_add(&history->version, 1);
	return 0;
}

/* The entry for a run that is none before; the caller fills in whose it is, and calls dwell_runs_pushed(). */
static inline __attribute__((always_inline)) struct dwell_run *
dwell_runs_push(struct dwell_history *history, __u32 tid, __u64 begin, __u64 until)
{
	__u32 at = history->count & DWELL_RUNS_MASK;
	struct dwell_run *run = &history->run[at];

	history->slot[tid % 64] = at;
	run->begin = begin;
	run->until = until;
	run->ns = until - begin;
	run->tasks = tid ? 1ULL << (tid % 64) : 0;
	run->tid = tid;
	run->kind = tid ? DWELL_RUN_TASK : DWELL_RUN_IDLE;
	return run;
}

static inline __attribute__((always_inline)) void dwell_runs_pushed(struct dwell_history *history,
								    __u64 now)
{
	history->count = (history->count & DWELL_RUNS_MASK) + 1;
	if (history->count == DWELL_RUNS)
		dwell_runs_make_room(history, now);
}

#endif /* DWELL_RUNS_H */
