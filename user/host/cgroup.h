/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups: the hierarchy that counts for scheduling, and what its groups may use. */
#ifndef DWELL_HOST_CGROUP_H
#define DWELL_HOST_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What cgroup_detect() reads on a live host. */
#define CGROUP_MOUNTINFO "/proc/self/mountinfo"

/* One mounted hierarchy. The id of a group in it is its directory's inode number. */
struct cgroup_hierarchy {
	bool v1;	      /* the v1 cpu controller's; else the unified one (v2) */
	dev_t device;	      /* st_dev of every directory in it */
	char root[PATH_MAX];  /* as given to cgroup_detect(), without a slash at the end */
	char mount[PATH_MAX]; /* mount point, with @root before it */
};

/*
 * Finds the hierarchy that counts for scheduling, in a file like
 * /proc/self/mountinfo: that of the v1 cpu controller where it is mounted, else
 * the unified one. Of several mounts the one that shows most. @root is put
 * before each mount point: "" on a live host. 0; -ENOENT: none is mounted, or
 * @mountinfo does not exist; -ENAMETOOLONG: @root; another negative errno of
 * reading @mountinfo. After an error *hierarchy is of no use.
 */
int cgroup_detect(const char *mountinfo, const char *root, struct cgroup_hierarchy *hierarchy);

/*
 * The id of the group that a person means by @name: a path in the hierarchy
 * with or without its first slash ("/system.slice/cron.service"), or the path of
 * its directory. 0; -EINVAL: @name is empty; -ENOENT: there is no such group;
 * -ENOTDIR: it is a file; -EXDEV: it is outside the hierarchy; another negative errno.
 */
int cgroup_id(const struct cgroup_hierarchy *hierarchy, const char *name, uint64_t *id);

/*
 * How many CPUs the group at @path (in the hierarchy) may use all of the time: the
 * least of its own quota and those of the groups above it. 0: no quota, or unknown.
 */
double cgroup_quota(const struct cgroup_hierarchy *hierarchy, const char *path);

#endif
