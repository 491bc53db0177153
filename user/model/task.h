/* SPDX-License-Identifier: GPL-2.0-only */
/* A task: what the model keeps of it, and the row that is made of that. */
#ifndef DWELL_MODEL_TASK_H
#define DWELL_MODEL_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/row.h"

/* What tasks are summed by. */
enum grouping { GROUP_PROCESS, GROUP_COMM, GROUP_CGROUP, GROUPINGS };

struct group;

/* Names one task. */
struct task_id {
	uint32_t tid;
	uint32_t displaced; /* 1: a former group leader, whose tid and start another thread took */
	uint64_t start;
};

/* One bucket in use of one measure: half of the tasks' memory, so as small as can be. */
struct task_cell {
	uint16_t place; /* measure * DWELL_BUCKETS + bucket */
	uint16_t count;
};

/* The timers of a task that are not its sleeps. Few tasks have any. */
struct owned_timers {
	struct timer_counts counts;
	struct dist lateness;
};

/* What the model keeps of a task, live or exited. */
struct task {
	struct task_id id;
	bool known; /* a record was seen; else only timers that name it as their owner */
	bool exited;
	bool kthread;
	bool began_earlier;
	bool sleeper; /* its sleep's timer is armed */
	uint8_t state;
	uint8_t block;
	uint16_t cells_used;

	/*
	 * Which record the scalars are from: its epoch, made odd for one that
	 * hands buckets over; and the first epoch whose buckets are not yet kept.
	 */
	uint32_t version;
	uint32_t next_epoch;
	uint32_t cells_epoch;
	uint32_t seen_at; /* the last read that showed it alive, counted from 1; 0: none did */

	struct group *group[GROUPINGS];
	struct row *base[GROUPINGS]; /* owned; what it had when it joined; NULL: nothing */

	uint64_t state_age_ns;
	uint64_t state_window_ns; /* as much of that as lies in the window */
	uint64_t dwell_age_ns;	  /* of the dwell that goes on; 0: none does */
	uint64_t dwell_window_ns;
	uint64_t oncpu_ns; /* without the run that was not over at the read */
	uint64_t voluntary;
	uint64_t involuntary;
	uint64_t blocked_ns[DWELL_BLOCKS];
	struct timer_counts timers; /* of its sleeps */
	uint64_t sum[DWELL_MEASURES];
	uint64_t max[DWELL_MEASURES];

	struct task_cell *cells;    /* owned; the latest record's buckets, ascending */
	struct dist *kept;	    /* owned array by measure, or NULL; from hand-overs */
	struct owned_timers *owned; /* owned, or NULL */

	UT_hash_handle hh;
};

/*
 * Fills the empty @row with all that is known of @task. Without @with_cells its distributions
 * have a sum and a maximum only. 0 or -ENOMEM; then @row holds a part, for the caller to clear.
 */
int task_fill(const struct task *task, struct row *row, bool with_cells);

/*
 * Fills the empty @row with @task's part of its group of that @kind: without what it had when it
 * joined. Without @with_cells distributions may have a sum and a maximum only. 0 or -ENOMEM; then
 * @row holds a part, for the caller to clear.
 */
int task_fill_part(const struct task *task, enum grouping kind, struct row *row, bool with_cells);

#endif
