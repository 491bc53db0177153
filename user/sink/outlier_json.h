/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as one JSON object on one line. */
#ifndef DWELL_SINK_OUTLIER_JSON_H
#define DWELL_SINK_OUTLIER_JSON_H

#include <stdio.h>

#include "findings/explain.h"

/* 0, -ENOMEM, or what writing failed with (-EPIPE too). Does not flush. */
int outlier_json(FILE *out, const struct explanation *explanation,
		 const struct outlier_clock *clock);

#endif
