/* SPDX-License-Identifier: GPL-2.0-only */
/* Distributions of durations: sparse histograms with exact count, sum and maximum. */
#ifndef DWELL_MODEL_DIST_H
#define DWELL_MODEL_DIST_H

#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

/* One bucket in use. */
struct dist_cell {
	uint32_t bucket; /* 0 … DWELL_BUCKETS - 1 */
	uint64_t count;	 /* > 0 */
};

/*
 * A distribution. All zeros is an empty one. Most tasks touch a dozen of the
 * buckets, so only those in use are kept, in ascending order.
 */
struct dist {
	uint64_t sum; /* ns, saturating */
	uint64_t max; /* ns */
	uint32_t used;
	uint32_t room;
	struct dist_cell *cells; /* owned; freed by dist_clear() */
};

/* Adds @count intervals to @bucket; sum and maximum stay as they are. 0 or -ENOMEM. */
int dist_add(struct dist *dist, uint32_t bucket, uint64_t count);

/* Adds everything of @from to @dist, sum and maximum included. 0 or -ENOMEM. */
int dist_merge(struct dist *dist, const struct dist *from);

/*
 * Removes the intervals of @base from @dist, of which they are a part. Where the maximum was one
 * of them, it becomes the largest that those which are left can be.
 */
void dist_subtract(struct dist *dist, const struct dist *base);

/* How many intervals it holds. */
uint64_t dist_count(const struct dist *dist);

/*
 * The duration in ns that @per_mille of the intervals do not exceed (500 = the
 * median), within 12.5 %, never above the maximum; 0 for an empty distribution.
 * Beyond 36 minutes it is the mean of all that are.
 */
uint64_t dist_percentile(const struct dist *dist, unsigned int per_mille);

/* The percentile of what @dist and @more hold together. */
uint64_t dist_percentile_with(const struct dist *dist, const struct dist *more,
			      unsigned int per_mille);

/* The smallest duration in ns that falls into @bucket (0 … DWELL_BUCKETS - 1). */
uint64_t dist_bucket_start(uint32_t bucket);

/* Empties @dist but keeps its memory for the next use. */
void dist_reset(struct dist *dist);

/* Frees what @dist holds and makes it empty. */
void dist_clear(struct dist *dist);

#endif
