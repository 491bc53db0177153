// SPDX-License-Identifier: GPL-2.0-only
/* Names of tasks by thread id: of live tasks, and of those that exited lately. */
#include "host/task_names.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/types.h>

#include "base/hash.h"
#include "bpf/dwell.h"

/* A task that has exited. */
struct name {
	uint32_t tid;
	char comm[DWELL_COMM_LEN];
	UT_hash_handle hh; /* keeps the order of insertion */
};

struct task_names {
	char proc[PATH_MAX];
	struct name *kept;
	char read[DWELL_COMM_LEN];
};

int task_names_refuse_proc(const char *proc)
{
	char path[PATH_MAX], number[16] = "";

	snprintf(path, sizeof(path), "%s/self", proc);
	if (readlink(path, number, sizeof(number) - 1) < 0)
		return errno;
	return strtol(number, NULL, 10) == getpid() ? 0 : ESRCH;
}

struct task_names *task_names_new(const char *proc)
{
	struct task_names *names = calloc(1, sizeof(*names));

	if (names && proc)
		snprintf(names->proc, sizeof(names->proc), "%s", proc);
	return names;
}

static void forget(struct task_names *names, struct name *name)
{
	HASH_DEL(names->kept, name);
	free(name);
}

void task_names_free(struct task_names *names)
{
	if (!names)
		return;
	while (names->kept)
		forget(names, names->kept);
	free(names);
}

void task_names_remember(struct task_names *names, uint32_t tid, const char *comm)
{
	struct name *name;

	HASH_FIND(hh, names->kept, &tid, sizeof(tid), name);
	if (name)
		forget(names, name);
	else if (HASH_COUNT(names->kept) >= TASK_NAMES_KEPT)
		forget(names, names->kept);
	name = calloc(1, sizeof(*name));
	if (!name)
		return; /* the number of the task has to do */
	name->tid = tid;
	memcpy(name->comm, comm, strnlen(comm, DWELL_COMM_LEN - 1));
	HASH_ADD(hh, names->kept, tid, sizeof(name->tid), name);
	if (!name->hh.tbl)
		free(name);
}

/* Reads the name of a live task. NULL: it has exited, or its tid is another process's. */
static const char *read_name(struct task_names *names, uint32_t pid, uint32_t tid)
{
	char path[PATH_MAX + 64];
	size_t length;
	FILE *file;

	if (!*names->proc)
		return NULL;
	if (pid)
		snprintf(path, sizeof(path), "%s/%u/task/%u/comm", names->proc, pid, tid);
	else
		snprintf(path, sizeof(path), "%s/%u/comm", names->proc, tid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	length = fread(names->read, 1, sizeof(names->read), file);
	fclose(file);
	/* The last newline is the kernel's; others belong to the name. */
	if (!length)
		return NULL;
	names->read[length - 1] = '\0';
	return names->read;
}

const char *task_names_comm(struct task_names *names, uint32_t pid, uint32_t tid)
{
	const char *comm = read_name(names, pid, tid);
	struct name *name;

	if (comm)
		return comm;
	HASH_FIND(hh, names->kept, &tid, sizeof(tid), name);
	return name ? name->comm : NULL;
}
