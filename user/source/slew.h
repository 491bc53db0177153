/* SPDX-License-Identifier: GPL-2.0-only */
/* How much faster CLOCK_MONOTONIC runs than the counter beneath it, which NTP does not steer. */
#ifndef DWELL_SOURCE_SLEW_H
#define DWELL_SOURCE_SLEW_H

#include <stdint.h>

/* Two clocks read at one moment; all zeros: not yet. */
struct clock_pair {
	uint64_t mono; /* ns */
	uint64_t raw;  /* ns */
};

/* Reads both clocks as close together as it can. */
struct clock_pair clock_pair_read(void);

/*
 * How much faster mono ran than raw from @from to @to, in 2^-30: 1074 is one in
 * a million. 0 for less than a millisecond.
 */
int64_t clock_slew(const struct clock_pair *from, const struct clock_pair *to);

#endif
