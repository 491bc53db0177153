// SPDX-License-Identifier: GPL-2.0-only
/* Clocks, in nanoseconds. */
#include "base/clock.h"

uint64_t clock_now(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

uint64_t clock_mono(void)
{
	return clock_now(CLOCK_MONOTONIC);
}
