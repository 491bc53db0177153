/* SPDX-License-Identifier: GPL-2.0-only */
/* A task: what the model keeps of it, and the row that it becomes. */
#ifndef DWELL_MODEL_TASK_H
#define DWELL_MODEL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/row.h"

/* The kinds of groups that tasks are summed by. */
enum grouping { GROUP_PROCESS, GROUP_COMM, GROUP_CGROUP, GROUPINGS };

struct group;

/* Identifies one task. */
struct task_id {
	uint32_t tid;
	uint32_t displaced; /* 1: a former group leader whose tid and start another thread took */
	uint64_t start;	    /* ns, as the kernel side tells it */
};

/* One bucket in use of one measure. Cells are half of the tasks' memory, so they are small. */
struct task_cell {
	uint16_t place; /* measure * DWELL_BUCKETS + bucket */
	uint16_t count; /* > 0 */
};

/* The timers of a task that are not its sleeps. Few tasks have any. */
struct owned_timers {
	struct timer_counts counts;
	struct dist lateness;
};

/* What the model keeps of a task, live or exited. */
struct task {
	struct task_id id;
	bool known; /* a record was seen; else only timers name it as their owner */
	bool exited;
	bool kthread;
	bool began_earlier; /* @state began before the window */
	bool sleeper;	    /* its sleep's timer is armed */
	uint8_t state;	    /* enum dwell_state */
	uint8_t block;	    /* enum dwell_block of the current or last block */
	uint16_t cells_used;

	uint32_t version;     /* epoch of the record that the scalars are from; odd: a hand-over */
	uint32_t next_epoch;  /* the first epoch whose buckets are not in @kept */
	uint32_t cells_epoch; /* epoch of the record that @cells are from */
	uint32_t seen_at;     /* number of the last read that showed it alive; 0: none did */

	struct group *group[GROUPINGS]; /* not owned */
	struct row *base[GROUPINGS];	/* owned; its counts when it joined the group; NULL: none */

	uint64_t state_age_ns;
	uint64_t state_window_ns; /* the part of @state_age_ns in the window */
	uint64_t dwell_age_ns;	  /* of the dwell that goes on; 0: none does */
	uint64_t dwell_window_ns; /* the part of @dwell_age_ns in the window */
	uint64_t oncpu_ns;	  /* without the run that went on at the read */
	uint64_t voluntary;	  /* switches */
	uint64_t involuntary;
	uint64_t blocked_ns[DWELL_BLOCKS]; /* ended blocks by kind */
	struct timer_counts timers;	   /* of its sleeps */
	uint64_t sum[DWELL_MEASURES];	   /* ns */
	uint64_t max[DWELL_MEASURES];	   /* ns */

	struct task_cell *cells;    /* owned; the latest record's buckets, ascending by place */
	struct dist *kept;	    /* owned array by measure, or NULL; buckets handed over */
	struct owned_timers *owned; /* owned, or NULL */

	UT_hash_handle hh;
};

/*
 * Fills the empty @row with all that is known of @task. Without @with_cells the distributions of
 * ended intervals have a sum and a maximum only. 0 or -ENOMEM; in either case the caller frees what
 * @row holds.
 */
int task_fill(const struct task *task, struct row *row, bool with_cells);

/*
 * Fills the empty @row with @task's part of its group of @kind: its counts since it joined.
 * Without @with_cells the distributions of ended intervals may have a sum and a maximum only. 0 or
 * -ENOMEM; in either case the caller frees what @row holds.
 */
int task_fill_part(const struct task *task, enum grouping kind, struct row *row, bool with_cells);

#endif
