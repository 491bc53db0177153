// SPDX-License-Identifier: GPL-2.0-only
/* Origins of series: the model's groups, and the label that each belongs to. */
#include <stdlib.h>
#include <string.h>

#include "export/series_private.h"

/* The most origins that are kept: it bounds memory, and costs names but no counts. */
#define ORIGINS_MAX 16384

/* The group of @label, made if there is none. NULL without memory. */
static struct group *group_get(struct series *series, const char *label)
{
	size_t length = strlen(label);
	struct group *group;

	HASH_FIND(hh, series->groups, label, length, group);
	if (group)
		return group;
	group = calloc(1, sizeof(*group) + length + 1);
	if (!group)
		return NULL;
	memcpy(group->label, label, length);
	HASH_ADD(hh, series->groups, label, length, group);
	if (group->hh.tbl)
		return group;
	free(group);
	return NULL;
}

void series_release(struct series *series, struct group *group)
{
	if (group->origins || group->named || group->counters)
		return;
	HASH_DEL(series->groups, group);
	free(group);
}

void origin_drop_base(struct series *series, struct origin *origin)
{
	if (origin->base)
		series->bases--;
	free(origin->base);
	origin->base = NULL;
}

void origin_forget(struct series *series, struct origin *origin)
{
	if (origin->group) {
		origin->group->origins--;
		series_release(series, origin->group);
	}
	origin_drop_base(series, origin);
	HASH_DEL(series->origins, origin);
	free(origin);
}

struct key origin_key(const struct series *series, const char comm[DWELL_COMM_LEN], uint64_t cgroup)
{
	struct key key = {0};

	if (series->options.by == ROW_BY_CGROUP)
		key.cgroup = cgroup;
	else
		memcpy(key.comm, comm, strnlen(comm, sizeof(key.comm)));
	return key;
}

struct origin *origin_find(const struct series *series, const struct key *key)
{
	struct origin *origin;

	HASH_FIND(hh, series->origins, key, sizeof(*key), origin);
	return origin;
}

struct origin *origin_new(struct series *series, const struct key *key)
{
	struct origin *origin = NULL;

	if (HASH_COUNT(series->origins) < ORIGINS_MAX)
		origin = calloc(1, sizeof(*origin));
	if (!origin)
		return NULL;
	origin->key = *key;
	origin->fresh = !series->blind;
	HASH_ADD(hh, series->origins, key, sizeof(origin->key), origin);
	if (origin->hh.tbl)
		return origin;
	free(origin);
	return NULL;
}

void origin_place(struct series *series, struct origin *origin)
{
	const struct series_options *options = &series->options;
	const char *name = origin->key.comm;
	size_t length = sizeof(origin->key.comm);
	char label[LABEL_LEN];

	if (origin->group)
		return;
	if (options->by == ROW_BY_CGROUP) {
		name = naming_cgroup(&options->naming, origin->key.cgroup);
		length = name ? strlen(name) : 0;
	}
	/* To a reader an empty label is no label. */
	if (!length || !*label_write(label, name, length))
		return;
	origin->group = group_get(series, label);
	if (origin->group)
		origin->group->origins++;
}
