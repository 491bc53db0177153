/* SPDX-License-Identifier: GPL-2.0-only */
/* The model: records and timers taken in become what is known of every task. */
#ifndef DWELL_MODEL_H
#define DWELL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/row.h"
#include "model/view.h"

struct model;

/*
 * Makes an empty model that keeps at most @exited_limit exited tasks as rows of
 * their own; later ones are kept in the sums of their process, comm and cgroup
 * only and counted in DWELL_LOSS_TASKS_FOLDED. NULL without memory.
 * Freed by model_free().
 */
struct model *model_new(size_t exited_limit);

/* Frees @model and all that it knows; does nothing for NULL. */
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
 * under @sort (as a view's), or had a CPU for longest where that says nothing. The others
 * are in the remainder. Else as many as there may be exited tasks.
 */
void model_keep_processes(struct model *model, size_t limit, const struct column *sort);

/*
 * For ledgers that are read again and again: the model keeps in mind who exits
 * from now on. Of tasks that have exited it keeps @left_limit ledgers apart.
 */
void model_keep_ledger(struct model *model, size_t left_limit);

/* Takes in the last that is heard of a ledger: what has its key later is another. 0 or -ENOMEM. */
int model_forget_timers(struct model *model, const struct dwell_timer_key *key,
			const struct dwell_timer_counts *counts);

/* Notes what all ledgers came to, which have been taken in as of @at (mono ns). 0 or -ENOMEM. */
int model_sample(struct model *model, uint64_t at);

/* Adds a place where @owner's timers were seen to be armed; stacks end with zeros. 0 or -ENOMEM. */
int model_add_site(struct model *model, const struct dwell_timer_key *owner, uint64_t samples,
		   const uint64_t stack[DWELL_STACK_DEPTH],
		   const uint64_t user_stack[DWELL_STACK_DEPTH]);

/* Begins a read of the armed timers: none is armed until model_add_armed() tells. */
void model_clear_armed(struct model *model);

/* Takes in one timer that is armed. 0 or -ENOMEM. */
int model_add_armed(struct model *model, const struct dwell_armed_timer *timer);

/* Takes in what the source has lost since it began, by enum dwell_loss. */
void model_set_losses(struct model *model, const uint64_t losses[DWELL_LOSSES]);

/*
 * What was lost, by enum dwell_loss: in the source, as last told, and in the model itself, as far
 * as it concerns rows by @by. To groups it is no loss that exited tasks are in their sums only.
 */
void model_losses(const struct model *model, enum row_by by, uint64_t losses[DWELL_LOSSES]);

/*
 * Ends a read of all live tasks, once the losses are set. Tasks whose last record was lost, or
 * with @exits_unseen is never sent, are noticed by their absence and forgotten: what they counted
 * stays. 0 or -ENOMEM.
 */
int model_end_read(struct model *model, bool exits_unseen);

/* The cgroup of the task @tid that started at @start, as last read; 0: not known. */
uint64_t model_cgroup(struct model *model, uint32_t tid, uint64_t start);

/* How many tasks are alive, as last read. */
uint64_t model_live_tasks(const struct model *model);

/* How many tasks have exited, those that are no rows of their own included. */
uint64_t model_exited_tasks(const struct model *model);

#endif
