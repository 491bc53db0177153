// SPDX-License-Identifier: GPL-2.0-only
/* The worst outliers of a window: the few that were furthest beyond their thresholds. */
#include "findings/worst.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "findings/outlier.h"
#include "findings/told.h"

static bool same_kind(const struct dwell_outlier *a, const struct dwell_outlier *b)
{
	return a->tid == b->tid && a->start == b->start &&
	       !strcmp(outlier_what(a), outlier_what(b));
}

/* Removes the outlier at @at. */
static void remove_at(struct worst *worst, size_t at)
{
	worst->count--;
	memmove(&worst->outlier[at], &worst->outlier[at + 1],
		(worst->count - at) * sizeof(worst->outlier[0]));
}

static bool is_part(const struct worst *worst, size_t at, const struct dwell_outlier *outlier)
{
	const struct told_interval part = told_interval(&worst->outlier[at]);

	return told_is_part(&part, outlier);
}

/* Which are to be kept: @outlier, its parts in @worst, or both. */
static enum told_choice choose(const struct worst *worst, const struct dwell_outlier *outlier)
{
	struct told_parts parts = {0};

	for (size_t i = 0; i < worst->count; i++) {
		const struct told_interval part = told_interval(&worst->outlier[i]);

		if (is_part(worst, i, outlier))
			told_count(&parts, &part);
	}
	return told_choose(outlier, &parts);
}

void worst_add(struct worst *worst, const struct dwell_outlier *outlier)
{
	enum told_choice choice = choose(worst, outlier);
	size_t at;

	if (choice == TOLD_PARTS)
		return;
	/* An ended outlier replaces itself as it was while open, because it tells more. */
	for (at = 0; at < worst->count; at++)
		if (same_kind(&worst->outlier[at], outlier) &&
		    outlier_excess(&worst->outlier[at]) > outlier_excess(outlier))
			return;
	for (at = worst->count; at-- > 0;)
		if (same_kind(&worst->outlier[at], outlier) ||
		    (choice == TOLD_OUTER && is_part(worst, at, outlier)))
			remove_at(worst, at);
	for (at = 0; at < worst->count; at++)
		if (outlier_excess(outlier) > outlier_excess(&worst->outlier[at]))
			break;
	if (at == WORST_MAX)
		return;
	if (worst->count == WORST_MAX)
		worst->count--;
	memmove(&worst->outlier[at + 1], &worst->outlier[at],
		(worst->count - at) * sizeof(worst->outlier[0]));
	worst->outlier[at] = *outlier;
	worst->count++;
}
