/* SPDX-License-Identifier: GPL-2.0-only */
/* Targets: the tasks and cgroups that the filter options name, as found on this host. */
#ifndef DWELL_OPTIONS_TARGETS_H
#define DWELL_OPTIONS_TARGETS_H

#include "host/cgroup.h"
#include "options/options.h"
#include "source/request.h"

#define TARGETS_TEXT_LEN 512

/*
 * Checks that all processes and threads of @filter exist, and sets its cgroups to the ids of
 * those in @options. @hierarchy is NULL if there is none. 0, or a negative errno, never -EPERM;
 * an error has been said on stderr.
 */
int targets_find(const struct options *options, const struct cgroup_hierarchy *hierarchy,
		 struct source_filter *filter);

/*
 * Writes the filters of @options for a heading to @text, cut to fit. Names may be any bytes.
 * Returns @text, or NULL without filters or memory.
 */
const char *targets_text(const struct options *options, char text[TARGETS_TEXT_LEN]);

#endif
