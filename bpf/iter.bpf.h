/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Iterators of tasks: one makes the records of those that exist, one reads all records,
 * one looks for outliers that have not ended. A fourth names a function of the kernel:
 * any task will do for it.
 */
#ifndef DWELL_ITER_BPF_H
#define DWELL_ITER_BPF_H

#include "arrival.bpf.h"
#include "block.bpf.h"
#include "clock.bpf.h"
#include "culprit.bpf.h"
#include "judge.bpf.h"
#include "outlier.bpf.h"
#include "quota.bpf.h"
#include "record.bpf.h"

/* Of one pass: tasks that have a record, and those for which there was no memory. */
__u64 tasks_adopted;
__u64 tasks_refused;

/*
 * Whoever reads an iterator runs it. So dwell is current, whatever its own pid
 * namespace calls it, and the first iterator that runs notes who that is.
 */
inline_always void note_self(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct upid number;

	if (self)
		return;
	self = bpf_get_current_pid_tgid() >> 32;
	own_level = task->thread_pid->level;
	if (config.pid_ns && read_number(&number, task, own_level))
		own_ns = (__u64)number.ns;
}

SEC("iter/task")
int adopt_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	note_self();
	if (make_record(task))
		tasks_adopted++;
	else if (wanted(task))
		tasks_refused++;
	return 0;
}

/*
 * Since when a task can run that is new, or was blocked at its last switch. It was
 * queued at @stamp. Each move to another run queue books the wait so far and stamps
 * anew: @run_delay has all that was booked.
 */
inline_always __u64 runnable_since(const struct dwell_record *record, __u64 stamp, __u64 run_delay)
{
	if (record->activated) /* the stamp is no wake-up's: see note_wakeup() */
		return record->activated;
	if (record->state != DWELL_UNKNOWN)
		stamp -= run_delay - record->run_delay;
	return stamp < record->since ? record->since : stamp;
}

/* Describes a task that is on @cpu: how it came there is booked when it leaves. */
inline_always void describe_running(struct dwell_live *live, const struct dwell_record *record,
				    const struct cpu *cpu)
{
	live->state = DWELL_ONCPU;
	live->since = cpu->in_at;
	if (record->state < DWELL_RUNNABLE_PREEMPTED && record->state != DWELL_ONCPU &&
	    cpu->queued_at)
		live->activated = runnable_since(record, cpu->queued_at, cpu->run_delay);
}

/*
 * Describes @task, of which no switch was seen in the window. The scheduler's stamps
 * tell for how long it waits, or when it last got a CPU: it cannot have blocked before.
 */
inline_always void describe_unseen(struct dwell_live *live, struct dwell_record *record,
				   struct task_struct *task, __u64 queued, __s64 arrived)
{
	/* At boot the stamps may be of another clock: it did not come before it began. */
	if (arrived < (__s64)task->start_time)
		arrived = task->start_time;
	live->since = arrived ?: 1;
	record->block = block_kind(task->__state);
	if (task->on_cpu) {
		live->state = DWELL_ONCPU;
	} else if (is_blocked(task, false) ||
		   (window == DWELL_WINDOW_CLOSED && queued > window_end)) {
		live->state = DWELL_BLOCKED_STATE;
	} else {
		/* Queued in the window without a switch in it: only a wake-up does that. */
		live->state = queued >= window_start ? DWELL_RUNNABLE_WOKEN :
						       DWELL_RUNNABLE_PREEMPTED;
		if (queued)
			live->since = queued;
	}
	if (live->state == DWELL_RUNNABLE_WOKEN)
		live->activated = live->since;
}

/*
 * Describes @task, which was blocked at its last switch. It may have been woken since.
 * After the window's end it may also have got a CPU, which nobody sees: at that end it
 * waited.
 */
inline_always void describe_blocked(struct dwell_live *live, const struct dwell_record *record,
				    struct task_struct *task, __u64 queued, __u64 arrived)
{
	bool closed = window == DWELL_WINDOW_CLOSED;
	__u64 since;

	if (queued && !is_blocked(task, false))
		since = runnable_since(record, queued, task->sched_info.run_delay);
	else if (closed && arrived > window_end)
		since = runnable_since(record, arrived, task->sched_info.run_delay);
	else
		return;
	if (closed && since >= window_end)
		return;
	live->state = DWELL_RUNNABLE_WOKEN;
	live->since = since;
	live->activated = since;
}

/* Describes what @task does now, or did at the window's end, and its open dwell. */
inline_always void describe(struct dwell_live *live, struct dwell_record *record,
			    struct task_struct *task, struct cpu *cpu)
{
	__u64 queued = task->sched_info.last_queued;
	__u64 arrived = task->sched_info.last_arrival + known_offset(cpu);

	if (queued)
		queued += known_offset(cpu);
	live->state = record->state;
	live->since = record->since;
	live->activated = record->activated;
	if (window != DWELL_WINDOW_CLOSED && cpu->tid == (__u32)task->pid)
		describe_running(live, record, cpu);
	else if (record->state == DWELL_UNKNOWN)
		describe_unseen(live, record, task, queued, arrived);
	else if (record->state == DWELL_BLOCKED_STATE)
		describe_blocked(live, record, task, queued, arrived);
	else if (record->state == DWELL_RUNNABLE_WOKEN)
		live->activated = record->since;
	if (live->state >= DWELL_RUNNABLE_WOKEN)
		describe_quota(live, record, task, cpu);
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

	/*
	 * The pass has ended, but this is still the last task's number, by which one
	 * that was shown again counts once. It is noted only now: all hooks read what
	 * lies beside it.
	 */
	if (!task) {
		tasks_seen = ctx->meta->seq_num + 1;
		return 0;
	}
	note_self();
	record = find_record(task);
	/* A task that has sent its last record only waits for its parent. */
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

/* The measure of a task's open interval; DWELL_MEASURES: it can be no outlier. */
inline_always __u32 open_measure(const struct dwell_live *live, const struct dwell_record *record)
{
	switch (live->state) {
	case DWELL_RUNNABLE_WOKEN:
		return DWELL_WOKEN;
	case DWELL_RUNNABLE_PREEMPTED:
		return DWELL_PREEMPTED;
	case DWELL_RUNNABLE_THROTTLED:
		return DWELL_THROTTLED;
	case DWELL_BLOCKED_STATE:
		if (waits_for_work(record))
			return DWELL_MEASURES;
		/* Nothing was seen of it. What is normal is not known, but that D is not. */
		if (record->state == DWELL_UNKNOWN && record->block != DWELL_BLOCK_D &&
		    config.adaptive[DWELL_BLOCKED])
			return DWELL_MEASURES;
		return DWELL_BLOCKED;
	default:
		return DWELL_MEASURES;
	}
}

/*
 * What dwell's pid namespace calls @task, the kernel's @number. It was reached by
 * pointers: no helper takes it, and so its record cannot be looked up.
 */
inline_always __u32 number_anywhere(struct task_struct *task, __u32 number)
{
	if (!config.pid_ns || !number)
		return number;
	return own_number(task) ?: number | DWELL_OUTSIDE;
}

/* Adds who ran on @cpu lately, and @current, which runs there now. */
inline_always void copy_open_runs(struct dwell_outlier *outlier, struct cpu *cpu,
				  struct task_struct *current)
{
	struct dwell_run *last = &outlier->runs[0];
	__u64 begin = cpu->in_at;

	outlier->runs_count = 1;
	copy_runs(outlier, cpu);
	if (cpu->tid != (__u32)current->pid || !begin)
		begin = unseen_arrival(cpu, current, outlier->to);
	last->begin = begin;
	last->until = outlier->to;
	last->ns = outlier->to - begin;
	last->cpu = outlier->cpu;
	last->pid = number_anywhere(current->group_leader, current->tgid);
	last->tid = number_anywhere(current, current->pid);
	last->kind = current->pid ? DWELL_RUN_TASK : DWELL_RUN_IDLE;
	last->tasks = current->pid ? 1ULL << ((__u32)current->pid % 64) : 0;
	for (int i = 0; i < DWELL_COMM_LEN; i++)
		last->comm[i] = current->comm[i];
}

inline_always void report_open(struct dwell_record *record, struct task_struct *task,
			       struct cpu *cpu, __u32 measure, __u64 since, __u64 threshold)
{
	__u64 now = bpf_ktime_get_ns();
	struct rq *queue = task->se.cfs_rq->rq;
	struct dwell_outlier *outlier;

	outlier = reserve_outlier(queue->cpu, measure, since, now, threshold);
	if (!outlier)
		return;
	outlier->open = true;
	describe_outlier(outlier, record, task);
	record->open_told = (now & ~DWELL_OPEN_MEASURE) | measure;
	if (measure == DWELL_BLOCKED)
		copy_block(outlier, record, task);
	else {
		copy_move(outlier, record, task->sched_info.last_queued + known_offset(cpu));
		copy_open_runs(outlier, cpu, queue->curr);
	}
	submit_outlier(outlier);
}

__u32 open_room; /* so many outliers may be told yet in this pass: the ring is read after it */

/*
 * Tells an interval that is found to be an outlier while it is open, and again each
 * time that it has lasted twice as long. A task that is about to change its state on
 * another CPU may be missed: it is seen there, or in the next pass. The next pass also
 * takes whom this one has no room for.
 */
SEC("iter/task")
int find_open(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct dwell_record *record;
	struct dwell_norm norm;
	__u64 threshold, now;
	struct dwell_live live;
	struct cpu *cpu;
	__u32 at, measure;

	if (!task || window != DWELL_WINDOW_OPEN || shed >= DWELL_SHED_OUTLIERS || !open_room)
		return 0;
	record = find_record(task);
	if (!record || record->kind == DWELL_EXIT)
		return 0;
	at = task->se.cfs_rq->rq->cpu;
	cpu = bpf_map_lookup_elem(&cpus, &at);
	if (!cpu)
		return 0;
	describe(&live, record, task, cpu);
	now = bpf_ktime_get_ns();
	measure = open_measure(&live, record);
	/* A stamp of the scheduler's can be ahead of the clock by a little. */
	if (measure >= DWELL_MEASURES || live.since > now ||
	    now - live.since < config.floor[measure] ||
	    now - live.since < 2 * told_open(record, measure, live.since))
		return 0;
	/* A copy: only what has ended is learned from. */
	norm = record->norm[measure];
	threshold = threshold_of(&norm, measure, samples_of(record, measure, true));
	if (now - live.since <= threshold)
		return 0;
	report_open(record, task, cpu, measure, live.since, threshold);
	open_room--;
	return 0;
}

/*
 * The kernel tells the names of its functions to whoever may trace, though without
 * CAP_SYSLOG it hides their addresses in /proc/kallsyms. The reader asks for less than
 * a name at first, and so does not walk beyond the first task.
 */
__u64 unnamed; /* the address to be named */

SEC("iter/task")
int name_function(struct bpf_iter__task *ctx)
{
	static const char format[] = "%ps";
	__u64 address = unnamed;

	if (!ctx->task || ctx->meta->seq_num)
		return 0;
	note_self();
	bpf_seq_printf(ctx->meta->seq, format, sizeof(format), &address, sizeof(address));
	return 0;
}

#endif /* DWELL_ITER_BPF_H */
