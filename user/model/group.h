/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups of tasks: processes, comms and cgroups, by their keys, and the remainder of those gone. */
#ifndef DWELL_MODEL_GROUP_H
#define DWELL_MODEL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/row.h"
#include "model/task.h"

struct column;

struct group_key {
	uint64_t number;     /* pid, cgroup id */
	uint64_t generation; /* 0; of an earlier process with the same pid its serial */
	char name[DWELL_COMM_LEN];
};

/*
 * A process, a comm or a cgroup. Its sums are those of its tasks, less what
 * each had when it came from elsewhere, and what is settled: what folded tasks
 * had, and what others had when they left.
 */
struct group {
	struct group_key key;
	uint64_t tasks;		   /* members in the model; without any it waits in the idle list */
	struct row *settled;	   /* owned; NULL: nothing */
	struct group *prev, *next; /* idle list */
	size_t first;		   /* of its members, while rows are made */
	uint64_t serial;	   /* no other group has it */

	/* Of a process. */
	uint64_t leader_start;	/* 0: its leader was never seen */
	uint64_t leader_ended;	/* mono; 0: not known */
	uint64_t leader_cgroup; /* or the first seen task's; so is the name */
	char leader_comm[DWELL_COMM_LEN];

	UT_hash_handle hh;
};

/* All groups. All zeros is none; ended by groups_free(). */
struct groups {
	struct group *by_key[GROUPINGS];
	struct group *idle[GROUPINGS]; /* without members, longest idle first */
	size_t idle_count[GROUPINGS];
	struct row *remainder[GROUPINGS]; /* owned, or NULL; what idle groups beyond the limit had */
	uint64_t serials;
	size_t names_limit;	/* comms and cgroups without members that stay, at least */
	size_t processes_limit; /* exited processes that are kept apart: */
	const struct column *processes_sort; /* those that rank first by this; NULL: by the first */

	struct row scratch; /* for whoever makes rows of members; holds nothing between two uses */
};

/*
 * The group of @number and @name (the one that its kind needs; the other 0 and NULL), made if it
 * is not there. NULL without memory.
 */
struct group *group_get(struct groups *groups, enum grouping kind, uint64_t number,
			const char *name);

/* Forgets @group, which has no members and is not in the idle list. */
void group_drop(struct groups *groups, enum grouping kind, struct group *group);

/* Puts @group, which has no members, at the end of the idle list unless it is in it. */
void group_retire(struct groups *groups, enum grouping kind, struct group *group);

/* Takes @group out of the idle list if it is in it. */
void group_revive(struct groups *groups, enum grouping kind, struct group *group);

/* Makes @group, which is in the idle list, part of the remainder and forgets it. 0 or -ENOMEM. */
int group_fold(struct groups *groups, enum grouping kind, struct group *group);

/* Adds @row to what groups had that are gone. 0 or -ENOMEM. */
int remainder_add(struct groups *groups, enum grouping kind, const struct row *row);

/*
 * The process of the task @tid of @pid that started at @start (mono ns), made if it is not there.
 * A process whose leader is another task than before is another process: the earlier one keeps
 * its sums under a key of its own. NULL without memory.
 */
struct group *process_get(struct groups *groups, uint32_t pid, uint32_t tid, uint64_t start);

/* The process that has @pid now; NULL if none is known. */
struct group *process_find(struct groups *groups, uint32_t pid);

/* The process of @pid that has @serial, even if another has that pid now; NULL: it is gone. */
struct group *process_find_serial(struct groups *groups, uint32_t pid, uint64_t serial);

/* Frees all groups, and what is kept of those that are gone. */
void groups_free(struct groups *groups);

#endif
