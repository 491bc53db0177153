/* SPDX-License-Identifier: GPL-2.0-only */
/* Temporary cgroups with a CPU controller, of either version. */
#ifndef DWELL_LIVE_CGROUPS_H
#define DWELL_LIVE_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	bool v1;
	char directory[300];
	const char *path; /* from the root of the hierarchy; part of @directory */
};

/* Called once by the runner, before any test and after all of them. */
void cgroups_begin(void);
void cgroups_end(void);

/* Kills what is left in the cgroups that tests made and removes them. */
void cgroups_remove_all(void);

/* Makes a cgroup; the test is skipped where none can be made. The runner removes it. */
void cgroup_make(struct cgroup *cgroup, const char *name);

/* Makes one below @above, which then is for other cgroups, not for processes. */
void cgroup_make_below(struct cgroup *cgroup, const struct cgroup *above, const char *name);

/* Moves a process (0: the caller) into it. */
void cgroup_add(const struct cgroup *cgroup, pid_t pid);

/* Allows it @quota_us of CPU in each @period_us. */
void cgroup_set_quota(const struct cgroup *cgroup, unsigned int quota_us, unsigned int period_us);

/* Gives it the largest share, so that others hardly make it wait. */
void cgroup_prefer(const struct cgroup *cgroup);

/* For how long it was throttled so far, in ns. */
uint64_t cgroup_throttled(const struct cgroup *cgroup);

/* How often that was, on all CPUs. */
uint64_t cgroup_times_throttled(const struct cgroup *cgroup);

#endif
