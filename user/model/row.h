/* SPDX-License-Identifier: GPL-2.0-only */
/* A row: the counters and distributions of a task, a group of tasks or a kernel timer. */
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
 * Intervals of live tasks that had not ended at the window's end. None of them is in a measure's
 * distribution.
 */
struct open_intervals {
	struct dist age;    /* whole ages, also of those that began before the window */
	uint64_t window_ns; /* sum of their parts in the window */
};

/* Open blocks of one kind. */
struct open_blocks {
	uint64_t window_ns; /* sum of their parts in the window */
	uint64_t max_ns;    /* the oldest one's age; 0: there is none */
};

/* One line of a view: a task, a group's sum, or a kernel timer's callback. All zeros is empty. */
struct row {
	enum row_by by;
	uint32_t pid;	 /* of a task or process; else 0 */
	uint32_t tid;	 /* of a task; else 0 */
	uint64_t cgroup; /* id: a task's, a cgroup's, that of a process's leader; else 0 */
	char comm[DWELL_COMM_LEN];
	bool kernel_timer; /* nobody's timers of one callback: only timers and lateness apply */
	bool timers_only;  /* a task's whose timers alone are known: only they and lateness apply */
	bool remainder;	   /* folded groups together: no pid, comm or cgroup applies */
	uint64_t groups;   /* of a remainder: how many groups it holds */
	uint64_t function; /* of a kernel timer: callback address */
	uint64_t tasks;	   /* ever in it, with those that exited and those that left */
	uint64_t exited;   /* tasks that exited in it */
	uint64_t live;	   /* tasks that are in it now, and alive */

	struct timer_counts timers;
	struct dist measure[DWELL_MEASURES]; /* of ended intervals */
	struct open_intervals open[DWELL_MEASURES];
	uint64_t oncpu_ns; /* the run that goes on included, up to the window's end */
	uint64_t blocked_ns[DWELL_BLOCKS]; /* ended blocks by kind */
	struct open_blocks open_d;	   /* the uninterruptible ones of open[DWELL_BLOCKED] */
	struct open_blocks open_waits;	   /* open[DWELL_BLOCKED] without idle kernel threads */
	uint64_t voluntary;		   /* switches */
	uint64_t involuntary;

	/* Of a live task; a group's row has DWELL_UNKNOWN. */
	enum dwell_state state;
	enum dwell_block block;	  /* the kind of block, in DWELL_BLOCKED_STATE */
	uint64_t state_age_ns;	  /* how long it has been in @state */
	bool state_began_earlier; /* before the window: the age is an estimate */
};

/* Adds @from to @counts. */
void timer_counts_add(struct timer_counts *counts, const struct timer_counts *from);

/* Adds the counters and intervals of @from to @row, not its identity and state. 0 or -ENOMEM. */
int row_add(struct row *row, const struct row *from);

/*
 * Removes from @row the counters and ended intervals of @base, which are a part of them. Numbers of
 * tasks, outstanding timers and open intervals stay.
 */
void row_subtract(struct row *row, const struct row *base);

/* Empties @row, and keeps its memory for the next use. */
void row_reset(struct row *row);

/* Frees what @row holds, and makes it empty. */
void row_clear(struct row *row);

/* Removes the open intervals from @row, which is to be kept: they end elsewhere, or unseen. */
void row_close(struct row *row);

/* An empty row on the heap; NULL without memory. The caller frees it with row_free(). */
struct row *row_new(void);

/* Frees @row and what it holds; does nothing for NULL. */
void row_free(struct row *row);

/*
 * Adds @row's ended waits for a CPU, woken and preempted, to @dist. 0 or -ENOMEM; in either case
 * the caller frees it with dist_clear().
 */
int row_runqueue(const struct row *row, struct dist *dist);

/*
 * Adds @row's open waits for a CPU, woken and preempted, to @open. 0 or -ENOMEM; in either case the
 * caller frees its age with dist_clear().
 */
int row_open_runqueue(const struct row *row, struct open_intervals *open);

/*
 * The duration in ns that @per_mille of the intervals in @dist and @open do not exceed, as if all
 * of @open ended now. It is never below the percentile of @dist alone: open intervals only grow.
 */
uint64_t row_percentile(const struct dist *dist, const struct open_intervals *open,
			unsigned int per_mille);

#endif
