// SPDX-License-Identifier: GPL-2.0-only
/* Targets: the tasks and cgroups that the filter options name, as found on this host. */
#include "options/targets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/message.h"

/*
 * The process of thread @tid where /proc does not show it, because /proc is missing or hides
 * others' tasks (hidepid). A signal only tells that the thread exists, and not its process: @tid
 * stands for that. Or a negative errno.
 */
static long unseen_process(uint32_t tid)
{
	return kill(tid, 0) && errno != EPERM ? -errno : (long)tid;
}

/* The process of thread @tid, or a negative errno. */
static long process_of(uint32_t tid)
{
	char path[64], line[256];
	long pid = -ESRCH;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/status", tid);
	file = fopen(path, "re");
	if (!file)
		return unseen_process(tid);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %ld", &pid) == 1)
			break;
	fclose(file);
	return pid;
}

static int find_processes(const struct source_filter *filter)
{
	for (unsigned int i = 0; i < filter->nr_pids; i++) {
		long pid = process_of(filter->pids[i]);

		if (pid == (long)filter->pids[i])
			continue;
		if (pid < 0) {
			message_error("there is no process %u: %s", filter->pids[i],
				      strerror(-pid));
			return pid;
		}
		message_error("%u is a thread of process %ld", filter->pids[i], pid);
		message_hint("use -p %ld for the process, or -t %u for this thread", pid,
			     filter->pids[i]);
		return -ESRCH;
	}
	return 0;
}

static int find_threads(const struct source_filter *filter)
{
	for (unsigned int i = 0; i < filter->nr_tids; i++) {
		long pid = process_of(filter->tids[i]);

		if (pid >= 0)
			continue;
		message_error("there is no thread %u: %s", filter->tids[i], strerror(-pid));
		return pid;
	}
	return 0;
}

static int find_cgroups(const struct options *options, const struct cgroup_hierarchy *hierarchy,
			struct source_filter *filter)
{
	if (options->nr_cgroups && !hierarchy) {
		message_error("no cgroup hierarchy is mounted");
		return -ENOENT;
	}
	for (unsigned int i = 0; i < options->nr_cgroups; i++) {
		int err = cgroup_id(hierarchy, options->cgroups[i], &filter->cgroups[i]);

		if (err) {
			message_error("there is no cgroup %s: %s", options->cgroups[i],
				      strerror(-err));
			message_hint("give its path below %s", hierarchy->mount);
			return err == -EPERM ? -EACCES : err;
		}
	}
	filter->nr_cgroups = options->nr_cgroups;
	return 0;
}

int targets_find(const struct options *options, const struct cgroup_hierarchy *hierarchy,
		 struct source_filter *filter)
{
	int err = find_processes(filter);

	if (!err)
		err = find_threads(filter);
	return err ?: find_cgroups(options, hierarchy, filter);
}

static void add_numbers(FILE *out, const char *what, const uint32_t *numbers, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		fprintf(out, "%s%s%u", ftell(out) ? ", " : "", what, numbers[i]);
}

const char *targets_text(const struct options *options, char text[TARGETS_TEXT_LEN])
{
	const struct source_filter *filter = &options->filter;
	FILE *out = fmemopen(text, TARGETS_TEXT_LEN, "w");

	text[0] = '\0';
	if (!out)
		return NULL;
	setvbuf(out, NULL, _IONBF, 0);
	add_numbers(out, "pid ", filter->pids, filter->nr_pids);
	add_numbers(out, "tid ", filter->tids, filter->nr_tids);
	for (unsigned int i = 0; i < filter->nr_comms; i++)
		fprintf(out, "%scomm %.*s", ftell(out) ? ", " : "", DWELL_COMM_LEN,
			filter->comms[i]);
	for (unsigned int i = 0; i < options->nr_cgroups; i++)
		fprintf(out, "%scgroup %s", ftell(out) ? ", " : "", options->cgroups[i]);
	fclose(out);
	text[TARGETS_TEXT_LEN - 1] = '\0';
	return *text ? text : NULL;
}
