/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that take over their leader's identity by exec.
 *
 * When a thread that is not its group's leader calls exec, the kernel gives it
 * the leader's tid and start time, and the dying leader the thread's tid. So
 * the leader's last record comes under an id that no task had, and from then
 * on another task's counters under the leader's.
 */
#include <errno.h>

#include "model/model_private.h"

/* Gives @task another id, under which no other one is. 0 or -ENOMEM. */
static int rename_task(struct model *model, struct task *task, uint32_t tid, uint64_t start,
		       bool displaced)
{
	HASH_DEL(model->tasks, task);
	task->id = (struct task_id){.tid = tid, .displaced = displaced, .start = start};
	return task_file(model, task);
}

/* The live thread @tid of @process; looked for everywhere, because only tid and process are known. */
static struct task *find_thread(struct model *model, const struct group *process, uint32_t tid)
{
	struct task *task;

	for (task = model->tasks; task; task = task->hh.next)
		if (task->id.tid == tid && task->group[GROUP_PROCESS] == process && !task->exited)
			return task;
	return NULL;
}

/* @record is the last one of a leader that lost its identity to the thread of its tid. */
static int leader_leaves(struct model *model, const struct group *process,
			 const struct dwell_record *record)
{
	struct task *leader = task_find(model, record->pid, record->start, true);
	struct task *thread;
	bool taken_over = leader;
	int err;

	if (!leader)
		leader = task_find(model, record->pid, record->start, false);
	if (!leader || leader->exited)
		return 0;
	thread = find_thread(model, process, record->tid);
	err = rename_task(model, leader, record->tid, record->start, false);
	if (err || !thread)
		return err;
	/* What the thread had is either part of its successor, or the start of it. */
	if (taken_over)
		return task_drop(model, thread, false);
	return rename_task(model, thread, record->pid, record->start, false);
}

/* Whether @record counts less than @task did: then it is another thread's. */
static bool is_behind(const struct dwell_record *record, const struct task *task)
{
	return record->oncpu_ns < task->oncpu_ns || record->voluntary < task->voluntary ||
	       record->involuntary < task->involuntary;
}

static bool is_ahead(const struct dwell_record *record, const struct task *task)
{
	return record->oncpu_ns > task->oncpu_ns || record->voluntary > task->voluntary ||
	       record->involuntary > task->involuntary;
}

/* @leader's identity is another thread's now; it waits for its last record, if that is to come. */
static int leader_is_replaced(struct model *model, struct task *leader)
{
	struct task *earlier = task_find(model, leader->id.tid, leader->id.start, true);
	int err = earlier ? task_fold(model, earlier) : 0;

	return err ? err : rename_task(model, leader, leader->id.tid, leader->id.start, true);
}

int task_resolve_exec(struct model *model, const struct dwell_record *record)
{
	struct group *process;
	struct task *task;

	if (record->tid != record->pid) {
		if (record->kind != DWELL_EXIT)
			return 0;
		process = process_find(model, record->pid);
		return process && process->leader_start == record->start ?
			       leader_leaves(model, process, record) :
			       0;
	}
	task = task_find(model, record->tid, record->start, false);
	if (!task || !task->known)
		return 0;
	if (task->exited && record->kind == DWELL_LIVE)
		return is_ahead(record, task) || is_behind(record, task) ?
			       leader_is_replaced(model, task) :
			       0;
	/* An older record of the same task may lag behind, too; its epoch tells. */
	if (record->epoch < task->next_epoch || record->epoch < task->version ||
	    record->kind == DWELL_FULL)
		return 0;
	return is_behind(record, task) ? leader_is_replaced(model, task) : 0;
}
