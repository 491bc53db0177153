/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms for export: a few fixed buckets, each made of whole buckets of a distribution. */
#ifndef DWELL_EXPORT_HISTOGRAM_H
#define DWELL_EXPORT_HISTOGRAM_H

#include "model/dist.h"

/* Wide enough for the blocked time of any number of tasks in any number of years. */
typedef unsigned __int128 wide;

#define HISTOGRAM_BOUNDS 20

/* All zeros is an empty histogram. */
struct histogram {
	/* Intervals, not cumulative; the last bucket is beyond all bounds. */
	wide bucket[HISTOGRAM_BOUNDS + 1];
	wide sum; /* ns */
};

/* The largest duration, in ns, in bucket @at, which is below HISTOGRAM_BOUNDS. */
uint64_t histogram_bound(unsigned int at);

/* Adds all intervals of @dist. */
void histogram_add_dist(struct histogram *histogram, const struct dist *dist);

#endif
