/* SPDX-License-Identifier: GPL-2.0-only */
/* Records: made for a task, filled with measurements, and sent to the user side. */
#ifndef DWELL_RECORD_BPF_H
#define DWELL_RECORD_BPF_H

#include "filter.bpf.h"

#define PF_IO_WORKER 0x00000010
#define PF_USER_WORKER 0x00004000 /* 6.4 and later */
#define PF_KTHREAD 0x00200000
#define X86_COMPAT_CS 0x23 /* the code segment of 32-bit programs */
#define ARM64_MODE32 0x10
#define RING_WAKE_BYTES (1 << 20) /* wake the reader when this much waits for it */

/* The system call that @task is in; kernel threads and faults are in none. */
inline_always __s32 syscall_of(struct task_struct *task)
{
	struct pt_regs *regs;
	__s32 number;

	if (task->flags & PF_KTHREAD)
		return DWELL_NO_SYSCALL;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	if (bpf_core_field_exists(regs->orig_ax)) {
		number = (__s32)regs->orig_ax;
		return number >= 0 && (__u16)regs->cs == X86_COMPAT_CS ?
			       number | DWELL_COMPAT_SYSCALL :
			       number;
	}
	if (bpf_core_field_exists(regs->syscallno)) {
		number = regs->syscallno;
		return number >= 0 && (regs->pstate & ARM64_MODE32) ?
			       number | DWELL_COMPAT_SYSCALL :
			       number;
	}
	return DWELL_NO_SYSCALL;
}

inline_always struct dwell_record *find_record(struct task_struct *task)
{
	return bpf_task_storage_get(&records, task, 0, 0);
}

/* Keeps the number in @record if @task has been reaped, and so has none any more. */
inline_always void number(struct dwell_record *record, struct task_struct *task)
{
	__u32 tid;

	if (!config.pid_ns) {
		record->pid = task->tgid;
		record->tid = task->pid;
		return;
	}
	tid = own_number(task);
	if (!tid)
		return;
	record->tid = tid;
	record->pid = own_number(task->group_leader);
}

/* What the process of @task is called in dwell's own pid namespace, if @record is its record. */
inline_always __u32 own_pid(const struct dwell_record *record, const struct task_struct *task)
{
	return record ? record->pid : task->tgid | DWELL_OUTSIDE;
}

/* What @task itself is called in dwell's own pid namespace, if @record is its record. */
inline_always __u32 own_tid(const struct dwell_record *record, const struct task_struct *task)
{
	return record ? record->tid : task->pid | DWELL_OUTSIDE;
}

/* The pid that the user side is told of @task, whose record is @record. */
inline_always __u32 pid_by(const struct dwell_record *record, const struct task_struct *task)
{
	return config.pid_ns && task->pid ? own_pid(record, task) : task->tgid;
}

inline_always __u32 tid_by(const struct dwell_record *record, const struct task_struct *task)
{
	return config.pid_ns && task->pid ? own_tid(record, task) : task->pid;
}

/* The pid that the user side is told of @task, whose record is still to be found. */
inline_always __u32 pid_of(struct task_struct *task)
{
	return config.pid_ns && task->pid ? own_pid(find_record(task), task) : task->tgid;
}

inline_always __u32 tid_of(struct task_struct *task)
{
	return config.pid_ns && task->pid ? own_tid(find_record(task), task) : task->pid;
}

inline_always void identify(struct dwell_record *record, struct task_struct *task)
{
	number(record, task);
	record->start = task->start_time;
	record->cgroup = cgroup_node(task)->id;
	for (int i = 0; i < DWELL_COMM_LEN; i++)
		record->comm[i] = task->comm[i];
}

/*
 * Makes @task's record unless it has one or is not wanted. This allocates, and so must
 * not be done under a run-queue lock. NULL, too, if there is no memory: later wake-ups
 * try again.
 */
static __noinline struct dwell_record *make_record(struct task_struct *task)
{
	struct dwell_record *record;

	if (!wanted(task))
		return NULL;
	record = bpf_task_storage_get(&records, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!record)
		return NULL;
	record->kthread = !!(task->flags & PF_KTHREAD);
	identify(record, task);
	if (config.user_stacks && !record->kthread)
		bpf_task_storage_get(&user_stacks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return record;
}

/* Bytes of @record up to the last histogram in use. */
inline_always __u32 record_bytes(const struct dwell_record *record)
{
	__u32 last;

	if (!record->touched)
		return __builtin_offsetof(struct dwell_record, buckets);
	last = dwell_log2(record->touched);
	barrier_var(last); /* or clang proves the bound to itself and not to the verifier */
	if (last >= DWELL_MEASURES)
		last = DWELL_MEASURES - 1;
	return __builtin_offsetof(struct dwell_record, buckets) +
	       (last + 1) * sizeof(record->buckets[0]);
}

/*
 * Sends @record to the user side. Safe under a run-queue lock: it copies, and never
 * waits. It is not static, so that the verifier checks it once, and not for each of the
 * many paths that lead here.
 */
__noinline bool push_record(struct dwell_record *record, __u32 kind)
{
	__u64 flags = BPF_RB_NO_WAKEUP;

	if (!record) /* never; the verifier cannot tell */
		return false;
	record->kind = kind;
	if (!config.has_ring)
		return false;
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > RING_WAKE_BYTES)
		flags = BPF_RB_FORCE_WAKEUP;
	return !bpf_ringbuf_output(&ring, record, record_bytes(record), flags);
}

/*
 * Sends @record, of which a bucket is full, and starts its buckets again from zero.
 * Only whoever may write the buckets calls this, so nobody adds meanwhile. A reader is
 * warned by the odd epoch.
 */
__noinline bool hand_over_buckets(struct dwell_record *record)
{
	/* volatile: or clang makes a memset() of the loop, which BPF does not have */
	volatile __u64 *words;
	bool sent;

	if (!record)
		return false;
	sent = push_record(record, DWELL_FULL);
	record->kind = DWELL_LIVE;
	if (!sent)
		return false;
	words = (volatile __u64 *)record->buckets;
	__sync_fetch_and_add(&record->epoch, 1);
	for (__u32 i = 0; i < sizeof(record->buckets) / sizeof(*words); i++)
		words[i] = 0;
	record->touched = 0;
	__sync_fetch_and_add(&record->epoch, 1);
	return true;
}

/* Sends the last record of a task that is dying. */
static __noinline void push_last_record(struct dwell_record *record, struct task_struct *task)
{
	identify(record, task);
	if (!push_record(record, DWELL_EXIT) && config.has_ring)
		lose(DWELL_LOSS_RING_FULL);
}

/* Books an interval of @ns under @measure. True if it may be an outlier: see judge.bpf.h. */
inline_always bool measure(struct dwell_record *record, enum dwell_measure measure, __u64 ns)
{
	__u32 at = dwell_bucket(ns);
	__u16 *bucket;

	if (at >= DWELL_BUCKETS) /* never; the verifier cannot tell */
		at = DWELL_BUCKETS - 1;
	bucket = &record->buckets[measure][at];
	record->sum[measure] += ns;
	if (ns > record->max[measure])
		record->max[measure] = ns;
	if (unlikely(*bucket == 0xffff) && !hand_over_buckets(record)) {
		lose(DWELL_LOSS_BUCKET_FULL);
	} else {
		record->touched |= 1 << measure;
		*bucket += 1;
	}
	return config.outliers && unlikely(ns >= config.floor[measure]);
}

/* The difference of two mono times; one that went backwards is counted, and 0. */
inline_always __u64 interval(__u64 from, __u64 to)
{
	if (likely(to >= from))
		return to - from;
	lose(DWELL_LOSS_TIME_BACKWARDS);
	return 0;
}

#endif /* DWELL_RECORD_BPF_H */
