/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: everything exported of a group that only grows, and arithmetic with it. */
#ifndef DWELL_EXPORT_COUNTERS_H
#define DWELL_EXPORT_COUNTERS_H

#include "export/histogram.h"
#include "model/model.h"

/*
 * All zeros is nothing counted. Durations are ns. Arrays are by enum dwell_block or
 * dwell_measure.
 */
struct counters {
	wide armed;
	wide cancelled;
	wide expired;
	wide oncpu_ns;
	wide blocked_ns[DWELL_BLOCKS];
	wide outliers[DWELL_MEASURES];
	struct histogram measure[DWELL_MEASURES];
};

/* Adds what @row counted. Outliers stay as they are, for a row has none. */
void counters_add_row(struct counters *counters, const struct row *row);

/* Adds every counter of @more. */
void counters_add(struct counters *counters, const struct counters *more);

/* Subtracts every counter of @less; none falls below 0. */
void counters_subtract(struct counters *counters, const struct counters *less);

#endif
