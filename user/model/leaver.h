/* SPDX-License-Identifier: GPL-2.0-only */
/* Leavers: tasks that have exited since the ledger of timers was last read. */
#ifndef DWELL_MODEL_LEAVER_H
#define DWELL_MODEL_LEAVER_H

#include <stdint.h>

#include "base/hash.h"
#include "model/task.h"

struct model;

/* A task that has exited since the ledger was last read, and may have timers in it. */
struct leaver {
	struct task_id id;
	uint64_t process; /* its group's serial */
	uint64_t cgroup;  /* id */
	char comm[DWELL_COMM_LEN];
	UT_hash_handle hh;
};

/*
 * Remembers that @task has exited with its last @record, if the ledger may still name its timers:
 * by then the task may be forgotten. 0 or -ENOMEM.
 */
int leaver_note(struct model *model, const struct task *task, const struct dwell_record *record);

/*
 * The owner of @key's timers, if it has exited since the last read; else NULL. Valid until
 * leavers_free().
 */
const struct leaver *leaver_find(const struct model *model, const struct dwell_timer_key *key);

/* Forgets and frees all leavers, once the ledger has been read. */
void leavers_free(struct model *model);

#endif
