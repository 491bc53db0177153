/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks, in nanoseconds. */
#ifndef DWELL_BASE_CLOCK_H
#define DWELL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Returns the time of @clock in ns; @clock must exist. */
uint64_t clock_now(clockid_t clock);

/* Returns the time of CLOCK_MONOTONIC in ns. Comments call such a time "mono". */
uint64_t clock_mono(void);

#endif
