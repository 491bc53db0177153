/* SPDX-License-Identifier: GPL-2.0-only */
/* Sums of timers: the kernel side's counts, as told or added up. */
#ifndef DWELL_MODEL_TIMER_SUMS_H
#define DWELL_MODEL_TIMER_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/row.h"

/* The sums of one ledger, or of several together. All zeros is nothing. */
struct timer_sums {
	struct timer_counts counts;
	uint64_t before;	/* cancelled or expired, but armed before the window */
	uint64_t woke;		/* expiries that woke a task */
	uint64_t callback_ns;	/* time in callbacks */
	uint64_t slack_granted; /* ns, over the expiries whose lateness is known */
	uint64_t slack_used;	/* ns, over the expiries whose lateness is known */
	struct dist lateness;	/* owned */
	struct dist timeout;	/* owned */
};

/* Adds @from to @sums. 0 or -ENOMEM; then a part may be added. */
int timer_sums_add(struct timer_sums *sums, const struct timer_sums *from);

/*
 * Makes @sums equal to @counts, but for the outstanding timers: @counts does not have them, so
 * they stay. 0 or -ENOMEM.
 */
int timer_sums_take(struct timer_sums *sums, const struct dwell_timer_counts *counts);

/* Whether @sums already has all of @counts. */
bool timer_sums_has(const struct timer_sums *sums, const struct dwell_timer_counts *counts);

/*
 * Fills the timers and lateness of the empty row @growth with what @counts has beyond @sums. 0 or
 * -ENOMEM; in either case the caller frees it with row_clear().
 */
int timer_sums_growth(const struct timer_sums *sums, const struct dwell_timer_counts *counts,
		      struct row *growth);

/* Frees what @sums holds, and makes it empty. */
void timer_sums_clear(struct timer_sums *sums);

#endif
