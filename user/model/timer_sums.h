/* SPDX-License-Identifier: GPL-2.0-only */
/* What is counted of timers, as the kernel side tells it and added up. */
#ifndef DWELL_MODEL_TIMER_SUMS_H
#define DWELL_MODEL_TIMER_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/row.h"

/* What is counted of timers: of a ledger, or of several together. All zeros is nothing. */
struct timer_sums {
	struct timer_counts counts;
	uint64_t before; /* of those cancelled and expired: armed before the window */
	uint64_t woke;	 /* expiries that woke a task */
	uint64_t callback_ns;
	uint64_t slack_granted; /* ns: sums over the expiries whose lateness is known */
	uint64_t slack_used;
	struct dist lateness;
	struct dist timeout;
};

/* Adds @from to @sums. 0 or -ENOMEM. */
int timer_sums_add(struct timer_sums *sums, const struct timer_sums *from);

/*
 * Makes @sums what @counts says; of how many are outstanding that says nothing, so they stay.
 * 0 or -ENOMEM.
 */
int timer_sums_take(struct timer_sums *sums, const struct dwell_timer_counts *counts);

/* Whether @counts says nothing that @sums does not have. */
bool timer_sums_has(const struct timer_sums *sums, const struct dwell_timer_counts *counts);

/*
 * What @counts has more than @sums, as a row's timers and lateness: into @growth, which is empty
 * and for the caller to clear. 0 or -ENOMEM.
 */
int timer_sums_growth(const struct timer_sums *sums, const struct dwell_timer_counts *counts,
		      struct row *growth);

/* Frees what @sums holds and makes it empty. */
void timer_sums_clear(struct timer_sums *sums);

#endif
