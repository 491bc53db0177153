/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers, and what a CPU ran meanwhile, made by hand for tests of outliers. */
#ifndef DWELL_TESTS_RUNS_H
#define DWELL_TESTS_RUNS_H

#include <stdint.h>

#include "findings/outlier.h"

#define US 1000ULL
#define MS 1000000ULL
#define SECOND 1000000000ULL
#define BEGIN 1000000000000ULL

#define TICKER 4712
#define HOG 4800
#define HOG2 4801

/*
 * Adds a run of @tid (0: idle) until the mono time @until to those of @outlier. It
 * began when the one before it ended, the first one 5 ms earlier. It has no name.
 */
void runs_add(struct dwell_outlier *outlier, uint32_t tid, uint64_t until);

/* Takes all of them away. */
void runs_clear(struct dwell_outlier *outlier);

/* An outlier of the task TICKER: 24 ms from BEGIN on. */
struct dwell_outlier ticker_outlier(enum dwell_measure measure);

/* Adds a run of @tid that ended @until ns after BEGIN. */
void ticker_add_run(struct dwell_outlier *outlier, uint32_t tid, int64_t until);

#endif
