/* SPDX-License-Identifier: GPL-2.0-only */
/* Divides outliers into few groups by their keys, beginning with the most frequent key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "findings/incident_private.h"

#define NO_GROUP SIZE_MAX

/* One key of one outlier. */
struct use {
	const struct incident_key *key;
	size_t held;  /* index of the outlier */
	size_t place; /* index of the key among the outlier's */
};

struct division {
	struct incident_held *held;
	size_t count;
	struct use *uses; /* owned */
	size_t used;
	size_t (*number)[INCIDENT_KEYS]; /* owned; of each outlier's keys: equal keys share one */
	size_t *left; /* owned; by key number: how many outliers have the key but no group */
	size_t keys;  /* different ones */
};

static void free_division(struct division *division)
{
	free(division->uses);
	free(division->number);
	free(division->left);
}

static int compare_uses(const void *left, const void *right)
{
	const struct use *a = left, *b = right;
	int order = memcmp(a->key, b->key, sizeof(*a->key));

	return order ? order : (a->held > b->held) - (a->held < b->held);
}

static void collect_uses(struct division *division)
{
	for (size_t i = 0; i < division->count; i++) {
		const struct incident_held *held = &division->held[i];

		for (size_t k = 0; k < held->keys && !held->part; k++)
			division->uses[division->used++] = (struct use){&held->key[k], i, k};
	}
}

static void number_keys(struct division *division)
{
	const struct use *uses = division->uses;

	qsort(division->uses, division->used, sizeof(*division->uses), compare_uses);
	for (size_t i = 0; i < division->used; i++) {
		if (!i || memcmp(uses[i].key, uses[i - 1].key, sizeof(*uses[i].key)) != 0)
			division->keys++;
		division->number[uses[i].held][uses[i].place] = division->keys - 1;
		division->left[division->keys - 1]++;
	}
}

/* The key that most outliers without a group have; the first one of equally frequent ones. */
static size_t most_frequent(const struct division *division)
{
	size_t best = 0;

	for (size_t i = 1; i < division->keys; i++)
		if (division->left[i] > division->left[best])
			best = i;
	return best;
}

static bool has_key(const struct division *division, size_t i, size_t key)
{
	for (size_t k = 0; k < division->held[i].keys; k++)
		if (division->number[i][k] == key)
			return true;
	return false;
}

/* Makes one group, numbered @group, of all outliers with @key that are in no group yet. */
static void take_group(struct division *division, size_t key, size_t group)
{
	for (size_t i = 0; i < division->count; i++) {
		struct incident_held *held = &division->held[i];

		if (held->part || held->group != NO_GROUP || !has_key(division, i, key))
			continue;
		held->group = group;
		for (size_t k = 0; k < held->keys; k++)
			division->left[division->number[i][k]]--;
	}
}

long incident_divide(struct incident_held *held, size_t count)
{
	__attribute__((cleanup(free_division))) struct division division = {
		.held = held,
		.count = count,
		.uses = calloc(count + 1, INCIDENT_KEYS * sizeof(*division.uses)),
		.number = calloc(count + 1, sizeof(*division.number)),
		.left = calloc(count + 1, INCIDENT_KEYS * sizeof(*division.left)),
	};
	size_t groups = 0, key;

	if (!division.uses || !division.number || !division.left)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		held[i].group = NO_GROUP;
	collect_uses(&division);
	number_keys(&division);
	/* Outliers that have nothing in common with any other are groups of their own. */
	while (division.keys && division.left[key = most_frequent(&division)] > 1)
		take_group(&division, key, groups++);
	for (size_t i = 0; i < count; i++)
		if (!held[i].part && held[i].group == NO_GROUP)
			held[i].group = groups++;
	return (long)groups;
}
