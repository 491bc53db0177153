/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups: the hierarchy that counts for scheduling, and what its groups may use. */
#ifndef DWELL_HOST_CGROUP_H
#define DWELL_HOST_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The file that cgroup_detect() reads on a live host. */
#define CGROUP_MOUNTINFO "/proc/self/mountinfo"

/* One mounted hierarchy. A group's id is the inode number of its directory. */
struct cgroup_hierarchy {
	bool v1;	      /* hierarchy of the v1 cpu controller; false: the unified one (v2) */
	dev_t device;	      /* st_dev of every directory in it */
	char root[PATH_MAX];  /* as given to cgroup_detect(), without a slash at the end */
	char mount[PATH_MAX]; /* mount point, with @root before it */
};

/*
 * Finds the hierarchy that counts for scheduling: that of the v1 cpu controller if it is
 * mounted, and otherwise the unified one. Of several mounts it takes the one that shows
 * most. @mountinfo is a file like /proc/self/mountinfo (CGROUP_MOUNTINFO). @root is put
 * before each mount point, and is "" on a live host. 0; -ENOENT: no hierarchy is mounted,
 * or @mountinfo does not exist; -ENAMETOOLONG: @root is too long; another negative errno
 * of reading @mountinfo. After an error *hierarchy is of no use.
 */
int cgroup_detect(const char *mountinfo, const char *root, struct cgroup_hierarchy *hierarchy);

/*
 * Sets *id to the id of the group that a person calls @name: a path in the hierarchy, with
 * or without its first slash ("/system.slice/cron.service"), or the path of the group's
 * directory. 0; -EINVAL: @name is empty; -ENOENT: there is no such group; -ENOTDIR: @name
 * is a file; -EXDEV: @name is outside the hierarchy; another negative errno. After an
 * error *id is unchanged.
 */
int cgroup_id(const struct cgroup_hierarchy *hierarchy, const char *name, uint64_t *id);

/*
 * How many CPUs the group at @path (in the hierarchy) may use all of the time: the
 * least of its own quota and those of the groups above it. *owner: so many bytes of
 * @path are the path of the group whose quota that is; of two equal ones the lower. 0: no
 * quota, or unknown.
 */
double cgroup_quota(const struct cgroup_hierarchy *hierarchy, const char *path, size_t *owner);

#endif
