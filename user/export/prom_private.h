/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two halves of the export to Prometheus have in common. */
#ifndef DWELL_EXPORT_PROM_PRIVATE_H
#define DWELL_EXPORT_PROM_PRIVATE_H

#include "export/prom.h"

/* Waits for a CPU are of one kind, woken or preempted; false for the second of the two. */
static inline bool prom_is_kind(unsigned int measure)
{
	return measure != DWELL_PREEMPTED;
}

/* Writes what has a value for each group. */
void prom_groups(FILE *out, const struct prom *prom);

#endif
