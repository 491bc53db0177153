/* SPDX-License-Identifier: GPL-2.0-only */
/* Growth: whether a number that was looked at now and then keeps growing, and how fast. */
#ifndef DWELL_BASE_GROWTH_H
#define DWELL_BASE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROWTH_SAMPLES 6 /* with fewer nothing is known */

/* What is known of a number's course. All zeros: it does not keep growing. */
struct growth {
	bool grows;
	double per_s; /* slope of the straight line closest to the samples */
	double from;  /* that line's value at the first sample, … */
	double to;    /* … and at the last */
};

/*
 * Judges the course of @value[0 … count - 1], taken at the mono times @at, which
 * do not fall. It keeps growing if it rises by at least @least and by @share of
 * where it began, and if that is no accident: what it does not fall back below,
 * the least value of each third of the samples, rises as much and from third to
 * third, not in a single step; the last third still rises, at least a third as
 * fast as all; and the slope is not one that the samples' scatter may have. With
 * fewer than GROWTH_SAMPLES nothing is known.
 */
struct growth growth_judge(const uint64_t *at, const double *value, size_t count, double least,
			   double share);

#endif
