/* SPDX-License-Identifier: GPL-2.0-only */
/* Births: how a new task gets its record, and why one may have none. */
#ifndef DWELL_BIRTH_BPF_H
#define DWELL_BIRTH_BPF_H

#include "record.bpf.h"

/* Makes the record of a new task. False if it is wanted and there is no memory for it. */
static __noinline bool begin_record(struct task_struct *task)
{
	struct dwell_record *record = make_record(task);

	if (!record)
		return !wanted(task);
	if (window == DWELL_WINDOW_OPEN) {
		record->state = DWELL_RUNNABLE_WOKEN;
		record->since = bpf_ktime_get_ns();
	}
	return true;
}

/* Whether sched_process_fork tells of @task: not of threads of io_uring and vhost. */
static bool fork_follows(const struct task_struct *task)
{
	return !(task->flags & (PF_IO_WORKER | PF_USER_WORKER));
}

/*
 * From 7.1 on a program on these tracepoints can be preempted. Until it goes on, the
 * kernel skips it for whoever else forks on that CPU. So a new task has three chances.
 * Memory may come between them: on PREEMPT_RT each CPU has a few records in store, and
 * a thread that preempts the fork gets more.
 */
SEC("tp_btf/task_newtask")
int on_newtask(u64 *ctx)
{
	begin_record((void *)ctx[0]);
	return 0;
}

SEC("tp_btf/task_newtask")
int on_newtask_twin(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	if (!find_record(task) && !begin_record(task) && !fork_follows(task))
		lose(DWELL_LOSS_NO_MEMORY);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int on_fork(u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];

	if (!find_record(child) && !begin_record(child))
		lose(DWELL_LOSS_NO_MEMORY);
	return 0;
}

/*
 * Exec may give a task the name that is wanted. And it is the first hook in the own
 * context of a task whose birth was hidden.
 */
SEC("tp_btf/sched_process_exec")
int on_exec(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct dwell_record *record;

	if (window != DWELL_WINDOW_OPEN || find_record(task))
		return 0;
	record = make_record(task);
	if (record) {
		record->state = DWELL_ONCPU;
		record->since = bpf_ktime_get_ns();
	}
	return 0;
}

/*
 * Whether the birth of @task, which has no record, was hidden. A host may run no
 * program while certain tasks are current, not even when they fork. Such a task is told
 * by its switches: it was never seen to leave a CPU. Its children are seen from their
 * first exec on, and whomever they start from birth.
 */
static __noinline bool born_unseen(struct task_struct *task)
{
	struct dwell_record *record = find_record(task->real_parent);

	return !record || (!record->voluntary && !record->involuntary);
}

#endif /* DWELL_BIRTH_BPF_H */
