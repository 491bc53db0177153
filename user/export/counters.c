// SPDX-License-Identifier: GPL-2.0-only
/* Counters: everything exported of a group that only grows, and arithmetic with it. */
#include "export/counters.h"

void counters_add_row(struct counters *counters, const struct row *row)
{
	counters->armed += row->timers.armed;
	counters->cancelled += row->timers.cancelled;
	counters->expired += row->timers.expired;
	counters->oncpu_ns += row->oncpu_ns;
	for (int i = 0; i < DWELL_BLOCKS; i++)
		counters->blocked_ns[i] += row->blocked_ns[i];
	for (int i = 0; i < DWELL_MEASURES; i++)
		histogram_add_dist(&counters->measure[i], &row->measure[i]);
}

static void add(wide *value, wide more)
{
	*value += more;
}

static void subtract(wide *value, wide less)
{
	*value -= *value < less ? *value : less;
}

static void for_each(struct counters *counters, const struct counters *other,
		     void (*apply)(wide *value, wide other))
{
	apply(&counters->armed, other->armed);
	apply(&counters->cancelled, other->cancelled);
	apply(&counters->expired, other->expired);
	apply(&counters->oncpu_ns, other->oncpu_ns);
	for (int i = 0; i < DWELL_BLOCKS; i++)
		apply(&counters->blocked_ns[i], other->blocked_ns[i]);
	for (int i = 0; i < DWELL_MEASURES; i++) {
		struct histogram *histogram = &counters->measure[i];

		apply(&counters->outliers[i], other->outliers[i]);
		apply(&histogram->sum, other->measure[i].sum);
		for (int at = 0; at <= HISTOGRAM_BOUNDS; at++)
			apply(&histogram->bucket[at], other->measure[i].bucket[at]);
	}
}

void counters_add(struct counters *counters, const struct counters *more)
{
	for_each(counters, more, add);
}

void counters_subtract(struct counters *counters, const struct counters *less)
{
	for_each(counters, less, subtract);
}
