/* SPDX-License-Identifier: GPL-2.0-only */
/* The worst outliers of a window: the few that were furthest beyond their thresholds. */
#ifndef DWELL_FINDINGS_WORST_H
#define DWELL_FINDINGS_WORST_H

#include <stddef.h>
#include <linux/types.h>

#include "bpf/dwell.h"

#define WORST_MAX 5

/* All zeros holds none. */
struct worst {
	struct dwell_outlier outlier[WORST_MAX]; /* the furthest beyond its threshold first */
	size_t count;
};

/*
 * Takes a copy of @outlier if it belongs to the worst. Only the worst of one task and kind is kept.
 * Of an interval and its parts those are kept that told_choose() chooses.
 */
void worst_add(struct worst *worst, const struct dwell_outlier *outlier);

#endif
