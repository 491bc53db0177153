/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups of tasks: found by their keys, made, displaced, and folded into the remainder. */
#include "model/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

static struct group *group_find(struct groups *groups, enum grouping kind,
				const struct group_key *key)
{
	struct group *group;

	HASH_FIND(hh, groups->by_key[kind], key, sizeof(*key), group);
	return group;
}

/* Files @group under its key. 0 or -ENOMEM. */
static int group_file(struct groups *groups, enum grouping kind, struct group *group)
{
	HASH_ADD(hh, groups->by_key[kind], key, sizeof(group->key), group);
	return group->hh.tbl ? 0 : -ENOMEM;
}

static void group_free(struct group *group)
{
	row_free(group->settled);
	free(group);
}

void group_drop(struct groups *groups, enum grouping kind, struct group *group)
{
	HASH_DEL(groups->by_key[kind], group);
	group_free(group);
}

struct group *group_get(struct groups *groups, enum grouping kind, uint64_t number,
			const char *name)
{
	struct group_key key = {.number = number};
	struct group *group;

	if (name)
		memcpy(key.name, name, strnlen(name, sizeof(key.name)));
	group = group_find(groups, kind, &key);
	if (group)
		return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->key = key;
	group->serial = ++groups->serials;
	if (group_file(groups, kind, group)) {
		free(group);
		return NULL;
	}
	return group;
}

/* ---- groups without members ---------------------------------------------- */

void group_retire(struct groups *groups, enum grouping kind, struct group *group)
{
	if (group->prev)
		return;
	DL_APPEND(groups->idle[kind], group);
	groups->idle_count[kind]++;
}

void group_revive(struct groups *groups, enum grouping kind, struct group *group)
{
	if (!group->prev)
		return;
	DL_DELETE(groups->idle[kind], group);
	group->prev = group->next = NULL;
	groups->idle_count[kind]--;
}

int remainder_add(struct groups *groups, enum grouping kind, const struct row *row)
{
	if (!groups->remainder[kind])
		groups->remainder[kind] = row_new();
	return groups->remainder[kind] ? row_add(groups->remainder[kind], row) : -ENOMEM;
}

int group_fold(struct groups *groups, enum grouping kind, struct group *group)
{
	int err = remainder_add(groups, kind, group->settled);

	if (err)
		return err;
	groups->remainder[kind]->groups++;
	group_revive(groups, kind, group);
	group_drop(groups, kind, group);
	return 0;
}

/* ---- processes ----------------------------------------------------------- */

struct group *process_find(struct groups *groups, uint32_t pid)
{
	struct group_key key = {.number = pid};

	return group_find(groups, GROUP_PROCESS, &key);
}

/* Frees @process's pid for another process. 0; or -ENOMEM, and @process is filed nowhere. */
static int process_displace(struct groups *groups, struct group *process)
{
	HASH_DEL(groups->by_key[GROUP_PROCESS], process);
	process->key.generation = process->serial;
	return group_file(groups, GROUP_PROCESS, process);
}

/*
 * Whether the task @tid, which started at @start, proves that another process has @process's pid
 * now. A leader proves it by another start time. A thread proves it if it began after the leader
 * ended, and @process has no members.
 */
static bool is_another(const struct group *process, uint32_t pid, uint32_t tid, uint64_t start)
{
	if (tid == pid)
		return process->leader_start && process->leader_start != start;
	return !process->tasks && process->leader_ended && process->leader_ended < start;
}

struct group *process_get(struct groups *groups, uint32_t pid, uint32_t tid, uint64_t start)
{
	struct group *process = process_find(groups, pid);

	if (process && is_another(process, pid, tid, start)) {
		if (process_displace(groups, process))
			return NULL;
		process = NULL;
	}
	if (!process)
		process = group_get(groups, GROUP_PROCESS, pid, NULL);
	if (process && tid == pid)
		process->leader_start = start;
	return process;
}

struct group *process_find_serial(struct groups *groups, uint32_t pid, uint64_t serial)
{
	const struct group_key displaced = {.number = pid, .generation = serial};
	struct group *process = process_find(groups, pid);

	return process && process->serial == serial ? process :
						      group_find(groups, GROUP_PROCESS, &displaced);
}

void groups_free(struct groups *groups)
{
	for (int kind = 0; kind < GROUPINGS; kind++) {
		struct group *group, *next;

		HASH_ITER(hh, groups->by_key[kind], group, next)
			group_drop(groups, kind, group);
		row_free(groups->remainder[kind]);
	}
	row_clear(&groups->scratch);
}
