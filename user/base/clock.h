/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks: what they show, and how much faster CLOCK_MONOTONIC runs than the raw counter. */
#ifndef DWELL_BASE_CLOCK_H
#define DWELL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Two clocks read at one moment; all zeros: not yet. */
struct clock_pair {
	uint64_t mono; /* ns */
	uint64_t raw;  /* ns */
};

/* What the clock shows, in ns. */
uint64_t clock_now(clockid_t clock);

/* What CLOCK_MONOTONIC shows, in ns. */
uint64_t clock_mono(void);

/* Reads both clocks as close together as it can. */
struct clock_pair clock_pair_read(void);

/*
 * How much faster mono ran than raw from @from to @to, in 2^-30: 1074 is one in
 * a million. 0 for less than a millisecond.
 */
int64_t clock_slew(const struct clock_pair *from, const struct clock_pair *to);

#endif
