// SPDX-License-Identifier: GPL-2.0-only
/* Histograms for export: a few fixed buckets, into which those of a distribution fall whole. */
#include "export/histogram.h"

/*
 * Powers of two at which the buckets end. Each begins a bucket of a
 * distribution too, so that no interval has to be guessed into one. Octaves
 * where schedulers and timers live, coarser where it only matters that it is
 * far less, or far more.
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
