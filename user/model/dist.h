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
 * A distribution; all zeros is an empty one. Only the buckets in use are kept: most tasks touch
 * a dozen of them.
 */
struct dist {
	uint64_t sum;		 /* ns, saturating */
	uint64_t max;		 /* ns */
	uint32_t used;		 /* cells in use */
	uint32_t room;		 /* cells allocated */
	struct dist_cell *cells; /* ascending by bucket; owned, freed by dist_clear() */
};

/*
 * Adds @count intervals to @bucket; one beyond the last counts as the last. Sum and maximum stay
 * as they are. 0 or -ENOMEM.
 */
int dist_add(struct dist *dist, uint32_t bucket, uint64_t count);

/* Adds @from to @dist, sum and maximum included. 0 or -ENOMEM; then a part may be added. */
int dist_merge(struct dist *dist, const struct dist *from);

/*
 * Removes the intervals of @base, which are a part of @dist. If the maximum may have been one of
 * them, it becomes the largest duration that the rest can hold.
 */
void dist_subtract(struct dist *dist, const struct dist *base);

/* The number of intervals in @dist, saturating. */
uint64_t dist_count(const struct dist *dist);

/*
 * The duration in ns that @per_mille of the intervals do not exceed: 500 is the median, and more
 * than 1000 count as 1000. It is exact within 12.5 %, and never above the maximum; 0 for an empty
 * distribution. One beyond 36 minutes is the mean of all intervals beyond 36 minutes.
 */
uint64_t dist_percentile(const struct dist *dist, unsigned int per_mille);

/* As dist_percentile(), of the intervals of @dist and @more together. */
uint64_t dist_percentile_with(const struct dist *dist, const struct dist *more,
			      unsigned int per_mille);

/* The shortest duration in ns that falls into @bucket (0 … DWELL_BUCKETS - 1). */
uint64_t dist_bucket_start(uint32_t bucket);

/* Empties @dist, and keeps its memory for the next use. */
void dist_reset(struct dist *dist);

/* Frees what @dist holds, and makes it empty. */
void dist_clear(struct dist *dist);

#endif
