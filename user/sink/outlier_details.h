/* SPDX-License-Identifier: GPL-2.0-only */
/* The details of an outlier as text: indented lines below the outlier's own line. */
#ifndef DWELL_SINK_OUTLIER_DETAILS_H
#define DWELL_SINK_OUTLIER_DETAILS_H

#include <stdio.h>

#include "findings/explain.h"

/*
 * Writes the threshold, the cgroup, the parts that were told before, the shares of the wait, the
 * callback and the stacks, each if it is known. Failed writes show in the error flag of @out.
 */
void outlier_print_details(FILE *out, const struct explanation *explanation);

#endif
