/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that take over their leader's identity by exec.
 *
 * When a thread that is not its group's leader calls exec, the kernel gives it the leader's tid and
 * start time, and gives the dying leader the thread's tid. So the leader's last record comes under
 * an id that no task had. From then on the leader's id names the thread's counters.
 */
#include "model/exec.h"

/* The live thread @tid of @process; NULL: none. It takes a full search: its start is not known. */
static struct task *find_thread(struct roster *roster, const struct group *process, uint32_t tid)
{
	struct task *task;

	for (task = roster->tasks; task; task = task->hh.next)
		if (task->id.tid == tid && task->group[GROUP_PROCESS] == process && !task->exited)
			return task;
	return NULL;
}

/* Takes note of a leader's last @record, which carries the tid of the thread that replaced it. */
static int leader_leaves(struct roster *roster, const struct group *process,
			 const struct dwell_record *record)
{
	struct task *leader = task_find(roster, record->pid, record->start, true);
	struct task *thread;
	bool taken_over = leader;
	int err;

	if (!leader)
		leader = task_find(roster, record->pid, record->start, false);
	if (!leader || leader->exited)
		return 0;
	thread = find_thread(roster, process, record->tid);
	err = task_rename(roster, leader,
			  (struct task_id){.tid = record->tid, .start = record->start});
	if (err || !thread)
		return err;
	/* A successor that is a task already counts all of the thread; else the thread is it. */
	if (taken_over)
		return task_drop(roster, thread, false);
	return task_rename(roster, thread,
			   (struct task_id){.tid = record->pid, .start = record->start});
}

/* Whether @record counts less than @task did, and so belongs to another thread. */
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

/* Displaces @leader, whose identity another thread has now: its last record may still come. */
static int leader_is_replaced(struct roster *roster, struct task *leader)
{
	struct task *earlier = task_find(roster, leader->id.tid, leader->id.start, true);
	struct task_id displaced = leader->id;
	int err = earlier ? task_fold(roster, earlier) : 0;

	displaced.displaced = 1;
	return err ? err : task_rename(roster, leader, displaced);
}

int task_resolve_exec(struct roster *roster, const struct dwell_record *record)
{
	struct group *process;
	struct task *task;

	if (record->tid != record->pid) {
		if (record->kind != DWELL_EXIT)
			return 0;
		process = process_find(&roster->groups, record->pid);
		return process && process->leader_start == record->start ?
			       leader_leaves(roster, process, record) :
			       0;
	}
	task = task_find(roster, record->tid, record->start, false);
	if (!task || !task->known)
		return 0;
	if (task->exited && record->kind == DWELL_LIVE)
		return is_ahead(record, task) || is_behind(record, task) ?
			       leader_is_replaced(roster, task) :
			       0;
	/* An older record of the same task may count less, too: its epoch tells it. */
	if (record->epoch < task->next_epoch || record->epoch < task->version ||
	    record->kind == DWELL_FULL)
		return 0;
	return is_behind(record, task) ? leader_is_replaced(roster, task) : 0;
}
