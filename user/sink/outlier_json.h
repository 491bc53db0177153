/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as one JSON object on one line. */
#ifndef DWELL_SINK_OUTLIER_JSON_H
#define DWELL_SINK_OUTLIER_JSON_H

#include <stdio.h>

#include "findings/explain.h"

/*
 * Writes the outlier with the names in @explanation; @clock gives its local time. Does not
 * flush. 0, -ENOMEM, or the negative errno of writing (-EPIPE too).
 */
int outlier_json(FILE *out, const struct explanation *explanation,
		 const struct outlier_clock *clock);

#endif
