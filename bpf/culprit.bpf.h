/* SPDX-License-Identifier: GPL-2.0-only */
/* Culprits: who had a CPU while a task waited for it, and which CPUs it waited for. */
#ifndef DWELL_CULPRIT_BPF_H
#define DWELL_CULPRIT_BPF_H

#include "clock.bpf.h"
#include "record.bpf.h"

#define COPY_TRIES 4

/* Adds the entry @at of what @cpu ran to @outlier's runs, if it lies between @from and @to. */
__noinline int add_run(struct dwell_outlier *outlier, const struct cpu *cpu, __u32 at, __u64 from,
		       __u64 to)
{
	const struct dwell_run *run;
	__u32 into;

	if (!outlier || !cpu)
		return 0;
	run = &cpu->history.run[at & DWELL_RUNS_MASK];
	into = outlier->runs_count;
	if (into >= DWELL_RUNS || run->until <= from || run->begin >= to)
		return 0;
	dwell_run_copy(&outlier->runs[into], run);
	outlier->runs[into].cpu = cpu->number;
	outlier->runs_count = into + 1;
	return 0;
}

/*
 * Adds what @cpu ran between @from and @to to @outlier's runs, the latest first. False,
 * and nothing is added: they were merged meanwhile, as another CPU's may be.
 */
__noinline bool add_runs(struct dwell_outlier *outlier, struct cpu *cpu, __u64 from, __u64 to)
{
	__u32 version, count, before;

	if (!outlier || !cpu)
		return true;
	before = outlier->runs_count;
	/* Atomic, and so a barrier where loads and stores may pass one another. */
	version = __sync_fetch_and_add(&cpu->history.version, 0);
	count = cpu->history.count;
	for (__u32 i = 1; i <= DWELL_RUNS && i <= count; i++)
		add_run(outlier, cpu, count - i, from, to);
	if (!(version & 1) && version == __sync_fetch_and_add(&cpu->history.version, 0))
		return true;
	outlier->runs_count = before;
	return false;
}

inline_always void copy_runs_of(struct dwell_outlier *outlier, struct cpu *cpu, __u64 from,
				__u64 to)
{
	for (int i = 0; i < COPY_TRIES; i++)
		if (add_runs(outlier, cpu, from, to))
			break;
}

#define MOVED_NS 20000 /* the scheduler's stamps are that exact */

/*
 * A task's last move from one run queue to another, in 64 bits: when, from which CPU,
 * and whether it had been moved before in the same wait, or in the same dwell. If so,
 * it did not begin that on the CPU it came from. The time is exact to 2 us, far below
 * MOVED_NS, and lasts for at least 36 years of uptime.
 */
#define MOVE_TIME_SHIFT 11
#define MOVE_BITS 15
#define MOVE_CPU_BITS 13 /* as many as Linux can have */
#define MOVE_CPU_MASK ((1 << MOVE_CPU_BITS) - 1)
#define MOVE_AGAIN_IN_WAIT (1 << MOVE_CPU_BITS)
#define MOVE_AGAIN_IN_DWELL (2 << MOVE_CPU_BITS)

inline_always __u64 moved_at(const struct dwell_record *record)
{
	return record->moved >> MOVE_BITS << MOVE_TIME_SHIFT;
}

inline_always void note_move(struct dwell_record *record, struct task_struct *task)
{
	__u64 now = bpf_ktime_get_ns(), wait = record->since, dwell = record->activated;
	__u32 from = task->se.cfs_rq->rq->cpu;

	/* It was woken since then: its time in queues from there on has been added up. */
	if (record->state == DWELL_BLOCKED_STATE) {
		wait = now - (task->sched_info.run_delay - record->run_delay);
		dwell = wait;
	}
	from &= MOVE_CPU_MASK;
	if (moved_at(record) > wait)
		from |= MOVE_AGAIN_IN_WAIT;
	if (moved_at(record) > dwell)
		from |= MOVE_AGAIN_IN_DWELL;
	record->moved = now >> MOVE_TIME_SHIFT << MOVE_BITS | from;
}

/*
 * Tells where @record's task waited until it came to its last queue. @stamp: when it
 * came there; 0: not known. It counts only where on_move() does not run.
 */
inline_always void copy_move(struct dwell_outlier *outlier, const struct dwell_record *record,
			     __u64 stamp)
{
	__u64 from = outlier->from, at = config.sees_moves ? moved_at(record) : stamp;
	__u64 again = outlier->measure == DWELL_DWELL ? MOVE_AGAIN_IN_DWELL : MOVE_AGAIN_IN_WAIT;

	if (at <= from + MOVED_NS)
		return;
	outlier->queued_at = at;
	outlier->moved_since = config.sees_moves && !(record->moved & again) ? from : at;
	outlier->moved_from = record->moved & MOVE_CPU_MASK;
}

/*
 * Adds who is still on @cpu, where the task waited before, to @outlier's runs. The user
 * side finds its name by its number. It is left out if it changes meanwhile, and in a
 * pid namespace, which may call it otherwise: that time is then not seen.
 */
__noinline int add_running(struct dwell_outlier *outlier, const struct cpu *cpu, __u64 until)
{
	const volatile __u32 *now;
	struct dwell_run *run;
	__u64 begin;
	__u32 into, tid, pid;

	if (!outlier || !cpu || config.pid_ns)
		return 0;
	now = &cpu->tid;
	tid = *now;
	pid = cpu->pid;
	begin = cpu->in_at;
	into = outlier->runs_count;
	if (!tid || !begin || begin >= until || *now != tid || into >= DWELL_RUNS)
		return 0;
	run = &outlier->runs[into];
	run->begin = begin;
	run->until = until;
	run->ns = until - begin;
	run->tasks = 1ULL << (tid % 64);
	run->pid = pid;
	run->tid = tid;
	run->kind = DWELL_RUN_TASK;
	run->cpu = cpu->number;
	outlier->runs_count = into + 1;
	return 0;
}

/* Adds who ran lately where @outlier's task waited. The user side divides the wait among them. */
__noinline int copy_runs(struct dwell_outlier *outlier, struct cpu *cpu)
{
	struct cpu *earlier;
	__u32 from;

	if (!outlier || !cpu)
		return 0;
	from = outlier->moved_from;
	copy_runs_of(outlier, cpu, outlier->queued_at ?: outlier->from, outlier->to);
	if (outlier->moved_since >= outlier->queued_at)
		return 0;
	earlier = bpf_map_lookup_elem(&cpus, &from);
	copy_runs_of(outlier, earlier, outlier->moved_since, outlier->queued_at);
	add_running(outlier, earlier, outlier->queued_at);
	return 0;
}

/* Adds a run that belongs to none of the entries. */
static __noinline void note_new_run(struct cpu *cpu, struct task_struct *task,
				    const struct dwell_record *record, __u64 begin, __u64 now)
{
	struct dwell_run *run = dwell_runs_push(&cpu->history, tid_by(record, task), begin, now);

	run->pid = pid_by(record, task);
	/* Eight bytes at once: to the compiler a name is single bytes. */
	run->name[0] = *(const __u64 *)&task->comm[0];
	run->name[1] = *(const __u64 *)&task->comm[8];
	dwell_runs_pushed(&cpu->history, now);
}

/*
 * When @task, which leaves @cpu at @now, came to it unseen. The scheduler knows, but
 * not of the idle task. It did not come before those that were seen to run here.
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

#define ON_RQ_MIGRATING 2 /* TASK_ON_RQ_MIGRATING */

/*
 * A task is moved to another CPU's queue. A wake-up on another CPU than it slept on is
 * no move: that is the first queue of its wait. But a sleeping task that was left in
 * its queue for a while (sched_delayed) is noted, before its wait begins.
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

#endif /* DWELL_CULPRIT_BPF_H */
