/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: all that a group exports which only grows, and its arithmetic. */
#ifndef DWELL_EXPORT_COUNTERS_H
#define DWELL_EXPORT_COUNTERS_H

#include "export/histogram.h"
#include "model/model.h"

/* All zeros is none counted. */
struct counters {
	wide armed;
	wide cancelled;
	wide expired;
	wide oncpu_ns;
	wide blocked_ns[DWELL_BLOCKS];
	wide outliers[DWELL_MEASURES];
	struct histogram measure[DWELL_MEASURES];
};

/* Adds what @row counted. A row knows no outliers. */
void counters_add_row(struct counters *counters, const struct row *row);

/* Adds all of @more. */
void counters_add(struct counters *counters, const struct counters *more);

/* Takes @less away, no counter below 0. */
void counters_subtract(struct counters *counters, const struct counters *less);

#endif
