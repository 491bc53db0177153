/* SPDX-License-Identifier: GPL-2.0-only */
/* Growth: whether a number, sampled now and then, keeps growing, and how fast. */
#ifndef DWELL_BASE_GROWTH_H
#define DWELL_BASE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROWTH_SAMPLES 6 /* the least that can be judged */

/* The course of a number. All zeros: it does not keep growing. */
struct growth {
	bool grows;
	double per_s; /* slope of the straight line closest to the samples */
	double from;  /* value of that line at the first sample */
	double to;    /* value of that line at the last sample */
};

/*
 * Judges the course of @value[0 … count - 1], sampled at the mono times @at in ascending
 * order. The number keeps growing if all of this holds:
 * - It rises by at least @least, and by at least @share of its first value on the line.
 * - The minimum of each third of the samples rises from third to third, not in a single
 *   step, and over all by as much.
 * - The last third still rises, at least a third as fast as the whole.
 * - The slope is larger than scatter explains, or no sample is below the one before it.
 * With fewer than GROWTH_SAMPLES samples it returns all zeros.
 */
struct growth growth_judge(const uint64_t *at, const double *value, size_t count, double least,
			   double share);

#endif
