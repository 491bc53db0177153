/* SPDX-License-Identifier: GPL-2.0-only */
/* Leavers: tasks that have exited since the ledger of timers was last read. */
#include "model/leaver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/state.h"

const struct leaver *leaver_find(const struct model *model, const struct dwell_timer_key *key)
{
	struct task_id id = {.tid = key->tid, .start = key->start};
	struct leaver *leaver;

	HASH_FIND(hh, model->leavers, &id, sizeof(id), leaver);
	return leaver;
}

int leaver_note(struct model *model, const struct task *task, const struct dwell_record *record)
{
	struct leaver *leaver;

	/* The kernel side's ledger has room for so many owners of timers, and no more can leave. */
	if (!model->keeps_ledger && !record->owns_timers)
		return 0;
	leaver = calloc(1, sizeof(*leaver));
	if (!leaver)
		return -ENOMEM;
	leaver->id = (struct task_id){.tid = record->tid, .start = record->start};
	leaver->process = task->group[GROUP_PROCESS]->serial;
	leaver->cgroup = record->cgroup;
	memcpy(leaver->comm, record->comm, sizeof(leaver->comm));
	HASH_ADD(hh, model->leavers, id, sizeof(leaver->id), leaver);
	if (leaver->hh.tbl)
		return 0;
	free(leaver);
	return -ENOMEM;
}

void leavers_free(struct model *model)
{
	struct leaver *leaver, *next;

	HASH_ITER(hh, model->leavers, leaver, next) {
		HASH_DEL(model->leavers, leaver);
		free(leaver);
	}
}
