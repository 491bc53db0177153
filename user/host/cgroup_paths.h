/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths of cgroups by id, found by a walk through the hierarchy. */
#ifndef DWELL_HOST_CGROUP_PATHS_H
#define DWELL_HOST_CGROUP_PATHS_H

#include <stdint.h>

#include "host/cgroup.h"

/* A walk ends at this many groups, or at 32 MiB of paths. */
#define CGROUP_WALK_MAX 100000

/* The paths of all groups, read when first needed. */
struct cgroup_paths;

/*
 * Copies @hierarchy and reads nothing yet. An unknown id makes cgroup_path() read all paths
 * again, at most once in @refresh_ns (CGROUP_REFRESH_NS on a live host). NULL without
 * memory. The caller frees the paths with cgroup_paths_free(), which also takes NULL.
 */
#define CGROUP_REFRESH_NS 1000000000ULL
struct cgroup_paths *cgroup_paths_new(const struct cgroup_hierarchy *hierarchy,
				      uint64_t refresh_ns);
void cgroup_paths_free(struct cgroup_paths *paths);

/*
 * Returns the path of group @id in the hierarchy, such as "/system.slice/cron.service", or
 * "/". It may hold any bytes. A removed group keeps its path while there is room for it.
 * NULL: unknown. The path is valid until the next call for the same @paths.
 */
const char *cgroup_path(struct cgroup_paths *paths, uint64_t id);

#endif
