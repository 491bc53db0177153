/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks, in nanoseconds. */
#ifndef DWELL_BASE_CLOCK_H
#define DWELL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* What @clock shows, in ns. */
uint64_t clock_now(clockid_t clock);

/* What CLOCK_MONOTONIC shows, in ns. In comments a time on it is "mono". */
uint64_t clock_mono(void);

#endif
