/* SPDX-License-Identifier: GPL-2.0-only */
/* Making, filling and removing cgroups. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/live/cgroups.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#define STANDARD_PLACE "/sys/fs/cgroup"
#define ROOT_LEN 200

static pid_t runner;
static bool mounted;

/* Is @word one of the words in @list, which @separators divide? */
static bool has_word(const char *list, const char *separators, const char *word)
{
	while (*list) {
		const size_t length = strcspn(list, separators);

		if (length == strlen(word) && !strncmp(list, word, length))
			return true;
		list += length;
		list += strspn(list, separators);
	}
	return false;
}

static bool v2_has_cpu(const char *root)
{
	char path[ROOT_LEN + 32], text[512];

	snprintf(path, sizeof(path), "%s/cgroup.controllers", root);
	return proc_read(path, text, sizeof(text)) > 0 && has_word(text, " \n", "cpu");
}

/* Finds where the CPU controller is mounted: fills @root. */
static bool find_root(char root[ROOT_LEN], bool *v1)
{
	char line[4096], type[32], options[512];
	FILE *mounts = fopen("/proc/self/mounts", "re");
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %199s %31s %511s", root, type, options) != 3)
			continue;
		*v1 = !strcmp(type, "cgroup");
		found = (*v1 && has_word(options, ",", "cpu")) ||
			(!strcmp(type, "cgroup2") && v2_has_cpu(root));
	}
	if (mounts)
		fclose(mounts);
	return found;
}

void cgroups_begin(void)
{
	char root[ROOT_LEN];
	bool v1;

	runner = getpid();
	/* A bare system has mounted nothing yet. */
	if (!find_root(root, &v1) && !mount("cgroup2", STANDARD_PLACE, "cgroup2", 0, NULL))
		mounted = true;
}

void cgroups_end(void)
{
	if (mounted)
		umount(STANDARD_PLACE);
}

static void kill_members(const char *directory)
{
	char path[ROOT_LEN + 300], text[4096];

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return;
	for (char *word = strtok(text, "\n"); word; word = strtok(NULL, "\n"))
		if (atoi(word) > 1)
			kill(atoi(word), SIGKILL);
}

static void remove_one(const char *directory)
{
	char path[ROOT_LEN + 300 + 260];
	DIR *listing = opendir(directory);
	const struct dirent *entry;

	while (listing && (entry = readdir(listing))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		remove_one(path);
	}
	if (listing)
		closedir(listing);
	/* A killed process leaves its cgroup when it has been reaped. */
	for (int i = 0; i < 100 && rmdir(directory) && errno == EBUSY; i++) {
		kill_members(directory);
		proc_sleep(10000000);
	}
}

void cgroups_remove_all(void)
{
	char root[ROOT_LEN], prefix[64], path[ROOT_LEN + 260];
	const struct dirent *entry;
	DIR *directory;
	bool v1;

	if (!find_root(root, &v1))
		return;
	directory = opendir(root);
	if (!directory)
		return;
	snprintf(prefix, sizeof(prefix), "dwell-live-%d-", runner);
	while ((entry = readdir(directory))) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, entry->d_name);
		remove_one(path);
	}
	closedir(directory);
}

static void write_file(const struct cgroup *cgroup, const char *name, const char *text)
{
	char path[sizeof(cgroup->directory) + 32];
	int error;

	snprintf(path, sizeof(path), "%s/%s", cgroup->directory, name);
	error = proc_write(path, text);
	if (error)
		live_abort("writing %s to %s: %s", text, path, strerror(-error));
}

void cgroup_make(struct cgroup *cgroup, const char *name)
{
	char root[ROOT_LEN], path[ROOT_LEN + 32];

	if (!find_root(root, &cgroup->v1))
		live_skip("no CPU controller of cgroups here");
	if (!cgroup->v1) {
		snprintf(path, sizeof(path), "%s/cgroup.subtree_control", root);
		if (proc_write(path, "+cpu"))
			live_skip("the CPU controller cannot be switched on");
	}
	snprintf(cgroup->directory, sizeof(cgroup->directory), "%s/dwell-live-%d-%s", root, runner,
		 name);
	cgroup->path = cgroup->directory + strlen(root);
	if (mkdir(cgroup->directory, 0755))
		live_skip("making a cgroup: %s", strerror(errno));
}

void cgroup_make_below(struct cgroup *cgroup, const struct cgroup *above, const char *name)
{
	*cgroup = *above;
	cgroup->path = cgroup->directory + (above->path - above->directory);
	if (strlen(above->directory) + strlen(name) + 2 > sizeof(cgroup->directory))
		live_abort("the path of a cgroup is too long");
	if (!above->v1)
		write_file(above, "cgroup.subtree_control", "+cpu");
	strcat(strcat(cgroup->directory, "/"), name);
	if (mkdir(cgroup->directory, 0755))
		live_skip("making a cgroup below another: %s", strerror(errno));
}

void cgroup_add(const struct cgroup *cgroup, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	write_file(cgroup, "cgroup.procs", text);
}

void cgroup_set_quota(const struct cgroup *cgroup, unsigned int quota_us, unsigned int period_us)
{
	char text[32];

	if (!cgroup->v1) {
		snprintf(text, sizeof(text), "%u %u", quota_us, period_us);
		write_file(cgroup, "cpu.max", text);
		return;
	}
	snprintf(text, sizeof(text), "%u", period_us);
	write_file(cgroup, "cpu.cfs_period_us", text);
	snprintf(text, sizeof(text), "%u", quota_us);
	write_file(cgroup, "cpu.cfs_quota_us", text);
}

void cgroup_prefer(const struct cgroup *cgroup)
{
	if (cgroup->v1)
		write_file(cgroup, "cpu.shares", "262144");
	else
		write_file(cgroup, "cpu.weight", "10000");
}

static uint64_t read_stat(const struct cgroup *cgroup, const char *name)
{
	char path[sizeof(cgroup->directory) + 32], text[1024];
	const char *found;

	snprintf(path, sizeof(path), "%s/cpu.stat", cgroup->directory);
	if (proc_read(path, text, sizeof(text)) <= 0 || !(found = strstr(text, name)))
		live_skip("the kernel keeps no account of throttling");
	return strtoull(found + strlen(name), NULL, 10);
}

uint64_t cgroup_throttled(const struct cgroup *cgroup)
{
	if (cgroup->v1)
		return read_stat(cgroup, "throttled_time ");
	return read_stat(cgroup, "throttled_usec ") * 1000;
}

uint64_t cgroup_times_throttled(const struct cgroup *cgroup)
{
	return read_stat(cgroup, "nr_throttled ");
}
