/* SPDX-License-Identifier: GPL-2.0-only */
/* Targets: what the filter options name, found on this host. */
#ifndef DWELL_OPTIONS_TARGETS_H
#define DWELL_OPTIONS_TARGETS_H

#include "host/cgroup.h"
#include "options/options.h"
#include "source/request.h"

#define TARGETS_TEXT_LEN 512

/*
 * Checks that every process and thread of @options exists, and adds its cgroups'
 * ids to @filter. @hierarchy is NULL where there is none. Says on stderr what is
 * not there. 0 or a negative errno.
 */
int targets_find(const struct options *options, const struct cgroup_hierarchy *hierarchy,
		 struct source_filter *filter);

/* The filters of @options for a heading, cut off to fit @text; NULL: there are none. */
const char *targets_text(const struct options *options, char text[TARGETS_TEXT_LEN]);

#endif
