/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of JSON objects: the values of columns, written alike in all objects. */
#include "sink/member.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "model/timer_column.h"

int member_cgroup(json_t *object, const struct report *report, uint64_t id, bool always)
{
	const char *path = naming_cgroup(&report->naming, id);

	if (!id && !path && !always)
		return 0;
	return json_set_resolved(object, "cgroup", path, "#%" PRIu64, id);
}

json_t *member_find(json_t *object, const char *path, const char **key)
{
	const char *dot = strchr(path, '.');
	char name[64];
	json_t *inner;

	*key = dot ? dot + 1 : path;
	if (!dot)
		return object;
	snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
	inner = json_object_get(object, name);
	if (inner)
		return inner;
	inner = json_object();
	return json_set(object, name, inner) ? NULL : inner;
}

/* ---- values of columns ------------------------------------------------------ */

int member_dist(json_t *object, const char *key, const struct dist *dist)
{
	json_t *json = json_object();
	uint64_t count = dist_count(dist);
	/* json_set() takes over the reference to @json. */
	int err = json_set(object, key, json);

	if (err)
		return err;
	err |= json_set_count(json, "count", count);
	err |= json_set_count(json, "sum_ns", dist->sum);
	err |= json_set_count(json, "max_ns", dist->max);
	if (!count)
		return err;
	err |= json_set_count(json, "p50_ns", dist_percentile(dist, 500));
	err |= json_set_count(json, "p90_ns", dist_percentile(dist, 900));
	err |= json_set_count(json, "p99_ns", dist_percentile(dist, 990));
	return err;
}

/* Sets the intervals that have ended, and apart from them those still open. */
static int set_intervals(json_t *object, const char *key, const struct value *value)
{
	uint64_t count = value->open ? dist_count(&value->open->age) : 0;
	int err = member_dist(object, key, value->dist);
	json_t *json;

	if (err || !count)
		return err;
	json = json_object();
	if (json_set(json_object_get(object, key), "open", json))
		return -ENOMEM;
	err |= json_set_count(json, "count", count);
	err |= json_set_count(json, "sum_ns", value->open->window_ns);
	err |= json_set_count(json, "max_ns", value->open->age.max);
	return err;
}

static int set_slack(json_t *object, const char *key, const struct value *value)
{
	json_t *json = json_object();
	int err = json_set(object, key, json);

	if (err)
		return err;
	err |= json_set_count(json, "granted_ns", value->of);
	return err | json_set_count(json, "used_ns", value->number);
}

static int set_growth(json_t *object, const char *key, const struct growth *growth, int what)
{
	static const char *const slopes[] = {
		[GROWTH_OUTSTANDING] = "outstanding_per_s",
		[GROWTH_RATE] = "armed_per_s2",
	};
	json_t *json = json_object();
	int err = json_set(object, key, json);

	if (err)
		return err;
	err |= json_set_ratio(json, slopes[what], growth->per_s);
	err |= json_set_ratio(json, "from", growth->from);
	return err | json_set_ratio(json, "to", growth->to);
}

int member_value(json_t *object, const char *key, const struct column *column,
		 const struct value *value, const struct report *report)
{
	switch (column->type) {
	case COLUMN_CALLBACK:
		return json_set_resolved(object, key,
					 naming_callback(&report->naming, value->number),
					 "0x%" PRIx64, value->number);
	case COLUMN_WORD:
		return json_set(object, key, json_string(value->word));
	case COLUMN_FLAG:
		return json_set(object, key, json_boolean(value->number));
	case COLUMN_INTERVALS:
		return set_intervals(object, key, value);
	case COLUMN_SLACK:
		return set_slack(object, key, value);
	case COLUMN_GROWTH:
		return set_growth(object, key, value->growth, column->what);
	case COLUMN_CGROUP:
	case COLUMN_COMM:
	case COLUMN_API:
	case COLUMN_STATE:
	case COLUMN_BLOCKS:
		return 0;
	default:
		return json_set_count(object, key, value->closed);
	}
}
