/* SPDX-License-Identifier: GPL-2.0-only */
/* The course in time of a ledger of timers: what it came to at each of the model's samples. */
#ifndef DWELL_MODEL_COURSE_H
#define DWELL_MODEL_COURSE_H

#include <stdint.h>

#define COURSE_SAMPLES 64 /* even; when there is no room, every second one is dropped */

/* What a ledger came to at each of the model's samples. */
struct course {
	uint64_t armed[COURSE_SAMPLES];
	uint64_t outstanding[COURSE_SAMPLES];
};

/* Adds what @course came to at each sample to @sum. */
void course_add(struct course *sum, const struct course *course);

#endif
