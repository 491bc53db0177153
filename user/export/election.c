// SPDX-License-Identifier: GPL-2.0-only
/* The election: which groups have series of their own; active groups take the places of others. */
#include <stdlib.h>
#include <string.h>

#include "export/series_private.h"

/*
 * Activity is averaged over about this time: a job that runs each minute keeps its place, and
 * yesterday's job loses it.
 */
#define MEMORY_NS 300e9

/*
 * A group takes the place of a named one after being CLEARLY times as active in PATIENCE updates
 * in a row. At most one place in ten changes at a time, for each change is a few hundred new
 * series to whoever collects them.
 */
#define CLEARLY 2.0
#define PATIENCE 4
#define CHANGES(limit) (1 + (limit) / 10)

void election_rate(struct series *series, double ns)
{
	double share = ns / (MEMORY_NS + ns);

	for (struct group *group = series->groups; group; group = group->hh.next) {
		group->activity += share * ((double)group->grown * 1e9 / ns - group->activity);
		group->grown = 0;
	}
}

static int compare_labels(const void *a, const void *b)
{
	const struct group *const *x = a, *const *y = b;

	return strcmp((*x)->label, (*y)->label);
}

static int compare_activity(const void *a, const void *b)
{
	const struct group *const *x = a, *const *y = b;

	if ((*x)->activity != (*y)->activity)
		return (*x)->activity < (*y)->activity ? -1 : 1;
	return compare_labels(a, b);
}

static int compare_busiest(const void *a, const void *b)
{
	return compare_activity(b, a);
}

/* Names @group; the caller adds it to the list. False without memory. */
static bool admit(struct series *series, struct group *group)
{
	if (group->counters)
		series->kept--;
	else
		group->counters = calloc(1, sizeof(*group->counters));
	if (!group->counters)
		return false;
	group->named = true;
	group->begins = true;
	group->streak = 0;
	series->census.admissions++;
	return true;
}

static void evict(struct series *series, struct group *group)
{
	group->named = false;
	group->evicted = ++series->census.evictions;
	series->kept++;
}

/* Gives named groups' places to groups of @group that have been clearly more active for long. */
static void challenge(struct series *series, struct group **group, size_t count)
{
	size_t changes = CHANGES(series->options.limit), named = series->census.named;

	for (size_t i = 0; i < count; i++) {
		bool clearly = i < named &&
			       group[i]->activity > CLEARLY * series->named[i]->activity;

		group[i]->streak = clearly ? group[i]->streak + 1 : 0;
		if (group[i]->streak < PATIENCE || !changes || !admit(series, group[i]))
			continue;
		evict(series, series->named[i]);
		series->named[i] = group[i];
		changes--;
	}
}

void election_hold(struct series *series)
{
	struct group **list = calloc(HASH_COUNT(series->groups) + 1, sizeof(struct group *));
	uint64_t *named = &series->census.named;
	size_t count = 0, at = 0;

	if (!list)
		return;
	for (struct group *group = series->groups; group; group = group->hh.next)
		if (!group->named && group->origins && group->activity > 0)
			list[count++] = group;
	qsort(list, count, sizeof(*list), compare_busiest);
	for (; *named < series->options.limit && at < count; at++)
		if (admit(series, list[at]))
			series->named[(*named)++] = list[at];
	qsort(series->named, *named, sizeof(*list), compare_activity);
	challenge(series, list + at, count - at);
	qsort(series->named, *named, sizeof(*list), compare_labels);
	free(list);
}
