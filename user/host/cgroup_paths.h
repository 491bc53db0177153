/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of cgroups by id: their paths, found by a walk through the hierarchy. */
#ifndef DWELL_HOST_CGROUP_PATHS_H
#define DWELL_HOST_CGROUP_PATHS_H

#include <stdint.h>

#include "host/cgroup.h"

/* At most so many groups are known, and 32 MiB of paths: a walk ends there. */
#define CGROUP_WALK_MAX 100000

/* The names of all groups, read when first needed. */
struct cgroup_paths;

/*
 * Copies @hierarchy and reads nothing yet. An unknown id makes cgroup_path() read
 * all again if the last time was @refresh_ns ago (CGROUP_REFRESH_NS on a live
 * host). NULL without memory. The caller frees the paths with cgroup_paths_free().
 */
#define CGROUP_REFRESH_NS 1000000000ULL
struct cgroup_paths *cgroup_paths_new(const struct cgroup_hierarchy *hierarchy,
				      uint64_t refresh_ns);
void cgroup_paths_free(struct cgroup_paths *paths);

/*
 * The path of group @id in its hierarchy: "/", "/system.slice/cron.service",
 * hostile bytes as they are. A group that was seen once keeps its path when it
 * is removed, while there is room for it. NULL: unknown. Valid until the next call.
 */
const char *cgroup_path(struct cgroup_paths *paths, uint64_t id);

#endif
