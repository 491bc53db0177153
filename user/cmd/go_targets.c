/* SPDX-License-Identifier: GPL-2.0-only */
/* Go targets: the processes that `dwell go` is to look at, Go programs or not. */
#include "cmd/go_targets.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/text.h"
#include "host/proc_file.h"
#include "options/targets.h"

#define LINE_LEN (PATH_MAX + 256)

/* What a process has to match. */
struct wanted {
	const struct source_filter *filter;
	const struct cgroup_hierarchy *hierarchy; /* NULL: no cgroup is asked for */
};

/* ---- names ------------------------------------------------------------------------ */

static FILE *open_of(uint32_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return fopen(path, "re");
}

/* Whether the process goes by one of the names. */
static bool has_comm(const struct source_filter *filter, uint32_t pid)
{
	char comm[2 * DWELL_COMM_LEN];

	if (proc_file_comm(pid, comm, sizeof(comm)))
		return false;
	for (unsigned int i = 0; i < filter->nr_comms; i++)
		if (!strncmp(comm, filter->comms[i], DWELL_COMM_LEN))
			return true;
	return false;
}

/* ---- cgroups ------------------------------------------------------------------------ */

/* Whether @line of /proc/PID/cgroup, "4:cpu,cpuacct:/path", is of the hierarchy. */
static bool is_of(const struct cgroup_hierarchy *hierarchy, char *line)
{
	char *controllers = strchr(line, ':'), *next;

	if (!controllers)
		return false;
	controllers++;
	if (!hierarchy->v1)
		return *controllers == ':';
	controllers[strcspn(controllers, ":")] = '\0';
	for (; controllers; controllers = next) {
		next = strchr(controllers, ',');
		if (next)
			*next++ = '\0';
		if (!strcmp(controllers, "cpu"))
			return true;
	}
	return false;
}

/* Writes the path of the process's cgroup to @path. Returns whether it is known. */
static bool find_path(const struct cgroup_hierarchy *hierarchy, uint32_t pid, char *path)
{
	FILE *file = open_of(pid, "cgroup");
	char line[LINE_LEN];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		colon = colon ? strchr(colon + 1, ':') : NULL;
		if (!colon)
			continue;
		snprintf(path, LINE_LEN, "%s", colon + 1);
		found = is_of(hierarchy, line);
	}
	if (file)
		fclose(file);
	return found;
}

static bool is_wanted_cgroup(const struct source_filter *filter, uint64_t id)
{
	for (unsigned int i = 0; i < filter->nr_cgroups; i++)
		if (filter->cgroups[i] == id)
			return true;
	return false;
}

/* Whether the process is in one of the cgroups, or below it. */
static bool in_cgroup(const struct wanted *wanted, uint32_t pid)
{
	char path[LINE_LEN];
	uint64_t id;

	if (!find_path(wanted->hierarchy, pid, path))
		return false;
	for (;;) {
		char *slash = strrchr(path, '/');

		if (!cgroup_id(wanted->hierarchy, *path ? path : "/", &id) &&
		    is_wanted_cgroup(wanted->filter, id))
			return true;
		if (!slash || !*path)
			return false;
		*slash = '\0';
	}
}

/* ---- processes --------------------------------------------------------------------- */

/* Adds @pid if it matches. 0 or -ENOMEM. */
static int consider(const struct wanted *wanted, uint32_t pid, struct go_targets *targets)
{
	uint32_t *more;

	if (wanted->filter->nr_comms && !has_comm(wanted->filter, pid))
		return 0;
	if (wanted->filter->nr_cgroups && !in_cgroup(wanted, pid))
		return 0;
	more = reallocarray(targets->pid, targets->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	targets->pid = more;
	more[targets->count++] = pid;
	return 0;
}

static int consider_all(const struct wanted *wanted, struct go_targets *targets)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int err = 0;

	if (!proc)
		return -errno;
	while (!err && (entry = readdir(proc))) {
		uint64_t pid;

		if (isdigit((unsigned char)entry->d_name[0]) &&
		    !text_parse_number(entry->d_name, UINT32_MAX, &pid))
			err = consider(wanted, (uint32_t)pid, targets);
	}
	closedir(proc);
	return err;
}

int go_targets_find(const struct options *options, struct go_targets *targets)
{
	static struct cgroup_hierarchy hierarchy;
	const bool mounted = options->nr_cgroups &&
			     !cgroup_detect(CGROUP_MOUNTINFO, "", &hierarchy);
	struct source_filter filter = options->filter;
	const struct wanted wanted = {&filter, &hierarchy};
	int err = targets_find(options, mounted ? &hierarchy : NULL, &filter);

	*targets = (struct go_targets){.named = filter.nr_pids};
	if (err)
		return err;
	for (unsigned int i = 0; i < filter.nr_pids && !err; i++)
		err = consider(&wanted, filter.pids[i], targets);
	if (!filter.nr_pids)
		err = consider_all(&wanted, targets);
	if (err)
		message_error("cannot list the processes: %s", strerror(-err));
	return err;
}
