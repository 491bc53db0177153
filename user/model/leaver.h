/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks that have exited since the ledger of timers was read last. */
#ifndef DWELL_MODEL_LEAVER_H
#define DWELL_MODEL_LEAVER_H

#include <stdint.h>

#include "base/hash.h"
#include "model/task.h"

struct model;

/* A task that has exited since the ledger was read last, and may have timers in it. */
struct leaver {
	struct task_id id;
	uint64_t process; /* the serial of that group */
	uint64_t cgroup;  /* id */
	char comm[DWELL_COMM_LEN];
	UT_hash_handle hh;
};

/*
 * Keeps in mind that @task has exited, whose last @record is, if its timers may be asked for:
 * nobody else may know then whose they are. 0 or -ENOMEM.
 */
int leaver_note(struct model *model, const struct task *task, const struct dwell_record *record);

/* Who had the timers of @key and has exited since the last read; NULL: nobody did. */
const struct leaver *leaver_find(const struct model *model, const struct dwell_timer_key *key);

/* Forgets all of them: the ledger has been read. */
void leavers_free(struct model *model);

#endif
