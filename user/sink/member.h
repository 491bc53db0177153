/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of JSON objects: the values of columns, written alike in all objects. */
#ifndef DWELL_SINK_MEMBER_H
#define DWELL_SINK_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "model/column.h"
#include "sink/report.h"

/* Each function but member_find() sets a member of @object and returns 0 or -ENOMEM. */

/*
 * Sets "cgroup" to the path of cgroup @id, or to "#id" if its path is not known. Id 0 is no
 * cgroup, and is left out unless @always.
 */
int member_cgroup(json_t *object, const struct report *report, uint64_t id, bool always);

/*
 * Finds the object that holds the member at @path, which is "key" or "object.key". An inner
 * object is made if it is missing. Sets *@key to the last part of @path. Returns @object or the
 * inner object, which @object owns; NULL without memory.
 */
json_t *member_find(json_t *object, const char *path, const char **key);

/* Sets @key to count, sum and maximum of @dist, and to percentiles unless it is empty. */
int member_dist(json_t *object, const char *key, const struct dist *dist);

/*
 * Sets @key to @value by the type of @column. Names, states and blocks are left out: their
 * values are not in @value.
 */
int member_value(json_t *object, const char *key, const struct column *column,
		 const struct value *value, const struct report *report);

#endif
