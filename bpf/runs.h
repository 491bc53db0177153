/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU ran lately, in a few dozen entries: exact for the last milliseconds,
 * coarser the longer ago.
 *
 * A wait is explained when it ends: the question is always who ran since some moment.
 * An entry may be as long as a part of its age. So the one that the moment falls into
 * is a small part of the wait, and the number of entries grows with the logarithm of
 * the time that they reach back.
 *
 * Short runs of a task are added up in one entry as they happen. When the entries are
 * used up, older ones are merged. First come those of one task, as near to each other
 * as is allowed for their age. If that makes too little room, those of one name follow
 * that are small beside that time. Then more time is allowed. So the moment is given up
 * first, then which task of a name it was, then the names of those who had little, and
 * at last all names. The next merge begins where the last one had to go to.
 *
 * Both sides include this, so that the unit tests run what the kernel runs. In the
 * kernel each function that is not inline is checked by the verifier once, by itself.
 */
#ifndef DWELL_RUNS_H
#define DWELL_RUNS_H

#include "dwell.h"

#ifndef DWELL_RUNS_FUNCTION
#define DWELL_RUNS_FUNCTION static inline
#endif

#define DWELL_RUNS_MASK (DWELL_RUNS - 1)
#define DWELL_RUNS_RECENT (DWELL_RUNS / 8)   /* the latest ones are never merged */
#define DWELL_RUNS_ROOM (DWELL_RUNS * 3 / 4) /* with no more there is room again */
#define DWELL_RUNS_LOOK 8		     /* an entry is merged into one of so many before it */

/* Runs of a task are added up in an entry that began less than that ago, ns. */
#define DWELL_RUNS_QUANTUM_MIN 250000
#define DWELL_RUNS_QUANTUM_MAX 1000000

/* How coarse a merge is. */
#define DWELL_RUNS_LEVELS 7
#define DWELL_RUNS_LAST 5  /* from that one on nobody is spared */
#define DWELL_RUNS_MIXES 2 /* from that one on small entries lose their names */
#define DWELL_RUNS_RETRY 8 /* every so many merges a finer one is tried */

/* What becomes one: entries of one task; small ones of one name too; small ones of any name too. */
enum dwell_runs_pass { DWELL_RUNS_KEEP, DWELL_RUNS_TASKS, DWELL_RUNS_NAMES, DWELL_RUNS_MIX };

/* All zeros is an empty one. Written by its CPU alone. */
struct dwell_history {
	__u32 count;   /* entries in use: always less than DWELL_RUNS when nobody writes */
	__u32 kept;    /* while they are merged: entries that are in place */
	__u32 level;   /* that the last merge had to go to */
	__u32 version; /* odd while entries are merged */
	__u32 merges;
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

/* How long an entry may be that ended @age ago, ns. */
static inline __attribute__((always_inline)) __u64 dwell_runs_span(__u64 age, __u32 level)
{
	if (level < 2)
		return age >> (2 - level);
	return age << (level < 4 ? level - 2 : 2);
}

/* Whether @run is so little that its name need not be kept. */
static inline __attribute__((always_inline)) int dwell_run_is_small(const struct dwell_run *run,
								    __u32 level, __u64 now)
{
	__u32 shift = level < 5 ? 4 : level == 5 ? 2 : 0;

	return run->ns << shift <= dwell_runs_span(now - run->until, level);
}

/*
 * Whether @run is small and had little of its own time, or is too short to tell: nobody
 * misses its name.
 */
static inline __attribute__((always_inline)) int dwell_run_is_rare(const struct dwell_run *run,
								   __u32 level, __u64 now)
{
	__u64 span = run->until - run->begin;

	return dwell_run_is_small(run, level, now) &&
	       (run->ns << 3 <= span || span << 3 <= dwell_runs_span(now - run->until, level) ||
		level >= DWELL_RUNS_LAST);
}

static inline __attribute__((always_inline)) int dwell_run_names_equal(const struct dwell_run *a,
								       const struct dwell_run *b)
{
	return a->name[0] == b->name[0] && a->name[1] == b->name[1];
}

/* Whether @pass allows @run to become one with @into, which is not younger. */
static inline __attribute__((always_inline)) int dwell_runs_alike(const struct dwell_run *into,
								  const struct dwell_run *run,
								  __u32 pass, __u32 level,
								  __u64 now)
{
	if (into->kind == DWELL_RUN_IDLE || run->kind == DWELL_RUN_IDLE ||
	    into->kind == DWELL_RUN_MIXED || run->kind == DWELL_RUN_MIXED)
		return into->kind == run->kind;
	if (!dwell_run_names_equal(into, run))
		return 0;
	if (into->tid == run->tid && into->pid == run->pid)
		return 1;
	/* One that stands out is told by itself. */
	return pass >= DWELL_RUNS_NAMES && (!run->tid || dwell_run_is_small(run, level, now)) &&
	       (!into->tid || dwell_run_is_small(into, level, now));
}

/* Whether both are so long ago that they may be one entry. */
static inline __attribute__((always_inline)) int
dwell_runs_near(const struct dwell_run *into, const struct dwell_run *run, __u32 level, __u64 now)
{
	__u64 until = run->until > into->until ? run->until : into->until;
	__u64 begin = run->begin < into->begin ? run->begin : into->begin;

	return until <= now && until - begin <= dwell_runs_span(now - until, level);
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

/* The entry in place that @run may become one with; NULL: there is none. */
static inline __attribute__((always_inline)) struct dwell_run *
dwell_runs_find(struct dwell_history *history, const struct dwell_run *run, __u32 pass, __u32 level,
		__u64 now)
{
	__u32 kept = history->kept;

	for (__u32 i = 1; i <= DWELL_RUNS_LOOK && i <= kept; i++) {
		struct dwell_run *into = &history->run[(kept - i) & DWELL_RUNS_MASK];

		if (dwell_runs_alike(into, run, pass, level, now) &&
		    dwell_runs_near(into, run, level, now))
			return into;
	}
	return 0;
}

/*
 * Merges the entry @at into one of those that are in place, or puts it behind them.
 * @how: the level, and the pass in its low bits.
 */
DWELL_RUNS_FUNCTION int dwell_runs_place(struct dwell_history *history, __u32 at, __u32 how,
					 __u64 now)
{
	__u32 pass = how & 3, level = how >> 2, kept;
	struct dwell_run *run, *into;

	if (!history)
		return 0;
	run = &history->run[at & DWELL_RUNS_MASK];
	if (pass == DWELL_RUNS_MIX && run->kind != DWELL_RUN_IDLE &&
	    dwell_run_is_rare(run, level, now))
		dwell_run_forget_name(run);
	into = pass == DWELL_RUNS_KEEP ? 0 : dwell_runs_find(history, run, pass, level, now);
	if (into) {
		dwell_run_merge(into, run);
		return 0;
	}
	kept = history->kept;
	if (kept != at)
		dwell_run_copy(&history->run[kept & DWELL_RUNS_MASK], run);
	history->kept = kept + 1;
	return 0;
}

/*
 * Merges the entries from @first on as @how allows, but for the latest ones. True if
 * that made enough room.
 */
DWELL_RUNS_FUNCTION int dwell_runs_merge(struct dwell_history *history, __u32 first, __u32 how,
					 __u64 now)
{
	__u32 count;

	if (!history)
		return 0;
	count = history->count;
	history->kept = first;
	for (__u32 i = 0; i < DWELL_RUNS && i < count; i++)
		if (i >= first)
			dwell_runs_place(history, i, i + DWELL_RUNS_RECENT < count ? how : 0, now);
	history->count = history->kept;
	return history->count <= DWELL_RUNS_ROOM;
}

/*
 * Merges the entries as @how allows, at first only the later half: what is older was
 * merged before, and rarely allows more. True if that made enough room.
 */
DWELL_RUNS_FUNCTION int dwell_runs_merge_some(struct dwell_history *history, __u32 how, __u64 now)
{
	if (!history)
		return 0;
	return dwell_runs_merge(history, DWELL_RUNS / 2, how, now) ||
	       dwell_runs_merge(history, 0, how, now);
}

/* Goes through the passes of one level. True if they made enough room. */
DWELL_RUNS_FUNCTION int dwell_runs_merge_level(struct dwell_history *history, __u32 level,
					       __u64 now)
{
	if (!history)
		return 0;
	if (!level)
		return dwell_runs_merge_some(history, DWELL_RUNS_TASKS, now);
	return dwell_runs_merge_some(history, level << 2 | DWELL_RUNS_NAMES, now) ||
	       (level >= DWELL_RUNS_MIXES &&
		dwell_runs_merge_some(history, level << 2 | DWELL_RUNS_MIX, now));
}

/* Forgets the oldest entries, if merging does not help. */
DWELL_RUNS_FUNCTION int dwell_runs_drop(struct dwell_history *history)
{
	__u32 first;

	if (!history)
		return 0;
	first = history->count - DWELL_RUNS_ROOM;
	for (__u32 i = 0; i < DWELL_RUNS_ROOM; i++)
		dwell_run_copy(&history->run[i], &history->run[(first + i) & DWELL_RUNS_MASK]);
	history->count = DWELL_RUNS_ROOM;
	return 0;
}

/* Gives a CPU whose tasks run for a moment each longer entries, and any other one shorter ones. */
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
	__sync_fetch_and_add(&history->version, 1);
	level = history->level;
	if (level && ++history->merges % DWELL_RUNS_RETRY == 0)
		level--;
	for (__u32 i = 0; i < DWELL_RUNS_LEVELS; i++) {
		if (dwell_runs_merge_level(history, level, now) || level == DWELL_RUNS_LEVELS - 1)
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

/* A new entry for a run. The caller fills in whose it is, and calls dwell_runs_pushed(). */
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
