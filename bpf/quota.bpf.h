/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CPU quotas: in which part of a wait a task's group, or one above it, had none left.
 *
 * The kernel itself sums up, for each group's queue on each CPU, for how long it was
 * throttled. One reading is taken when the wait begins, one when the task comes to its
 * CPU: their difference is the throttled part of what lies between, with no hook. Where
 * a queue was never throttled, both are 0.
 *
 * The kernel does not keep where in a wait its throttled part lay. It is taken to be
 * the beginning, as it is if the quota ended the run before. Only up to 6.17 can a
 * quota run out later, used up by other tasks of the group.
 */
#ifndef DWELL_QUOTA_BPF_H
#define DWELL_QUOTA_BPF_H

#include "clock.bpf.h"
#include "record.bpf.h"
#include "report.bpf.h"

#define FIRST_NORMAL_PRIO 100 /* below are the real-time tasks, which no quota holds */
#define QUEUE_BYTES 512	      /* of a queue, about */
#define NO_QUOTA (~0ULL)
#define GROUP_DEPTH 8 /* levels searched upwards for a quota */

/*
 * Since 6.18 a task without quota takes itself off its queue, as it returns to user
 * space. One that is woken or preempted in the kernel waits for a CPU, whatever its
 * group has left.
 */
#define TAKES_TASKS bpf_core_field_exists(struct task_struct, throttled)
/* Up to 6.17 the whole queue is taken off, and whoever waits there waits for quota. */
#define TAKES_QUEUES                                                                         \
	(!TAKES_TASKS && (bpf_core_field_exists(struct cfs_rq, throttled_clock_self_time) || \
			  bpf_core_field_exists(struct cfs_rq, throttled_clock_pelt_time)))

/*
 * What tells queues apart: the lower half of the address, and never 0. A move of
 * 32 bits is what the verifier allows with a pointer.
 */
inline_always __u32 queue_id(const struct cfs_rq *queue)
{
	__u32 id;

	asm("%0 = %1" : "=w"(id) : "w"((__u32)(__u64)queue));
	return id;
}

/*
 * For how many ns @queue was throttled until it last had quota. A barrier in each
 * branch: see node_parent().
 */
inline_always __u64 throttled_before(struct cfs_rq *queue)
{
	if (bpf_core_field_exists(queue->throttled_clock_self_time)) {
		barrier_var(queue);
		return queue->throttled_clock_self_time;
	}
	if (bpf_core_field_exists(queue->throttled_clock_pelt_time)) {
		barrier_var(queue);
		return queue->throttled_clock_pelt_time;
	}
	return 0;
}

/* Whether @queue lacks quota now, or ever did: both are told from one cache line. */
inline_always bool was_throttled(struct cfs_rq *queue, __u64 before)
{
	return before ||
	       (bpf_core_field_exists(queue->throttle_count) && queue->throttle_count > 0);
}

/* Whether a lack of quota keeps @task from running now, should it want to. */
inline_always bool held_back(struct task_struct *task)
{
	if (TAKES_TASKS) {
		barrier_var(task);
		return task->throttled;
	}
	barrier_var(task);
	return TAKES_QUEUES && task->se.cfs_rq->throttle_count > 0 &&
	       task->prio >= FIRST_NORMAL_PRIO;
}

/* For how many ns @queue has been throttled by now, which its scheduler's clock calls @clock. */
static __noinline __u64 throttled_until(struct cfs_rq *queue, __u64 clock)
{
	__u64 before = throttled_before(queue), began;

	if (!bpf_core_field_exists(queue->throttle_count) || queue->throttle_count <= 0)
		return before;
	if (bpf_core_field_exists(queue->throttled_clock_self)) {
		barrier_var(queue);
		began = queue->throttled_clock_self;
	} else if (bpf_core_field_exists(queue->throttled_clock_pelt)) {
		/*
		 * This clock runs slower on a CPU that does not run at its full speed.
		 * There a queue may have been throttled for longer than is told, up to
		 * 6.5.
		 */
		barrier_var(queue);
		began = queue->throttled_clock_pelt;
		clock += queue->rq->clock_pelt - queue->rq->lost_idle_time - queue->rq->clock;
	} else {
		return before;
	}
	return began && clock > began ? before + (clock - began) : before;
}

inline_always struct quota_seen *quota_seen(struct cpu *cpu, __u32 queue)
{
	return &cpu->quotas[queue / QUEUE_BYTES % DWELL_QUOTAS];
}

/*
 * For how many ns @queue has been throttled, now that a task of it leaves @cpu. It is
 * kept in mind for whoever comes from that queue next.
 */
static __noinline __u64 note_quota(struct cpu *cpu, struct cfs_rq *queue, __u64 now)
{
	struct quota_seen *seen = quota_seen(cpu, queue_id(queue));
	__u64 throttled = throttled_until(queue, now - cpu->offset);

	seen->queue = queue_id(queue);
	seen->throttled = throttled;
	seen->empty_at = queue->throttle_count > 0 ? now : 0;
	return throttled;
}

/* Notes that @task leaves @cpu and waits. True: for quota. */
inline_always bool begin_wait(struct dwell_record *record, struct task_struct *task,
			      struct cpu *cpu, __u64 now)
{
	struct cfs_rq *queue = task->se.cfs_rq;

	record->queue = queue_id(queue);
	record->throttled_at_out = 0;
	if (likely(!was_throttled(queue, throttled_before(queue))))
		return false;
	record->throttled_at_out = note_quota(cpu, queue, now);
	return held_back(task);
}

/* Notes that @task leaves @cpu and is blocked. */
inline_always void begin_block(struct dwell_record *record, struct task_struct *task,
			       struct cpu *cpu, __u64 now)
{
	struct cfs_rq *queue = task->se.cfs_rq;

	if (!TAKES_QUEUES)
		return;
	record->queue = 0; /* until it is woken */
	if (unlikely(was_throttled(queue, throttled_before(queue))))
		note_quota(cpu, queue, now);
}

/* Whether a quota may matter when @task is woken. */
inline_always bool wakes_to_quota(struct task_struct *task)
{
	struct cfs_rq *queue = task->se.cfs_rq;

	return TAKES_QUEUES && was_throttled(queue, throttled_before(queue));
}

/*
 * Reads the quota as @task, which is blocked, is being woken: most likely to the queue
 * that it left.
 */
static __noinline void note_quota_at_wake(struct dwell_record *record, struct task_struct *task)
{
	struct cfs_rq *queue = task->se.cfs_rq;
	__u32 at = queue->rq->cpu;
	struct cpu *cpu = bpf_map_lookup_elem(&cpus, &at);

	if (!cpu || !cpu->offset_at)
		return;
	record->queue = queue_id(queue);
	record->throttled_at_wake = throttled_until(queue, bpf_ktime_get_ns() - cpu->offset);
}

/* @ns, but neither below 0 nor beyond what lies between two mono times. */
inline_always __u64 at_most(__u64 ns, __u64 from, __u64 to)
{
	if (to <= from || (__s64)ns < 0)
		return 0;
	return ns < to - from ? ns : to - from;
}

/*
 * Throttled ns of the wait of the task on @cpu since it came to its queue at @from.
 * Nothing was read there then, but when a task of that queue was last seen.
 */
inline_always __u64 throttled_since_seen(struct cpu *cpu, __u64 from)
{
	const struct quota_seen *seen = quota_seen(cpu, cpu->queue);
	__u64 ns;

	if (!TAKES_QUEUES || seen->queue != cpu->queue)
		return 0;
	ns = cpu->throttled - seen->throttled;
	/* It lacked quota already: what of that lay before @from is not of the wait. */
	if (seen->empty_at && seen->empty_at < from)
		ns -= from - seen->empty_at;
	return at_most(ns, from, cpu->in_at);
}

/* Throttled ns of @task's wait on @cpu, from when it was woken. */
static __noinline __u64 throttled_after_wake(const struct dwell_record *record,
					     struct task_struct *task, struct cpu *cpu, __u64 woken)
{
	if (task->prio < FIRST_NORMAL_PRIO)
		return 0;
	if (record->queue == cpu->queue)
		return at_most(cpu->throttled - record->throttled_at_wake, woken, cpu->in_at);
	return throttled_since_seen(cpu, woken);
}

/*
 * When @task's group gets new quota next after @now: mono; 0: it has none. Of nested
 * groups the innermost one's counts.
 */
static __noinline __u64 next_quota(struct task_struct *task, __u64 now)
{
	struct task_group *group = task->se.cfs_rq->tg;
	__u64 period, due;

	if (!bpf_core_field_exists(group->cfs_bandwidth.quota))
		return 0;
	for (int level = 0; level < GROUP_DEPTH && group; level++) {
		if (group->cfs_bandwidth.quota != NO_QUOTA) {
			period = group->cfs_bandwidth.period;
			due = group->cfs_bandwidth.period_timer.node.expires;
			if (!period)
				return 0;
			/* The timer keeps step, whether it is armed or not. */
			return due > now ? now + (due - now) % period :
					   now + period - (now - due) % period;
		}
		group = group->parent;
	}
	return 0;
}

/*
 * Throttled ns of @task's wait since @from, in which it was moved to @cpu, or to
 * another group. Its old queue cannot be read any more. But a throttled task is not
 * moved: so it was moved after its group had got new quota.
 */
static __noinline __u64 throttled_elsewhere(const struct dwell_record *record,
					    struct task_struct *task, struct cpu *cpu, __u64 from)
{
	__u64 moved = cpu->queued_at, ns = 0;

	if (moved < from || moved > cpu->in_at)
		moved = cpu->in_at;
	if (record->state == DWELL_RUNNABLE_THROTTLED)
		ns = at_most(next_quota(task, from) - from, from, moved);
	return ns + throttled_since_seen(cpu, moved);
}

/* Throttled ns of @task's wait on @cpu, which began at @from as it left a CPU. */
static __noinline __u64 throttled_after_run(const struct dwell_record *record,
					    struct task_struct *task, struct cpu *cpu, __u64 from)
{
	if (TAKES_TASKS && record->state != DWELL_RUNNABLE_THROTTLED)
		return 0;
	if (task->prio < FIRST_NORMAL_PRIO)
		return 0;
	if (record->queue == cpu->queue)
		return at_most(cpu->throttled - record->throttled_at_out, from, cpu->in_at);
	return throttled_elsewhere(record, task, cpu, from);
}

/* Books the first @ns of a wait that began at @from as throttled. Returns when the rest begins. */
static __noinline __u64 book_throttled(struct dwell_record *record, struct task_struct *task,
				       struct cpu *cpu, __u64 from, __u64 ns)
{
	record->throttled++;
	if (measure(record, DWELL_THROTTLED, ns))
		report_throttled(record, task, cpu, from, from + ns);
	return from + ns;
}

/*
 * Adds to @live, which says that @task waits, whether that is for quota now. If it is
 * not, but was: since when it is not.
 */
inline_always void describe_quota(struct dwell_live *live, const struct dwell_record *record,
				  struct task_struct *task, struct cpu *cpu)
{
	struct cfs_rq *queue = task->se.cfs_rq;
	__u64 since = live->since, began;
	__u32 state;

	if (held_back(task)) {
		/* Woken without quota, or it ran out since. */
		state = DWELL_RUNNABLE_THROTTLED;
		if (live->state != DWELL_RUNNABLE_THROTTLED &&
		    bpf_core_field_exists(queue->throttled_clock_self)) {
			began = queue->throttled_clock_self + known_offset(cpu);
			if (began > since)
				since = began;
		}
	} else if (live->state == DWELL_RUNNABLE_THROTTLED) {
		state = DWELL_RUNNABLE_PREEMPTED;
		if (record->queue == queue_id(queue))
			since += throttled_before(queue) - record->throttled_at_out;
		else
			since = task->sched_info.last_queued + known_offset(cpu);
	} else {
		return;
	}
	/* What changed after the window's end is none of it. */
	if (window == DWELL_WINDOW_CLOSED && since >= window_end)
		return;
	live->state = state;
	live->since = since;
}

#endif /* DWELL_QUOTA_BPF_H */
