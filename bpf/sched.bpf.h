/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state machine of a task: on-CPU, blocked, runnable.
 *
 * sched_switch alone drives it, under the run-queue lock. A wake-up needs no
 * hook: when a task that was blocked is switched in, the kernel's own stamp
 * says when it was queued (clock.bpf.h), so the block ends and the wait begins
 * there. What a task's arrival says is noted in its CPU's place and booked when
 * it leaves. sched_waking adds what the stamp does not know: see waking.bpf.h.
 */
#ifndef DWELL_SCHED_BPF_H
#define DWELL_SCHED_BPF_H

#include "birth.bpf.h"
#include "clock.bpf.h"
#include "cost.bpf.h"
#include "ledger.bpf.h"
#include "outlier.bpf.h"
#include "quota.bpf.h"

/* The scheduler's state bits that have not moved since 5.15. */
#define STATE_INTERRUPTIBLE 0x1
#define STATE_UNINTERRUPTIBLE 0x2
#define STATE_STOPPED 0x4
#define STATE_TRACED 0x8
#define STATE_DEAD 0x80
#define STATE_NOLOAD 0x400

#define HUNT_WAKES 4096

/*
 * Whether a switched-out task is blocked. This is what the kernel's own
 * pressure accounting asks, exact under the run-queue lock. Neither the preempt
 * argument nor the state proves it: a task preempted on its way to sleep has a
 * sleeping state, and one that yields was not preempted.
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
	/* 7.2: neither does a mutex waiter whose lock owner runs on its behalf. */
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

/*
 * When the task that leaves @cpu had become runnable, if it came from a block:
 * mono; 0: unknown.
 */
inline_always __u64 woken_at(struct dwell_record *record, struct cpu *cpu)
{
	__u64 woken = cpu->queued_at;

	/* Set while it was blocked: on_waking() found a stamp that was no wake-up's. */
	if (unlikely(record->activated))
		return record->activated;
	if (unlikely(!woken))
		return 0;
	/* Each move to another run queue books the wait so far and stamps anew. */
	if (record->state != DWELL_UNKNOWN)
		woken -= cpu->run_delay - record->run_delay;
	if (woken > cpu->in_at) /* by less than the offset is good for */
		return cpu->in_at;
	if (woken < record->since) {
		if (record->since - woken > config.clock_error)
			lose(DWELL_LOSS_TIME_BACKWARDS);
		return record->since;
	}
	return woken;
}

/* Books how the task that leaves @cpu had come from its block, or into being. */
inline_always void book_activation(struct dwell_record *record, struct task_struct *task,
				   struct cpu *cpu)
{
	__u64 woken = woken_at(record, cpu), queued = woken, blocked, throttled;
	__u32 kind;
	bool late;

	record->activated = 0;
	if (unlikely(!woken)) {
		if (record->state != DWELL_UNKNOWN)
			lose(DWELL_LOSS_WAKE_UNSEEN);
		return;
	}
	if (likely(record->state == DWELL_BLOCKED_STATE)) {
		blocked = interval(record->since, woken);
		measure(record, DWELL_BLOCKED, blocked);
		kind = record->block;
		if (kind < DWELL_BLOCKS) /* always; for the verifier */
			record->blocked_ns[kind] += blocked;
	}
	if (unlikely(woken < window_start)) {
		/* Began earlier, so it is no complete interval; the dwell goes on since then at least. */
		record->activated = woken;
		return;
	}
	if (TAKES_QUEUES && unlikely(cpu->throttled)) {
		throttled = throttled_after_wake(record, task, cpu, woken);
		if (throttled)
			queued = book_throttled(record, task, cpu, woken, throttled);
	}
	late = measure(record, DWELL_WOKEN, cpu->in_at - queued);
	record->activated = woken;
	if (!config.outliers)
		return;
	record->activated_oncpu = record->oncpu_ns;
	record->activated_switches = record->involuntary;
	if (late)
		report_wait(record, task, cpu, DWELL_WOKEN, queued);
}

/* It had been runnable all the time: preempted, or its group had no quota left. */
static __noinline void book_requeue(struct dwell_record *record, struct task_struct *task,
				    struct cpu *cpu)
{
	__u64 queued = record->since, throttled = 0;

	if (unlikely(cpu->throttled || record->state == DWELL_RUNNABLE_THROTTLED))
		throttled = throttled_after_run(record, task, cpu, queued);
	if (throttled)
		queued = book_throttled(record, task, cpu, queued, throttled);
	/* However much of it was for quota, in the end it came from a run queue. */
	if (measure(record, DWELL_PREEMPTED, interval(queued, cpu->in_at)))
		report_wait(record, task, cpu, DWELL_PREEMPTED, queued);
}

/* The chain that on_waking() marked: timer, wake-up, run queue, CPU. */
static __noinline void book_timer_mark(struct dwell_record *record, struct task_struct *task,
				       struct cpu *cpu)
{
	__u64 latency = record->mark_lateness + interval(record->mark_entered, cpu->in_at);

	if (measure(record, DWELL_TIMER_LATENCY, latency))
		report_timer_latency(record, task, cpu, latency, record->activated);
	record->mark_entered = 0;
}

/* Books how the task that leaves @cpu had come to it. */
inline_always void book_arrival(struct dwell_record *record, struct task_struct *task,
				struct cpu *cpu)
{
	if (record->state >= DWELL_RUNNABLE_PREEMPTED)
		book_requeue(record, task, cpu);
	else
		book_activation(record, task, cpu);
	if (unlikely(record->mark_entered))
		book_timer_mark(record, task, cpu);
}

/*
 * The task that leaves @cpu was not seen to come: it was there before the window
 * began, or the switch did not reach this program. (A host may keep programs
 * from running in some tasks' context: the test machine does so with the tasks
 * that it hides.) The scheduler's own stamps tell almost as well.
 */
static __noinline void recover_arrival(struct task_struct *task, struct cpu *cpu)
{
	cpu->in_at = task->sched_info.last_arrival + cpu->offset;
	if (cpu->in_at < window_start)
		cpu->in_at = 0;
	/* By now run_delay holds the whole wait: nothing of it came after the stamp. */
	cpu->queued_at = cpu->in_at;
	cpu->run_delay = task->sched_info.run_delay;
	/* They are another task's. */
	cpu->queue = queue_id(task->se.cfs_rq);
	cpu->throttled = throttled_before(task->se.cfs_rq);
}

/* @task is about to be gone. */
inline_always void end_record(struct dwell_record *record, struct task_struct *task)
{
	if (unlikely(record->sleeper))
		expire_unseen(record, task);
	push_last_record(record, task);
}

inline_always void switch_out(struct dwell_record *record, struct task_struct *task,
			      struct cpu *cpu, bool preempt, __u32 state, __u64 now, void *ctx)
{
	__u64 from;

	if (unlikely(cpu->tid != (__u32)task->pid))
		recover_arrival(task, cpu);
	from = cpu->in_at;

	/* Not seen to come: it has been here since the window, or its record, began. */
	if (unlikely(record->state == DWELL_ONCPU))
		from = record->since;
	else if (likely(from))
		book_arrival(record, task, cpu);
	else
		from = window_start;
	record->oncpu_ns += interval(from, now);
	record->since = now;
	if (!is_blocked(task, preempt)) {
		record->involuntary++;
		record->state = begin_wait(record, task, cpu, now) ? DWELL_RUNNABLE_THROTTLED :
								     DWELL_RUNNABLE_PREEMPTED;
		return;
	}
	record->voluntary++;
	if (likely(record->activated >= window_start) &&
	    measure(record, DWELL_DWELL, interval(record->activated, now)))
		report_dwell(record, task, cpu, now);
	record->activated = 0;
	record->state = DWELL_BLOCKED_STATE;
	record->block = block_kind(state);
	if (config.user_stacks)
		keep_user_stack(ctx, task);
	record->run_delay = task->sched_info.run_delay;
	begin_block(record, task, cpu, now);
	if (unlikely(state & STATE_DEAD))
		end_record(record, task);
}

/* The scheduler's clock as of this switch: every task, whatever its class, knows a run queue. */
inline_always __u64 switch_clock(struct task_struct *prev)
{
	return prev->se.cfs_rq->rq->clock;
}

/*
 * The window closed while @task ran on @cpu: books how it had come, once,
 * whoever is first to see it: its switch-out there, or the reader elsewhere.
 */
static __noinline void book_running(struct dwell_record *record, struct task_struct *task,
				    struct cpu *cpu)
{
	__u32 tid = task->pid;

	if (__sync_val_compare_and_swap(&cpu->tid, tid, 0) != tid)
		return;
	if (record->state != DWELL_ONCPU && cpu->in_at) {
		book_arrival(record, task, cpu);
		record->since = cpu->in_at;
	}
	record->state = DWELL_ONCPU;
}

/*
 * Ahead of the window the clocks are compared. Closed but not read yet, who ran
 * at its end is booked, and who dies is still counted.
 */
static __noinline void switch_outside_window(struct cpu *cpu, struct task_struct *task, __u32 state)
{
	struct dwell_record *record;

	if (window == DWELL_WINDOW_AHEAD) {
		offset_seed = clock_offset(cpu, bpf_ktime_get_ns(), switch_clock(task));
		return;
	}
	record = find_record(task);
	if (!record)
		return;
	book_running(record, task, cpu);
	if (!(state & STATE_DEAD))
		return;
	if (record->state == DWELL_ONCPU)
		record->oncpu_ns += interval(record->since, window_end);
	push_last_record(record, task);
}

/* A run that is in none of the entries that are there. */
static __noinline void note_new_run(struct cpu *cpu, struct task_struct *task,
				    const struct dwell_record *record, __u64 begin, __u64 now)
{
	struct dwell_run *run = dwell_runs_push(&cpu->history, tid_by(record, task), begin, now);

	run->pid = pid_by(record, task);
	/* By eights: to the compiler a name is bytes. */
	run->name[0] = *(const __u64 *)&task->comm[0];
	run->name[1] = *(const __u64 *)&task->comm[8];
	dwell_runs_pushed(&cpu->history, now);
}

/*
 * When @task, which leaves @cpu at @now, came to it unseen: the scheduler knows,
 * unless it is the idle task. Not before those that were seen to run here.
 */
static __noinline __u64 unseen_arrival(const struct cpu *cpu, struct task_struct *task, __u64 now)
{
	__u64 arrived = task->sched_info.last_arrival + known_offset(cpu);

	if (!task->pid || arrived > now || arrived < cpu->in_at)
		return cpu->in_at ?: now;
	return arrived;
}

/* Keeps in mind who had @cpu until @now, for those who waited for it. */
inline_always void note_run(struct cpu *cpu, struct task_struct *task,
			    const struct dwell_record *record, __u64 now)
{
	__u64 begin = cpu->in_at;

	if (unlikely(cpu->tid != (__u32)task->pid || !begin))
		begin = unseen_arrival(cpu, task, now);
	if (!dwell_runs_add(&cpu->history, tid_by(record, task), begin, now))
		note_new_run(cpu, task, record, begin, now);
}

inline_always void note_switch(struct cpu *cpu, u64 *ctx)
{
	bool preempt = ctx[0];
	struct task_struct *prev = (void *)ctx[1], *next = (void *)ctx[2];
	__u32 state = config.prev_state ? (__u32)ctx[3] : prev->__state;
	struct dwell_record *record = NULL;
	__u64 now, offset, queued;

	if (unlikely(window != DWELL_WINDOW_OPEN)) {
		switch_outside_window(cpu, prev, state);
		return;
	}
	now = bpf_ktime_get_ns();
	offset = clock_offset(cpu, now, switch_clock(prev));
	if (prev->pid) {
		record = find_record(prev);
		if (likely(record)) {
			switch_out(record, prev, cpu, preempt, state, now, ctx);
		} else if (!filtered() && (__u32)prev->tgid != self) {
			lose(born_unseen(prev) ? DWELL_LOSS_BORN_UNSEEN :
						 DWELL_LOSS_MISSING_RECORD);
			hunt = HUNT_WAKES;
		}
	}
	if (config.outliers)
		note_run(cpu, prev, record, now);
	queued = next->sched_info.last_queued;
	cpu->tid = next->pid;
	if (config.outliers)
		cpu->pid = next->tgid;
	cpu->in_at = now;
	cpu->queued_at = queued ? queued + offset : 0;
	cpu->run_delay = next->sched_info.run_delay;
	if (next->pid) {
		cpu->queue = queue_id(next->se.cfs_rq);
		cpu->throttled = throttled_before(next->se.cfs_rq);
	} else { /* it knows no quota, and its queue's is on a line that nobody else needs */
		cpu->queue = 0;
		cpu->throttled = 0;
	}
}

#define ON_RQ_MIGRATING 2 /* TASK_ON_RQ_MIGRATING */

/*
 * A task is moved to another CPU's queue. One that is woken on another CPU than it
 * slept on is not: it comes to its first queue. And one that sleeps, but was left
 * in its queue for a while (sched_delayed), is noted before its wait begins.
 */
SEC("tp_btf/sched_migrate_task")
int on_move(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct dwell_record *record;

	if (task->on_rq != ON_RQ_MIGRATING || window != DWELL_WINDOW_OPEN)
		return 0;
	record = find_record(task);
	if (record)
		note_move(record, task);
	return 0;
}

SEC("tp_btf/sched_switch")
int on_switch(u64 *ctx)
{
	struct cpu *cpu = this_cpu();

	if (!cpu)
		return 0;
	begin_run(cpu);
	note_switch(cpu, ctx);
	end_run(cpu);
	return 0;
}

/*
 * Where only timers are asked for, nothing is attached to switches, and this is
 * the last that is seen of a task. It has files to close yet, and timers in
 * them: those are in the ledger. Twins, as for new tasks.
 */
inline_always void note_exit(struct task_struct *task)
{
	struct dwell_record *record = find_record(task);

	if (record && record->kind != DWELL_EXIT && window == DWELL_WINDOW_OPEN)
		end_record(record, task);
}

SEC("tp_btf/sched_process_exit")
int on_exit(u64 *ctx)
{
	note_exit((void *)ctx[0]);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int on_exit_twin(u64 *ctx)
{
	note_exit((void *)ctx[0]);
	return 0;
}

#endif /* DWELL_SCHED_BPF_H */
