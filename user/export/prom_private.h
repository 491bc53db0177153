/* SPDX-License-Identifier: GPL-2.0-only */
/* The common part of both halves of the export to Prometheus. */
#ifndef DWELL_EXPORT_PROM_PRIVATE_H
#define DWELL_EXPORT_PROM_PRIVATE_H

#include "export/prom.h"

/* Whether @measure has a kind of its own: woken and preempted waits share the first one's. */
static inline bool prom_is_kind(unsigned int measure)
{
	return measure != DWELL_PREEMPTED;
}

/*
 * Writes all families with a series for each group. Failed writes show in the error flag of
 * @out.
 */
void prom_groups(FILE *out, const struct prom *prom);

#endif
