/* SPDX-License-Identifier: GPL-2.0-only */
/* Sums of timers: taking them from the kernel side's counts, comparing and adding them up. */
#include "model/timer_sums.h"

#include <string.h>

#include "base/saturate.h"

static void add_to(uint64_t *value, uint64_t more)
{
	*value = saturating_add(*value, more);
}

int timer_sums_add(struct timer_sums *sums, const struct timer_sums *from)
{
	int err;

	timer_counts_add(&sums->counts, &from->counts);
	add_to(&sums->before, from->before);
	add_to(&sums->woke, from->woke);
	add_to(&sums->callback_ns, from->callback_ns);
	add_to(&sums->slack_granted, from->slack_granted);
	add_to(&sums->slack_used, from->slack_used);
	err = dist_merge(&sums->lateness, &from->lateness);
	return err ? err : dist_merge(&sums->timeout, &from->timeout);
}

/* Makes @dist equal to the kernel side's @buckets, @sum and @max. 0 or -ENOMEM. */
static int dist_replace(struct dist *dist, const __u32 buckets[DWELL_BUCKETS], uint64_t sum,
			uint64_t max)
{
	int err = 0;

	dist->used = 0;
	dist->sum = sum;
	dist->max = max;
	for (uint32_t i = 0; i < DWELL_BUCKETS && !err; i++)
		err = dist_add(dist, i, buckets[i]);
	return err;
}

int timer_sums_take(struct timer_sums *sums, const struct dwell_timer_counts *counts)
{
	int err;

	sums->counts.armed = counts->armed;
	sums->counts.rearmed = counts->rearmed;
	sums->counts.cancelled = counts->cancelled;
	sums->counts.expired = counts->expired;
	sums->before = counts->before;
	sums->woke = counts->woke;
	sums->callback_ns = counts->callback_ns;
	sums->slack_granted = counts->slack_granted;
	sums->slack_used = counts->slack_used;
	err = dist_replace(&sums->lateness, counts->late_buckets, counts->late_sum,
			   counts->late_max);
	return err ? err :
		     dist_replace(&sums->timeout, counts->timeout_buckets, counts->timeout_sum,
				  counts->timeout_max);
}

bool timer_sums_has(const struct timer_sums *sums, const struct dwell_timer_counts *counts)
{
	return counts->armed == sums->counts.armed && counts->rearmed == sums->counts.rearmed &&
	       counts->cancelled == sums->counts.cancelled &&
	       counts->expired == sums->counts.expired && counts->before == sums->before &&
	       counts->late_sum == sums->lateness.sum &&
	       counts->late_count == dist_count(&sums->lateness) &&
	       counts->callback_ns == sums->callback_ns;
}

int timer_sums_growth(const struct timer_sums *sums, const struct dwell_timer_counts *counts,
		      struct row *growth)
{
	const struct timer_counts *last = &sums->counts;
	struct dist *lateness = &growth->measure[DWELL_LATENESS];
	int err;

	growth->timers.armed = saturating_subtract(counts->armed, last->armed);
	growth->timers.rearmed = saturating_subtract(counts->rearmed, last->rearmed);
	growth->timers.cancelled = saturating_subtract(counts->cancelled, last->cancelled);
	growth->timers.expired = saturating_subtract(counts->expired, last->expired);
	err = dist_replace(lateness, counts->late_buckets, counts->late_sum, counts->late_max);
	if (!err)
		dist_subtract(lateness, &sums->lateness);
	return err;
}

void timer_sums_clear(struct timer_sums *sums)
{
	dist_clear(&sums->lateness);
	dist_clear(&sums->timeout);
	memset(sums, 0, sizeof(*sums));
}
