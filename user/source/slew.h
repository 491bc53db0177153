/* SPDX-License-Identifier: GPL-2.0-only */
/* Slew: how much faster CLOCK_MONOTONIC, steered by NTP, runs than its raw counter. */
#ifndef DWELL_SOURCE_SLEW_H
#define DWELL_SOURCE_SLEW_H

#include <stdint.h>

/* Two clocks at one moment; all zeros: not read yet. */
struct clock_pair {
	uint64_t mono; /* CLOCK_MONOTONIC, ns */
	uint64_t raw;  /* CLOCK_MONOTONIC_RAW, ns */
};

/* Reads both clocks as close together as possible. */
struct clock_pair clock_pair_read(void);

/*
 * How much faster mono ran than raw from @from to @to, in units of 2^-30; 1074 is one part
 * in a million. 0 if less than a millisecond passed.
 */
int64_t clock_slew(const struct clock_pair *from, const struct clock_pair *to);

#endif
