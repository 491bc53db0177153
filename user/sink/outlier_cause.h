/* SPDX-License-Identifier: GPL-2.0-only */
/* The cause of an outlier as text: the task, the place, and the culprits. */
#ifndef DWELL_SINK_OUTLIER_CAUSE_H
#define DWELL_SINK_OUTLIER_CAUSE_H

#include <stdio.h>

#include "findings/explain.h"

/*
 * Writes a part of a line in the form of the outlier's kind, such as "nginx[812] on CPU 1,
 * woken: hog[4800] had 51 %". Failed writes show in the error flag of @out.
 */
void outlier_print_cause(FILE *out, const struct explanation *explanation);

/*
 * Writes who ended a block: "irq nvme_irq", "timer hrtimer_wakeup", "writer[12/13]". Failed
 * writes show in the error flag of @out.
 */
void outlier_print_waker(FILE *out, const struct explanation *explanation);

#endif
