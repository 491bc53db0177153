/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms for export: a few fixed buckets, into which those of a distribution fall whole. */
#ifndef DWELL_EXPORT_HISTOGRAM_H
#define DWELL_EXPORT_HISTOGRAM_H

#include "model/dist.h"

/* Wide enough for the blocked time of any number of tasks in any number of years. */
typedef unsigned __int128 wide;

#define HISTOGRAM_BOUNDS 20

/* All zeros is an empty one. */
struct histogram {
	wide bucket[HISTOGRAM_BOUNDS + 1]; /* each its own, no sums; the last is beyond all bounds */
	wide sum;			   /* ns */
};

/* The largest duration in ns that falls into bucket @at (below HISTOGRAM_BOUNDS). */
uint64_t histogram_bound(unsigned int at);

/* Adds all intervals of @dist. */
void histogram_add_dist(struct histogram *histogram, const struct dist *dist);

#endif
