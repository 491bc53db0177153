/* SPDX-License-Identifier: GPL-2.0-only */
/* The worst of a window: the few outliers that were furthest beyond their thresholds. */
#ifndef DWELL_FINDINGS_WORST_H
#define DWELL_FINDINGS_WORST_H

#include <stddef.h>
#include <linux/types.h>

#include "bpf/dwell.h"

#define WORST_MAX 5

/* All zeros is none. The furthest beyond its threshold comes first. */
struct worst {
	struct dwell_outlier outlier[WORST_MAX];
	size_t count;
};

/*
 * Takes @outlier in if it belongs to the worst. Of one task and kind only its worst
 * is kept, and of an interval and its parts what told_choose() says.
 */
void worst_add(struct worst *worst, const struct dwell_outlier *outlier);

#endif
