/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of JSON objects: distributions, names and counts, each as all objects have it. */
#ifndef DWELL_SINK_MEMBER_H
#define DWELL_SINK_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "sink/report.h"

/* Each sets members of @object, and returns 0 or -ENOMEM. */

/* @key: count, sum, maximum and, unless it is empty, percentiles. */
int member_dist(json_t *object, const char *key, const struct dist *dist);

/* "cgroup". Id 0 is no cgroup: left out without a name, unless @always. */
int member_cgroup(json_t *object, const struct report *report, uint64_t id, bool always);

/* "callback": the function at that address. */
int member_callback(json_t *object, const struct report *report, uint64_t function);

/* The counts of timers that are @measured (enum figure, or'ed), a member each. */
int member_timers(json_t *object, const struct timer_counts *timers, unsigned int measured);

#endif
