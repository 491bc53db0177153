/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Switches: the state machine of a task, which is on-CPU, blocked or runnable.
 *
 * sched_switch alone drives it, under the run-queue lock. A wake-up needs no hook: when
 * a task that was blocked is switched in, the kernel's own stamp says when it was
 * queued (clock.bpf.h), so the block ends and the wait begins there. What a task's
 * arrival tells is noted with its CPU, and booked when it leaves (arrival.bpf.h).
 * sched_waking adds what the stamp does not know (waking.bpf.h).
 */
#ifndef DWELL_SCHED_BPF_H
#define DWELL_SCHED_BPF_H

#include "arrival.bpf.h"
#include "birth.bpf.h"
#include "block.bpf.h"
#include "clock.bpf.h"
#include "cost.bpf.h"
#include "culprit.bpf.h"
#include "death.bpf.h"
#include "quota.bpf.h"
#include "record.bpf.h"
#include "report.bpf.h"

#define STATE_DEAD 0x80 /* of the scheduler: has not moved since 5.15 */

#define HUNT_WAKES 4096

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
 * Compares the clocks ahead of the window. After it, until it is read, books who ran at
 * its end, and still counts who dies.
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
	} else { /* the idle task has no quota, and its queue's is on a line that nobody else needs */
		cpu->queue = 0;
		cpu->throttled = 0;
	}
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

#endif /* DWELL_SCHED_BPF_H */
