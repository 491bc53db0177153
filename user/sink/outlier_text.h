/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as text: one line that names the culprit, and details below it. */
#ifndef DWELL_SINK_OUTLIER_TEXT_H
#define DWELL_SINK_OUTLIER_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "findings/explain.h"

/*
 * Writes the outlier on one line, and with @details its known cause on indented lines below.
 * @clock gives its local time. All of it is written or, without memory, nothing. Does not flush.
 * 0, -ENOMEM, or the negative errno of writing (-EPIPE too).
 */
int outlier_print(FILE *out, const struct explanation *explanation,
		  const struct outlier_clock *clock, bool details);

#endif
