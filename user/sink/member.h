/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of JSON objects: values of columns, each as all objects have them. */
#ifndef DWELL_SINK_MEMBER_H
#define DWELL_SINK_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "model/column.h"
#include "sink/report.h"

/* Each but member_find() sets a member of @object, and returns 0 or -ENOMEM. */

/* "cgroup". Id 0 is no cgroup: left out without a name, unless @always. */
int member_cgroup(json_t *object, const struct report *report, uint64_t id, bool always);

/*
 * The object that @path ("key" or "object.key") leads to, @object or one in it that is made
 * if it is not there, with *@key being the path's end. NULL without memory.
 */
json_t *member_find(json_t *object, const char *path, const char **key);

/*
 * @key: @value, as all columns of its type have it but for names, states and blocks,
 * of which it sets nothing.
 */
int member_value(json_t *object, const char *key, const struct column *column,
		 const struct value *value, const struct report *report);

#endif
