// SPDX-License-Identifier: GPL-2.0-only
/* The worst of a window: the few outliers that were furthest beyond their thresholds. */
#include "worst.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "outlier.h"
#include "told.h"

static bool same_kind(const struct dwell_outlier *a, const struct dwell_outlier *b)
{
	return a->tid == b->tid && a->start == b->start &&
	       !strcmp(outlier_what(a), outlier_what(b));
}

/* Takes the outlier at @at out. */
static void remove_at(struct worst *worst, size_t at)
{
	worst->count--;
	memmove(&worst->outlier[at], &worst->outlier[at + 1],
		(worst->count - at) * sizeof(worst->outlier[0]));
}

/* Whether those that are kept tell @outlier: they are its parts. Parts that it tells go. */
static bool is_told(struct worst *worst, const struct dwell_outlier *outlier)
{
	struct told_parts parts = {0};
	enum told_choice choice;

	for (size_t i = 0; i < worst->count; i++) {
		const struct told_interval part = told_interval(&worst->outlier[i]);

		if (told_is_part(&part, outlier))
			told_count(&parts, &part);
	}
	choice = told_choose(outlier, &parts);
	for (size_t i = worst->count; i-- > 0 && choice == TOLD_OUTER;) {
		const struct told_interval part = told_interval(&worst->outlier[i]);

		if (told_is_part(&part, outlier))
			remove_at(worst, i);
	}
	return choice == TOLD_PARTS;
}

void worst_add(struct worst *worst, const struct dwell_outlier *outlier)
{
	size_t at;

	if (is_told(worst, outlier))
		return;
	for (at = 0; at < worst->count; at++) {
		if (!same_kind(&worst->outlier[at], outlier))
			continue;
		/* The end of what was open is the same one, and says more. */
		if (outlier_excess(&worst->outlier[at]) > outlier_excess(outlier))
			return;
		remove_at(worst, at);
		break;
	}
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
