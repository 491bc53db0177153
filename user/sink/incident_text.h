/* SPDX-License-Identifier: GPL-2.0-only */
/* An incident as text: one line with the number of outliers, the worst one, and the culprits. */
#ifndef DWELL_SINK_INCIDENT_TEXT_H
#define DWELL_SINK_INCIDENT_TEXT_H

#include <stdio.h>

#include "findings/explain.h"
#include "findings/incident.h"

/*
 * Writes @incident on one line; @worst explains its worst outlier. A single outlier is written
 * as outlier_print() writes it without details. All of the line is written or, without memory,
 * none. Does not flush. 0, -ENOMEM, or the negative errno of writing (-EPIPE too).
 */
int incident_print(FILE *out, const struct incident *incident, const struct explanation *worst,
		   const struct outlier_clock *clock);

#endif
