/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups of tasks by their keys (processes, comms, cgroups), and the remainder of folded ones. */
#ifndef DWELL_MODEL_GROUP_H
#define DWELL_MODEL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/row.h"
#include "model/task.h"

struct column;

/* What does not apply is 0, padding included: keys are compared byte by byte. */
struct group_key {
	uint64_t number;     /* pid, or cgroup id */
	uint64_t generation; /* the serial of a process whose pid another one has now; else 0 */
	char name[DWELL_COMM_LEN];
};

/*
 * A process, a comm or a cgroup. It counts what its members did since they joined, and what is
 * settled: the counters that folded tasks and tasks that left had in it.
 */
struct group {
	struct group_key key;
	uint64_t tasks;		   /* members; a group with sums but no members is idle */
	struct row *settled;	   /* owned; NULL: nothing */
	struct group *prev, *next; /* of the idle list; NULL: the group is not idle */
	size_t first;		   /* index of its next member, while rows are made */
	uint64_t serial;	   /* from 1; unique among all groups */

	/* Of a process. */
	uint64_t leader_start;		  /* mono ns; 0: its leader was never seen */
	uint64_t leader_ended;		  /* mono ns; 0: not known */
	uint64_t leader_cgroup;		  /* id; the first seen task's until the leader is seen */
	char leader_comm[DWELL_COMM_LEN]; /* the first seen task's until the leader is seen */

	UT_hash_handle hh;
};

/* All groups. All zeros holds none; groups_free() ends it. */
struct groups {
	struct group *by_key[GROUPINGS]; /* hashes; own the groups */
	struct group *idle[GROUPINGS];	 /* groups without members, longest idle first */
	size_t idle_count[GROUPINGS];
	struct row *remainder[GROUPINGS]; /* owned, or NULL; the sums of folded groups */
	uint64_t serials;		  /* the last one given */
	size_t names_limit;	/* at least so many idle comms, and idle cgroups, are kept */
	size_t processes_limit; /* so many idle processes are kept */
	const struct column *processes_sort; /* ranks idle processes; NULL: row_sort_key(0) */

	struct row scratch; /* for making rows of members; its contents last for one use */
};

/*
 * The group of a @number (pid or cgroup id; 0 for a comm) and a @name (a comm; else NULL), made if
 * it is not there. NULL without memory.
 */
struct group *group_get(struct groups *groups, enum grouping kind, uint64_t number,
			const char *name);

/* Forgets and frees @group, which has no members and is not in the idle list. */
void group_drop(struct groups *groups, enum grouping kind, struct group *group);

/* Appends @group, which has no members, to the idle list unless it is in it. */
void group_retire(struct groups *groups, enum grouping kind, struct group *group);

/* Takes @group out of the idle list if it is in it. */
void group_revive(struct groups *groups, enum grouping kind, struct group *group);

/*
 * Adds the sums of @group, which is in the idle list, to the remainder, then forgets and frees
 * @group. 0; or -ENOMEM, and @group stays.
 */
int group_fold(struct groups *groups, enum grouping kind, struct group *group);

/* Adds @row to the remainder of @kind. 0 or -ENOMEM. */
int remainder_add(struct groups *groups, enum grouping kind, const struct row *row);

/*
 * The process @pid of the task @tid, which started at @start (mono ns); made if it is not there.
 * If the task proves that another process has @pid now, the earlier process keeps its sums under
 * a key of its own. NULL without memory.
 */
struct group *process_get(struct groups *groups, uint32_t pid, uint32_t tid, uint64_t start);

/* The process that has @pid now; NULL: none is known. */
struct group *process_find(struct groups *groups, uint32_t pid);

/* The process of @pid and @serial, even if another one has @pid now; NULL: it is gone. */
struct group *process_find_serial(struct groups *groups, uint32_t pid, uint64_t serial);

/* Frees all groups, the remainders and the scratch row. */
void groups_free(struct groups *groups);

#endif
