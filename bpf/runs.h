/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU ran lately, in a few dozen entries: exact for the last milliseconds, and
 * coarser further back.
 *
 * A wait is explained when it ends, so the question is always who ran since some moment.
 * An entry may be as long as a fraction of its age. So the entry around that moment is a
 * small part of the wait, and the number of entries grows with the logarithm of the time
 * that they reach back.
 *
 * Short runs of a task are added up in one entry as they happen. When all entries are in
 * use, older ones are merged. First come entries of one task, if they are as near to each
 * other as their age allows. If that makes too little room, entries of one name follow if
 * they are small compared to that time. Then more time is allowed. So the exact moment is
 * given up first, then the task among those of a name, then the names of tasks that ran
 * little, and at last all names. The next merge begins at the level that the last one
 * reached.
 *
 * Both sides include this, so that the unit tests run the kernel's code. In the kernel the
 * verifier checks each function that is not inline once, by itself.
 */
#ifndef DWELL_RUNS_H
#define DWELL_RUNS_H

#include "dwell.h"

#ifndef DWELL_RUNS_FUNCTION
#define DWELL_RUNS_FUNCTION static inline
#endif

#define DWELL_RUNS_MASK (DWELL_RUNS - 1)
#define DWELL_RUNS_RECENT (DWELL_RUNS / 8)   /* the latest ones are never merged */
#define DWELL_RUNS_ROOM (DWELL_RUNS * 3 / 4) /* most entries in use after a merge */
#define DWELL_RUNS_LOOK 8		     /* how many entries before it one may be merged into */

/* Range in ns of the quantum: a task's runs are added to an entry that began less ago. */
#define DWELL_RUNS_QUANTUM_MIN 250000
#define DWELL_RUNS_QUANTUM_MAX 1000000

/* Levels of merges: a higher one is coarser. */
#define DWELL_RUNS_LEVELS 7
#define DWELL_RUNS_LAST 5  /* from this level on, every small entry may lose its name */
#define DWELL_RUNS_MIXES 2 /* from this level on, rare entries lose their names */
#define DWELL_RUNS_RETRY 8 /* one merge in so many tries a finer level */

/*
 * A pass merges these: KEEP nothing, TASKS entries of one task, NAMES also small
 * entries of one name, MIX also rare entries of any name.
 */
enum dwell_runs_pass { DWELL_RUNS_KEEP, DWELL_RUNS_TASKS, DWELL_RUNS_NAMES, DWELL_RUNS_MIX };

/* The history of a CPU, which alone writes it. All zeros is an empty one. */
struct dwell_history {
	__u32 count;	 /* entries in use: less than DWELL_RUNS outside of a write */
	__u32 kept;	 /* during a merge: entries that are in place */
	__u32 level;	 /* level that the last merge reached */
	__u32 version;	 /* odd during a merge */
	__u32 merges;	 /* merges that began above level 0 */
	__u64 quantum;	 /* ns; 0: runs are not added up before the first merge */
	__u64 merged_at; /* mono: when the last merge was */
	__u8 slot[64];	 /* by tid % 64: position of the entry that such a task was last added to */
	struct dwell_run run[DWELL_RUNS]; /* in the order of their creation, the oldest first */
};

/* Whether @run is of a single task, or of the idle task. */
static inline __attribute__((always_inline)) int dwell_run_is_exact(const struct dwell_run *run)
{
	return run->kind == DWELL_RUN_TASK || run->kind == DWELL_RUN_IDLE;
}

/*
 * Adds a run of @tid (0: idle) from @begin to @until (mono) to the entry of its latest short
 * runs. 1; 0: there is no such entry, and the caller has to call dwell_runs_push().
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

/* How many ns an entry may be long that ended @age ns ago. */
static inline __attribute__((always_inline)) __u64 dwell_runs_span(__u64 age, __u32 level)
{
	if (level < 2)
		return age >> (2 - level);
	return age << (level < 4 ? level - 2 : 2);
}

/* Whether @run is so short that its name need not be kept. */
static inline __attribute__((always_inline)) int dwell_run_is_small(const struct dwell_run *run,
								    __u32 level, __u64 now)
{
	__u32 shift = level < 5 ? 4 : level == 5 ? 2 : 0;

	return run->ns << shift <= dwell_runs_span(now - run->until, level);
}

/*
 * Whether nobody misses the name of @run: it is small, and either ran little of its own
 * span, or that is too short to tell.
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

/* Whether @pass allows @run to be merged into @into, which is not younger. */
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
	/* An entry that stands out stays by itself. */
	return pass >= DWELL_RUNS_NAMES && (!run->tid || dwell_run_is_small(run, level, now)) &&
	       (!into->tid || dwell_run_is_small(into, level, now));
}

/* Whether both ended so long ago that they may be one entry. */
static inline __attribute__((always_inline)) int
dwell_runs_near(const struct dwell_run *into, const struct dwell_run *run, __u32 level, __u64 now)
{
	__u64 until = run->until > into->until ? run->until : into->until;
	__u64 begin = run->begin < into->begin ? run->begin : into->begin;

	return until <= now && until - begin <= dwell_runs_span(now - until, level);
}

/* Copies field by field: clang turns a struct's assignment into memmove(), which BPF lacks. */
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

/* The entry in place that @run may be merged into; NULL: there is none. */
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
 * Merges the entry @at into one of those in place, or puts it behind them. @how is the level
 * times 4, and the pass in the low two bits.
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
 * Merges the entries from @first on as @how allows, except the latest ones. Returns whether
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
 * Merges the entries as @how allows, and returns whether that made enough room. It tries the
 * later half first: older entries were merged before, and rarely allow more.
 */
DWELL_RUNS_FUNCTION int dwell_runs_merge_some(struct dwell_history *history, __u32 how, __u64 now)
{
	if (!history)
		return 0;
	return dwell_runs_merge(history, DWELL_RUNS / 2, how, now) ||
	       dwell_runs_merge(history, 0, how, now);
}

/* Goes through the passes of one level. Returns whether they made enough room. */
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

/* Forgets the oldest entries, for when merging does not help. */
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

/* Adapts the quantum: entries become longer on a CPU that merges often, and else shorter. */
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

/* Makes room in a full @history, at the mono time @now. */
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

/*
 * Returns a new entry for a run of @tid (0: idle) from @begin to @until (mono). The caller
 * fills in pid and name, then calls dwell_runs_pushed().
 */
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
