/* SPDX-License-Identifier: GPL-2.0-only */
/* An incident as text: one line with how many outliers it has, the worst, and whose fault it was. */
#ifndef DWELL_SINK_INCIDENT_TEXT_H
#define DWELL_SINK_INCIDENT_TEXT_H

#include <stdio.h>

#include "findings/explain.h"
#include "findings/incident.h"

/*
 * Writes @incident, whose worst outlier @worst explains, on one line. One outlier
 * alone is written as outlier_print() does without details. 0, -ENOMEM, or what
 * writing failed with. Does not flush.
 */
int incident_print(FILE *out, const struct incident *incident, const struct explanation *worst,
		   const struct outlier_clock *clock);

#endif
