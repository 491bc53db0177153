/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as text: one line that says whose fault it is, and its details beneath. */
#ifndef DWELL_SINK_OUTLIER_TEXT_H
#define DWELL_SINK_OUTLIER_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "findings/explain.h"

/*
 * Writes the outlier on one line, and with @details what is known of its cause on
 * indented lines beneath. 0, -ENOMEM, or what writing failed with (-EPIPE too).
 * Does not flush.
 */
int outlier_print(FILE *out, const struct explanation *explanation,
		  const struct outlier_clock *clock, bool details);

#endif
