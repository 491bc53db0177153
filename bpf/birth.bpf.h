/* SPDX-License-Identifier: GPL-2.0-only */
/* Births: how a new task gets its record, and why one may have none. */
#ifndef DWELL_BIRTH_BPF_H
#define DWELL_BIRTH_BPF_H

#include "record.bpf.h"

/* False if there is no memory for a record that is wanted. */
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

/* sched_process_fork tells of everyone but the threads of io_uring and vhost. */
static bool fork_follows(const struct task_struct *task)
{
	return !(task->flags & (PF_IO_WORKER | PF_USER_WORKER));
}

/*
 * From 7.1 on programs on these tracepoints can be preempted, and meanwhile the
 * kernel skips them for whoever else forks on that CPU. So there are three
 * chances. Memory may come between them: on PREEMPT_RT the kernel keeps a few
 * records in store on each CPU, and a thread that preempts the fork gets more.
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
 * A program may get the name that is wanted by exec alone. And for a task whose
 * birth the kernel hid from dwell this is the first of its own context.
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
 * Whether the kernel hid the birth of @task, which has no record. A host may run
 * no program while certain tasks are current, and so none when they fork. They are
 * told by that: such a task forked, but was never seen to leave a CPU. (Tasks that
 * its children start are seen, and so are they as soon as they start a program.)
 */
static __noinline bool born_unseen(struct task_struct *task)
{
	struct dwell_record *record = find_record(task->real_parent);

	return !record || (!record->voluntary && !record->involuntary);
}

#endif /* DWELL_BIRTH_BPF_H */
