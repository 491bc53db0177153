/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of JSON objects: distributions, names and counts, each as all objects have it. */
#include "sink/member.h"

#include <inttypes.h>

#include "base/json.h"

int member_dist(json_t *object, const char *key, const struct dist *dist)
{
	json_t *json = json_object();
	uint64_t count = dist_count(dist);
	/* From here on the object owns it. */
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

int member_cgroup(json_t *object, const struct report *report, uint64_t id, bool always)
{
	const char *path = naming_cgroup(&report->naming, id);

	if (!id && !path && !always)
		return 0;
	return json_set_resolved(object, "cgroup", path, "#%" PRIu64, id);
}

int member_callback(json_t *object, const struct report *report, uint64_t function)
{
	return json_set_resolved(object, "callback", naming_callback(&report->naming, function),
				 "0x%" PRIx64, function);
}

int member_timers(json_t *object, const struct timer_counts *timers, unsigned int measured)
{
	const struct {
		enum figure figure;
		const char *key;
		uint64_t count;
	} counts[] = {
		{FIGURE_ARMED, "armed", timers->armed},
		{FIGURE_REARMED, "rearmed", timers->rearmed},
		{FIGURE_CANCELLED, "cancelled", timers->cancelled},
		{FIGURE_EXPIRED, "expired", timers->expired},
		{FIGURE_OUTSTANDING, "outstanding", timers->outstanding},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (measured & counts[i].figure)
			err |= json_set_count(object, counts[i].key, counts[i].count);
	return err;
}
