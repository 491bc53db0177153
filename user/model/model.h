/* SPDX-License-Identifier: GPL-2.0-only */
/* The model: it takes in records and timers, and knows every task by them. */
#ifndef DWELL_MODEL_H
#define DWELL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/row.h"
#include "model/view.h"

struct model;

/*
 * Makes an empty model that keeps at most @exited_limit exited tasks as rows of their own. Later
 * ones stay in the sums of their process, comm and cgroup only, and are counted in
 * DWELL_LOSS_TASKS_FOLDED. NULL without memory; the caller frees it with model_free().
 */
struct model *model_new(size_t exited_limit);

/* Frees @model and all that it knows; does nothing for NULL. */
void model_free(struct model *model);

/*
 * Sets the window: the mono times in ns of its start, and of the read that follows. DWELL_LIVE
 * records added from now on are as of @end: a running task's CPU time counts up to it, and all
 * ages are taken at it.
 */
void model_set_window(struct model *model, uint64_t start, uint64_t end);

/*
 * Takes in one whole record: the caller has filled a cut-off tail with zeros. Within one read the
 * pulled records come first, then those of the ring buffer. A task's later record replaces its
 * earlier one, but the buckets of a DWELL_FULL record add up. 0 or -ENOMEM.
 */
int model_add_record(struct model *model, const struct dwell_record *record);

/*
 * Takes in the timer ledger of one key, which replaces the key's earlier one. 0 or -ENOMEM; after
 * model_keep_ledger() also 1: the owner has exited, and none of the ledger's timers is armed.
 */
int model_add_timers(struct model *model, const struct dwell_timer_key *key,
		     const struct dwell_timer_counts *counts);

/*
 * Keeps at most @limit exited processes as rows of their own; the others are in the remainder.
 * Those that rank first under @sort are kept, and of equal ones those with the most CPU time.
 * @sort is as in a view; NULL: row_sort_key(0). Without this call the limit is the one for exited
 * tasks.
 */
void model_keep_processes(struct model *model, size_t limit, const struct column *sort);

/*
 * Prepares for ledgers that are read again and again: from now on the model remembers owners that
 * exit. It keeps at most @left_limit ledgers of exited tasks apart, and adds up the others.
 */
void model_keep_ledger(struct model *model, size_t left_limit);

/*
 * Takes in the last @counts of a ledger that the kernel side has forgotten. Counts that come for
 * @key later are of another ledger, from 0 on. 0 or -ENOMEM.
 */
int model_forget_timers(struct model *model, const struct dwell_timer_key *key,
			const struct dwell_timer_counts *counts);

/*
 * Ends a read of all ledgers at @at (mono ns): notes their counts for judging growth, and forgets
 * the leavers. 0 or -ENOMEM.
 */
int model_sample(struct model *model, uint64_t at);

/*
 * Adds a place where @owner's timers were seen to be armed, @samples times. Stacks are return
 * addresses, innermost first, then zeros. 0 or -ENOMEM.
 */
int model_add_site(struct model *model, const struct dwell_timer_key *owner, uint64_t samples,
		   const uint64_t stack[DWELL_STACK_DEPTH],
		   const uint64_t user_stack[DWELL_STACK_DEPTH]);

/* Begins a read of the armed timers, but for sleeps: none is armed until model_add_armed(). */
void model_clear_armed(struct model *model);

/* Takes in one armed timer, which is no sleep. 0 or -ENOMEM. */
int model_add_armed(struct model *model, const struct dwell_armed_timer *timer);

/* Replaces the source's losses since it began, by enum dwell_loss. */
void model_set_losses(struct model *model, const uint64_t losses[DWELL_LOSSES]);

/*
 * Fills in all of @losses, by enum dwell_loss: the source's, as last set, and the model's own that
 * concern rows by @by. Folded tasks are a loss by task only: groups still count them.
 */
void model_losses(const struct model *model, enum row_by by, uint64_t losses[DWELL_LOSSES]);

/*
 * Ends a read of all live tasks, once the losses are set; forgets the leavers. A task whose last
 * record was lost is noticed by its absence and forgotten; its counts stay in sums. @exits_unseen:
 * last records are never sent. 0 or -ENOMEM.
 */
int model_end_read(struct model *model, bool exits_unseen);

/* The cgroup id of the task @tid that started at @start (ns), as last read; 0: not known. */
uint64_t model_cgroup(struct model *model, uint32_t tid, uint64_t start);

/* The number of live tasks, as last read. */
uint64_t model_live_tasks(const struct model *model);

/* The number of exited tasks, folded and forgotten ones included. */
uint64_t model_exited_tasks(const struct model *model);

#endif
