/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arrivals: how a task had come to its CPU, from a block or from a run queue.
 *
 * An arrival is booked when the task leaves: so a switch needs one record and one
 * lookup.
 */
#ifndef DWELL_ARRIVAL_BPF_H
#define DWELL_ARRIVAL_BPF_H

#include "quota.bpf.h"
#include "record.bpf.h"
#include "report.bpf.h"

/* When the task that leaves @cpu became runnable, if it came from a block: mono; 0: unknown. */
inline_always __u64 woken_at(struct dwell_record *record, struct cpu *cpu)
{
	__u64 woken = cpu->queued_at;

	/* on_waking() set it while the task was blocked: the stamp was no wake-up's. */
	if (unlikely(record->activated))
		return record->activated;
	if (unlikely(!woken))
		return 0;
	/* Each move to another run queue books the wait so far and stamps anew. */
	if (record->state != DWELL_UNKNOWN)
		woken -= cpu->run_delay - record->run_delay;
	if (woken > cpu->in_at) /* by less than the offset's error */
		return cpu->in_at;
	if (woken < record->since) {
		if (record->since - woken > config.clock_error)
			lose(DWELL_LOSS_TIME_BACKWARDS);
		return record->since;
	}
	return woken;
}

/* Books how the task that leaves @cpu came out of its block, or into being. */
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
		/*
		 * It began before the window, and is not complete; the dwell lasts
		 * since then at least.
		 */
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

/* Books the wait of a task that was runnable all the time: preempted, or without quota. */
static __noinline void book_requeue(struct dwell_record *record, struct task_struct *task,
				    struct cpu *cpu)
{
	__u64 queued = record->since, throttled = 0;

	if (unlikely(cpu->throttled || record->state == DWELL_RUNNABLE_THROTTLED))
		throttled = throttled_after_run(record, task, cpu, queued);
	if (throttled)
		queued = book_throttled(record, task, cpu, queued, throttled);
	/* Even if all of it was for quota, in the end the task came from a run queue. */
	if (measure(record, DWELL_PREEMPTED, interval(queued, cpu->in_at)))
		report_wait(record, task, cpu, DWELL_PREEMPTED, queued);
}

/* Books the chain that on_waking() marked: timer, wake-up, run queue, CPU. */
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
 * Finds out when the task that leaves @cpu came to it. That was not seen: it was before
 * the window began, or in the context of a task that the host runs no program for. The
 * scheduler's own stamps tell almost as well.
 */
static __noinline void recover_arrival(struct task_struct *task, struct cpu *cpu)
{
	cpu->in_at = task->sched_info.last_arrival + cpu->offset;
	if (cpu->in_at < window_start)
		cpu->in_at = 0;
	/* By now run_delay holds the whole wait: nothing of it came after the stamp. */
	cpu->queued_at = cpu->in_at;
	cpu->run_delay = task->sched_info.run_delay;
	/* What was noted is another task's. */
	cpu->queue = queue_id(task->se.cfs_rq);
	cpu->throttled = throttled_before(task->se.cfs_rq);
}

/*
 * Books how @task, which ran on @cpu as the window closed, had come to it. Its
 * switch-out there and the reader elsewhere both try to: the first one does it.
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

#endif /* DWELL_ARRIVAL_BPF_H */
