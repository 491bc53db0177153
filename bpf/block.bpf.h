/* SPDX-License-Identifier: GPL-2.0-only */
/* Blocks: whether a task is blocked, in which way, where, and who ended that. */
#ifndef DWELL_BLOCK_BPF_H
#define DWELL_BLOCK_BPF_H

#include "judge.bpf.h"
#include "outlier.bpf.h"
#include "record.bpf.h"

/* The scheduler's state bits that have not moved since 5.15. */
#define STATE_INTERRUPTIBLE 0x1
#define STATE_UNINTERRUPTIBLE 0x2
#define STATE_STOPPED 0x4
#define STATE_TRACED 0x8
#define STATE_NOLOAD 0x400
#define MUTEX_FLAGS 7ULL /* the low bits of a mutex's owner */

/*
 * Whether a switched-out task is blocked. The kernel's own pressure accounting asks the
 * same, and under the run-queue lock it is exact. Neither the preempt argument nor the
 * state proves it: a task preempted on its way to sleep has a sleeping state, and one
 * that yields was not preempted.
 */
inline_always bool is_blocked(struct task_struct *task, bool preempt)
{
	if (preempt)
		return false;
	if (!task->on_rq)
		return true;
	/* 6.12: a task that sleeps before it used up its lag stays queued a while. */
	if (bpf_core_field_exists(task->se.sched_delayed) && task->se.sched_delayed)
		return true;
	/* 7.2: a mutex waiter stays queued, too, while the lock's owner runs on its behalf. */
	return bpf_core_field_exists(task->is_blocked) && task->is_blocked;
}

inline_always enum dwell_block block_kind(__u32 state)
{
	if (state & STATE_UNINTERRUPTIBLE)
		return state & STATE_NOLOAD ? DWELL_BLOCK_I : DWELL_BLOCK_D;
	if (state & STATE_INTERRUPTIBLE)
		return DWELL_BLOCK_S;
	if (state & (STATE_STOPPED | STATE_TRACED))
		return DWELL_BLOCK_T;
	return DWELL_BLOCK_OTHER;
}

/* Whether the task waits for work, which is a kernel thread's duty, however long it takes. */
inline_always bool waits_for_work(const struct dwell_record *record)
{
	return record->block == DWELL_BLOCK_I ||
	       (record->kthread && record->block != DWELL_BLOCK_D);
}

/* The tid of who holds the mutex that @task is blocked on; 0: not known. */
inline_always __u32 mutex_owner(struct task_struct *task)
{
	struct task_struct *owner;
	struct mutex *mutex;
	__u32 tid;

	/* On PREEMPT_RT a mutex is another lock, and who waits for it is not noted here. */
	if (!bpf_core_field_exists(task->blocked_on) || !bpf_core_field_exists(struct mutex, owner))
		return 0;
	if (config.pid_ns) /* the owner's number there cannot be found from here */
		return 0;
	mutex = task->blocked_on;
	if (!mutex)
		return 0;
	owner = (void *)(mutex->owner.counter & ~MUTEX_FLAGS);
	/* To the verifier this is a number, not a pointer, and a kfunc needs CAP_SYS_ADMIN. */
	if (!owner || bpf_core_read(&tid, sizeof(tid), &owner->pid))
		return 0;
	return tid;
}

/* How many addresses lie in @bytes of a stack; a negative number is an error. */
inline_always __u32 stack_depth(long bytes)
{
	return bytes > 0 ? bytes / sizeof(__u64) : 0;
}

inline_always void copy_user_stack(struct dwell_outlier *outlier, struct task_struct *task)
{
	struct user_stack *stack;

	if (!config.user_stacks)
		return;
	stack = bpf_task_storage_get(&user_stacks, task, 0, 0);
	if (!stack)
		return;
	outlier->user_depth = stack->depth;
	__builtin_memcpy(outlier->user_stack, stack->address, sizeof(outlier->user_stack));
}

/* Keeps where @task, which blocks on this CPU now, is in user space. */
inline_always void keep_user_stack(void *ctx, struct task_struct *task)
{
	struct user_stack *stack = bpf_task_storage_get(&user_stacks, task, 0, 0);
	long bytes;

	if (!stack)
		return;
	stack->depth = 0;
	if (shed)
		return;
	bytes = bpf_get_stack(ctx, stack->address, sizeof(stack->address), BPF_F_USER_STACK);
	stack->depth = stack_depth(bytes);
}

/* Tells where @task is blocked. It must not be on a CPU. */
inline_always void copy_block(struct dwell_outlier *outlier, struct dwell_record *record,
			      struct task_struct *task)
{
	long bytes;

	outlier->syscall = syscall_of(task);
	outlier->block = record->block;
	outlier->owner = mutex_owner(task);
	if (shed)
		return;
	bytes = bpf_get_task_stack(task, outlier->stack, sizeof(outlier->stack), 0);
	outlier->depth = stack_depth(bytes);
	copy_user_stack(outlier, task);
}

/* Tells who ends a block: current, or what interrupted it. The stack tells which. */
inline_always void copy_waker(struct dwell_outlier *outlier, const struct expiry *expiry, void *ctx)
{
	struct dwell_waker *waker = &outlier->waker;
	struct task_struct *current = bpf_get_current_task_btf();
	long bytes;

	if (expiry) {
		waker->timer = 1;
		waker->function = expiry->function;
	}
	if (shed)
		return;
	waker->pid = pid_of(current);
	waker->tid = tid_of(current);
	bpf_get_current_comm(waker->comm, sizeof(waker->comm));
	bytes = bpf_get_stack(ctx, waker->stack, sizeof(waker->stack), 0);
	waker->depth = stack_depth(bytes);
}

/* Reports a block as it ends. @expiry: the task's timer that ends it; NULL: none does. */
static __noinline void end_block(struct dwell_record *record, struct task_struct *task,
				 struct cpu *cpu, const struct expiry *expiry, void *ctx)
{
	__u64 from = record->since, to = bpf_ktime_get_ns();
	struct dwell_outlier *outlier;

	if (to - from < config.floor[DWELL_BLOCKED] || waits_for_work(record))
		return;
	outlier = begin_report(record, task, cpu, HERE, DWELL_BLOCKED, from, to);
	if (!outlier)
		return;
	copy_block(outlier, record, task);
	copy_waker(outlier, expiry, ctx);
	submit_outlier(outlier);
}

#endif /* DWELL_BLOCK_BPF_H */
