/* SPDX-License-Identifier: GPL-2.0-only */
/* What a CPU ran, made by hand, for tests of outliers. */
#ifndef DWELL_TESTS_RUNS_H
#define DWELL_TESTS_RUNS_H

#include <stdint.h>

#include "user/outlier.h"

/*
 * Adds a run of @tid (0: idle) until the mono time @until to those of @outlier. It
 * began when the one before it ended, the first one 5 ms earlier. It has no name.
 */
void runs_add(struct dwell_outlier *outlier, uint32_t tid, uint64_t until);

/* Takes all of them away. */
void runs_clear(struct dwell_outlier *outlier);

#endif
