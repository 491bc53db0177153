/* SPDX-License-Identifier: GPL-2.0-only */
/* A row: what a task, a group of tasks or a kernel timer came to, and what ranks it. */
#ifndef DWELL_MODEL_ROW_H
#define DWELL_MODEL_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "model/dist.h"

enum row_by { ROW_BY_TASK, ROW_BY_PROCESS, ROW_BY_COMM, ROW_BY_CGROUP };

struct timer_counts {
	uint64_t armed; /* re-arms included */
	uint64_t rearmed;
	uint64_t cancelled;
	uint64_t expired;
	uint64_t outstanding; /* armed now */
};

/*
 * Intervals of live tasks that have not ended: what is known of them as of the
 * window's end. No interval is in here and in a measure's distribution, too.
 */
struct open_intervals {
	struct dist age;    /* whole ages: they may have begun before the window */
	uint64_t window_ns; /* sum of the parts that lie in the window */
};

/* Open blocks of one kind. */
struct open_blocks {
	uint64_t window_ns; /* sum of the parts that lie in the window */
	uint64_t max_ns;    /* the oldest one's age */
};

/* One line of a view: a task, a group's sum, or a kernel timer's callback. All zeros is empty. */
struct row {
	enum row_by by;
	uint32_t pid;	 /* task, process; else 0 */
	uint32_t tid;	 /* task; else 0 */
	uint64_t cgroup; /* id; task, process (its leader's or first seen), cgroup; else 0 */
	char comm[DWELL_COMM_LEN];
	bool kernel_timer; /* the row is a kernel timer's: only timers and lateness apply */
	bool unowned;	   /* a user timer's callback whose owner was never seen */
	bool timers_only;  /* of this task only timers are known: only they and lateness apply */
	bool remainder;	   /* gone groups together: no pid, comm or cgroup applies */
	uint64_t groups;   /* of a remainder: how many it holds */
	uint64_t function; /* of a kernel timer or an unowned one: callback address */
	uint64_t tasks;	   /* tasks that were in it, the exited ones and those that left included */
	uint64_t exited;   /* of them exited in it */
	uint64_t live;	   /* of them are in it now */

	struct timer_counts timers;
	struct dist measure[DWELL_MEASURES]; /* of intervals that have ended */
	struct open_intervals open[DWELL_MEASURES];
	uint64_t oncpu_ns;
	uint64_t blocked_ns[DWELL_BLOCKS]; /* completed blocks by kind */
	struct open_blocks open_d;	   /* of open[DWELL_BLOCKED]: the uninterruptible ones */
	struct open_blocks
		open_waits; /* … and those of tasks that are not kernel threads out of work */
	uint64_t voluntary;
	uint64_t involuntary;

	/* Of a live task; a group's row has DWELL_UNKNOWN. */
	enum dwell_state state;
	enum dwell_block block;	  /* with DWELL_BLOCKED_STATE: the kind */
	uint64_t state_age_ns;	  /* how long it has been in that state */
	bool state_began_earlier; /* before the window: the age is an estimate */
};

/* Adds @from to @counts. */
void timer_counts_add(struct timer_counts *counts, const struct timer_counts *from);

/* Adds the counters of @from to @row; neither identity nor state. 0 or -ENOMEM. */
int row_add(struct row *row, const struct row *from);

/* Removes the counters of @base from @row, of which they are a part. What is no counter stays. */
void row_subtract(struct row *row, const struct row *base);

/* Empties @row but keeps its memory for the next use. */
void row_reset(struct row *row);

/* Frees what @row holds and makes it empty. */
void row_clear(struct row *row);

/* Has @row hold no open intervals: for one that is to be kept. */
void row_close(struct row *row);

/* An empty row on the heap; NULL without memory. The caller frees it with row_free(). */
struct row *row_new(void);

/* Frees @row and what it holds; does nothing for NULL. */
void row_free(struct row *row);

/*
 * Adds @row's ended waits for a CPU, woken and preempted ones, to @dist, which the caller
 * clears. 0 or -ENOMEM.
 */
int row_runqueue(const struct row *row, struct dist *dist);

/*
 * Adds @row's open waits for a CPU, woken and preempted ones, to @open, whose age the caller
 * clears. 0 or -ENOMEM.
 */
int row_open_runqueue(const struct row *row, struct open_intervals *open);

/*
 * The duration in ns that @per_mille of the intervals in @dist and @open do not exceed, as if all
 * of @open ended now. Open intervals only grow, so it is never below the percentile of @dist alone.
 */
uint64_t row_percentile(const struct dist *dist, const struct open_intervals *open,
			unsigned int per_mille);

#endif
