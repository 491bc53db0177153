/* SPDX-License-Identifier: GPL-2.0-only */
/* Task iterators: one makes the records of the tasks that exist, one reads all records. */
#ifndef DWELL_ITER_BPF_H
#define DWELL_ITER_BPF_H

#include "sched.bpf.h"

/* Of one pass: tasks that have a record, and those for which there was no memory. */
__u64 tasks_adopted;
__u64 tasks_refused;

SEC("iter/task")
int adopt_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	if (make_record(task))
		tasks_adopted++;
	else if (wanted(task))
		tasks_refused++;
	return 0;
}

/*
 * What @task does now. Without an event in the window, the task itself and the
 * scheduler's stamps tell: for how long it waits, or when it last got a CPU and
 * so since when it can be blocked at most.
 */
inline_always void describe(struct dwell_live *live, struct dwell_record *record,
			    struct task_struct *task, struct cpu *cpu)
{
	__u64 queued = task->sched_info.last_queued;
	__s64 arrived = task->sched_info.last_arrival + cpu->offset;

	live->state = record->state;
	live->since = record->since;
	if (window != DWELL_WINDOW_CLOSED && cpu->tid == (__u32)task->pid) {
		live->state = DWELL_ONCPU;
		live->since = cpu->in_at;
	}
	if (live->state == DWELL_UNKNOWN) {
		/* Before the first boot-up clock there may have been another: not before it began. */
		if (arrived < (__s64)task->start_time)
			arrived = task->start_time;
		live->since = arrived ?: 1;
		record->block = block_kind(task->__state);
		if (task->on_cpu)
			live->state = DWELL_ONCPU;
		else if (is_blocked(task, false))
			live->state = DWELL_BLOCKED_STATE;
		else
			live->state = DWELL_RUNNABLE_PREEMPTED;
	}
	if (live->state == DWELL_BLOCKED_STATE && queued && !is_blocked(task, false))
		live->state = record->woken_throttled ? DWELL_RUNNABLE_THROTTLED :
							DWELL_RUNNABLE_WOKEN;
	if (queued && live->state >= DWELL_RUNNABLE_WOKEN && live->state != record->state)
		live->since = queued + cpu->offset;
}

SEC("iter/task")
int read_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	struct dwell_record *record;
	struct dwell_live live;
	struct cpu *cpu;
	__u32 at, bytes;

	if (!task)
		return 0;
	tasks_seen = ctx->meta->seq_num + 1; /* one that is shown again counts once */
	record = find_record(task);
	/* One that has sent its last record only waits for its parent. */
	if (!record || record->kind == DWELL_EXIT)
		return 0;
	at = task->se.cfs_rq->rq->cpu;
	cpu = bpf_map_lookup_elem(&cpus, &at);
	if (!cpu)
		return 0;
	if (window == DWELL_WINDOW_CLOSED)
		book_running(record, task, cpu);
	identify(record, task);
	describe(&live, record, task, cpu);
	bytes = record_bytes(record);
	live.bytes = bytes;
	bpf_seq_write(seq, &live, sizeof(live));
	bpf_seq_write(seq, record, bytes);
	return 0;
}

#endif /* DWELL_ITER_BPF_H */
