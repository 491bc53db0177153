/* SPDX-License-Identifier: GPL-2.0-only */
/* Arithmetic that stops at the ends of its range instead of leaving it. */
#ifndef DWELL_BASE_SATURATE_H
#define DWELL_BASE_SATURATE_H

#include <stdint.h>

/* a + b, or UINT64_MAX if the sum does not fit. */
static inline uint64_t saturating_add(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* a - b, or 0 if the difference is negative. */
static inline uint64_t saturating_subtract(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* @value rounded; 0 if it is negative or NaN, UINT64_MAX if it does not fit. */
static inline uint64_t saturating_round(double value)
{
	if (!(value > 0))
		return 0;
	return value < 0x1p64 ? (uint64_t)(value + 0.5) : UINT64_MAX;
}

#endif
