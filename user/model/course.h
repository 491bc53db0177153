/* SPDX-License-Identifier: GPL-2.0-only */
/* The course of a ledger of timers: its counts at each of the model's samples. */
#ifndef DWELL_MODEL_COURSE_H
#define DWELL_MODEL_COURSE_H

#include <stdint.h>

#define COURSE_SAMPLES 64 /* even: every second one is dropped when there is no room */

/* Counts by sample, at the times in the model's sample_at[]; 0 before the ledger was there. */
struct course {
	uint64_t armed[COURSE_SAMPLES]; /* since the window's start, re-arms included */
	uint64_t outstanding[COURSE_SAMPLES];
};

/* Adds @course to @sum, sample by sample. */
void course_add(struct course *sum, const struct course *course);

#endif
