/* SPDX-License-Identifier: GPL-2.0-only */
/* The details of an outlier as text: indented lines beneath its own. */
#ifndef DWELL_SINK_OUTLIER_DETAILS_H
#define DWELL_SINK_OUTLIER_DETAILS_H

#include <stdio.h>

#include "findings/explain.h"

/* Limits, parts told before, who had the CPU for how long, the callback, the stacks. */
void outlier_print_details(FILE *out, const struct explanation *explanation);

#endif
