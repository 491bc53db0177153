/* SPDX-License-Identifier: GPL-2.0-only */
/* The cause of an outlier as text: whose it was, where, and whose fault it was. */
#ifndef DWELL_SINK_OUTLIER_CAUSE_H
#define DWELL_SINK_OUTLIER_CAUSE_H

#include <stdio.h>

#include "findings/explain.h"

/* Part of a line: "nginx[812] on CPU 1, woken: hog[4800] had 51 %", as its kind has it. */
void outlier_print_cause(FILE *out, const struct explanation *explanation);

/* Who ended a block: "irq nvme_irq", "timer hrtimer_wakeup", "writer[12/13]". */
void outlier_print_waker(FILE *out, const struct explanation *explanation);

#endif
