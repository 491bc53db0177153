// SPDX-License-Identifier: GPL-2.0-only
/* Histograms for export: a few fixed buckets, each made of whole buckets of a distribution. */
#include "export/histogram.h"

/*
 * Exponents of the powers of two at which the buckets end. A bucket of a distribution begins at
 * each, so no interval has to be split by a guess. The bounds are octaves where schedulers and
 * timers live, and coarser where only the order of magnitude matters.
 */
static const unsigned char ends[HISTOGRAM_BOUNDS] = {
	10, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 33,
};

uint64_t histogram_bound(unsigned int at)
{
	return (1ULL << ends[at]) - 1;
}

void histogram_add_dist(struct histogram *histogram, const struct dist *dist)
{
	unsigned int at = 0;

	for (uint32_t i = 0; i < dist->used; i++) {
		while (at < HISTOGRAM_BOUNDS &&
		       dist_bucket_start(dist->cells[i].bucket) > histogram_bound(at))
			at++;
		histogram->bucket[at] += dist->cells[i].count;
	}
	histogram->sum += dist->sum;
}
