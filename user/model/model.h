/* SPDX-License-Identifier: GPL-2.0-only */
/* The model: what is known of every task, and the rows of a view made from it. */
#ifndef DWELL_MODEL_H
#define DWELL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/dist.h"

struct model;

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

/* One line of a view: a task, a group's sum, or a kernel timer's callback. */
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

/* The rows of a view. */
struct rows {
	struct row *row;
	size_t count;
	size_t hidden; /* rows cut off by the limit of the view */
};

/* What a view sorts by: largest first, names and ids ascending. One for each column. */
enum row_key {
	/* Where an interval can be open, it counts like one that ended with the window. */
	ROW_KEY_RUNQUEUE, /* sum of woken and preempted waits; the default */
	ROW_KEY_RUNQUEUE_MAX,
	ROW_KEY_RUNQUEUE_P99,
	ROW_KEY_THROTTLED,
	ROW_KEY_ARMED,
	ROW_KEY_CANCELLED,
	ROW_KEY_EXPIRED,
	ROW_KEY_OUTSTANDING,
	ROW_KEY_LATENESS_P99,
	ROW_KEY_LATENESS_MAX,
	ROW_KEY_TIMER_LATENCY_P99,
	ROW_KEY_TIMER_LATENCY_MAX,
	ROW_KEY_BLOCKED,     /* sum; open blocks of kernel threads that have no work do not count */
	ROW_KEY_BLOCKED_MAX, /* nor here */
	ROW_KEY_UNINTERRUPTIBLE,
	ROW_KEY_DWELL_P99,
	ROW_KEY_DWELL_MAX,
	ROW_KEY_ONCPU,
	ROW_KEY_SWITCHES,
	ROW_KEY_TASKS,
	ROW_KEY_PID,
	ROW_KEY_TID,
	ROW_KEY_COMM,
	ROW_KEY_CGROUP,
	ROW_KEYS
};

struct view {
	enum row_by by;
	enum row_key sort;
	size_t limit; /* of kernel timers' rows, and of all others; 0: no limit */
};

/*
 * Makes an empty model that keeps at most @exited_limit exited tasks as rows of
 * their own; later ones are kept in the sums of their process, comm and cgroup
 * only and counted in DWELL_LOSS_TASKS_FOLDED. NULL without memory.
 * Freed by model_free().
 */
struct model *model_new(size_t exited_limit);
void model_free(struct model *model);

/*
 * The window: mono times of its start and of the read that follows. Records of
 * kind DWELL_LIVE added from now on are as of @end: a running task's time on
 * the CPU is counted up to it, and ages are taken from it.
 */
void model_set_window(struct model *model, uint64_t start, uint64_t end);

/*
 * Takes in one record (whole: a cut-off tail already filled with zeros). Order
 * within one read: pulled records first, then what the ring buffer holds. A
 * later record of a task replaces its earlier one; a DWELL_FULL one adds its
 * buckets to what is kept. 0 or -ENOMEM.
 */
int model_add_record(struct model *model, const struct dwell_record *record);

/*
 * Takes in an owner's timer ledger; it replaces the earlier one of that key. 0
 * or -ENOMEM; or 1, once a ledger is kept: its owner has exited.
 */
int model_add_timers(struct model *model, const struct dwell_timer_key *key,
		     const struct dwell_timer_counts *counts);

/*
 * Keeps at most @limit exited processes as rows of their own: those that rank first
 * under @key, or had a CPU for longest where that says nothing. The others are in the
 * remainder. Else as many as there may be exited tasks.
 */
void model_keep_processes(struct model *model, size_t limit, enum row_key key);

/*
 * For ledgers that are read again and again: the model keeps in mind who exits
 * from now on. Of tasks that have exited it keeps @left_limit ledgers apart.
 */
void model_keep_ledger(struct model *model, size_t left_limit);

/* The last that is heard of a ledger; one of that key which comes later is another. 0 or -ENOMEM. */
int model_forget_timers(struct model *model, const struct dwell_timer_key *key,
			const struct dwell_timer_counts *counts);

/* All ledgers have been taken in, as of the mono time @at. 0 or -ENOMEM. */
int model_sample(struct model *model, uint64_t at);

/* Adds a place where @owner's timers were seen to be armed; stacks end with zeros. 0 or -ENOMEM. */
int model_add_site(struct model *model, const struct dwell_timer_key *owner, uint64_t samples,
		   const uint64_t stack[DWELL_STACK_DEPTH],
		   const uint64_t user_stack[DWELL_STACK_DEPTH]);

/*
 * Takes in the timers that are armed at a read: model_clear_armed(), then one
 * call for each.
 */
void model_clear_armed(struct model *model);
int model_add_armed(struct model *model, const struct dwell_armed_timer *timer);

/* The ledger of losses: one counter each; the model adds those it counts itself. */
void model_set_losses(struct model *model, const uint64_t losses[DWELL_LOSSES]);
uint64_t model_loss(const struct model *model, enum dwell_loss loss);

/*
 * All live tasks have been taken in again, and after them what was pushed; the
 * losses are set. Those whose last record was lost, or with @exits_unseen is never
 * sent, are noticed here, by their absence, and forgotten: what they counted
 * stays. 0 or -ENOMEM.
 */
int model_end_read(struct model *model, bool exits_unseen);

/* The cgroup of the task @tid that started at @start, as last read; 0: not known. */
uint64_t model_cgroup(struct model *model, uint32_t tid, uint64_t start);

/* Live tasks in the model, and tasks that exited. */
uint64_t model_live_tasks(const struct model *model);
uint64_t model_exited_tasks(const struct model *model);

/*
 * The rows of @view, sorted, idle ones included, kernel timers' last when the
 * key does not apply to them. A group's counters never fall from one call to
 * the next, though tasks exit, change their name or move. 0 or -ENOMEM; the
 * caller frees @rows with rows_free().
 */
int model_rows(struct model *model, const struct view *view, struct rows *rows);
void rows_free(struct rows *rows);

/* woken + preempted of @row, into @dist (empty before; freed by the caller). 0 or -ENOMEM. */
int row_runqueue(const struct row *row, struct dist *dist);

/* The open ones of them, into @open (empty before; its age is cleared by the caller). 0 or -ENOMEM. */
int row_open_runqueue(const struct row *row, struct open_intervals *open);

/*
 * The percentile of @dist as if all of @open ended now. They only grow, so it is never
 * below that of @dist alone.
 */
uint64_t row_percentile(const struct dist *dist, const struct open_intervals *open,
			unsigned int per_mille);

#endif
