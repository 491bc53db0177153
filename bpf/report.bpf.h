/* SPDX-License-Identifier: GPL-2.0-only */
/* Reports of waits, dwells and late timers: what explains an outlier of each kind. */
#ifndef DWELL_REPORT_BPF_H
#define DWELL_REPORT_BPF_H

#include "culprit.bpf.h"
#include "judge.bpf.h"
#include "outlier.bpf.h"
#include "record.bpf.h"

/* Adds who had a CPU while @outlier's task waited, last for @cpu. @stamp: as of copy_move(). */
inline_always void copy_culprits(struct dwell_outlier *outlier, const struct dwell_record *record,
				 struct cpu *cpu, __u64 stamp)
{
	copy_move(outlier, record, stamp);
	copy_runs(outlier, cpu);
}

/* Tells of a timer that came late, and which callbacks ran ahead of its own on @cpu. */
inline_always void copy_expiry(struct dwell_outlier *outlier, const struct cpu *cpu,
			       const struct expiry *expiry)
{
	outlier->function = expiry->function;
	outlier->syscall = expiry->owner.syscall;
	outlier->lateness = expiry->lateness;
	outlier->expires = outlier->from;
	outlier->callbacks_next = cpu->callbacks_next % DWELL_CALLBACKS;
	__builtin_memcpy(outlier->callbacks, cpu->callbacks, sizeof(outlier->callbacks));
}

/*
 * Reports a wait for a CPU that ended on @cpu. As the window closes, it may be the
 * reader on another CPU that does.
 */
static __noinline void report_wait(struct dwell_record *record, struct task_struct *task,
				   struct cpu *cpu, __u32 measure, __u64 from)
{
	struct dwell_outlier *outlier;

	outlier = begin_report(record, task, cpu, ON_ITS_CPU, measure, from, cpu->in_at);
	if (!outlier)
		return;
	copy_culprits(outlier, record, cpu, cpu->queued_at);
	submit_outlier(outlier);
}

/* Reports the part of a wait in which there was no quota. Who ran meanwhile is not to blame. */
static __noinline void report_throttled(struct dwell_record *record, struct task_struct *task,
					struct cpu *cpu, __u64 from, __u64 to)
{
	struct dwell_outlier *outlier;

	outlier = begin_report(record, task, cpu, ON_ITS_CPU, DWELL_THROTTLED, from, to);
	if (outlier)
		submit_outlier(outlier);
}

/* Reports the time from when a timer was due until the task that it woke had a CPU. */
static __noinline void report_timer_latency(struct dwell_record *record, struct task_struct *task,
					    struct cpu *cpu, __u64 ns, __u64 woken)
{
	__u64 to = cpu->in_at;
	struct dwell_outlier *outlier;

	outlier = begin_report(record, task, cpu, ON_ITS_CPU, DWELL_TIMER_LATENCY, to - ns, to);
	if (!outlier)
		return;
	/* The parts are to make up the whole, though the stamps are not that exact. */
	if (woken < record->mark_entered)
		woken = record->mark_entered;
	outlier->function = record->mark_function;
	outlier->syscall = record->mark_call;
	outlier->lateness = record->mark_lateness;
	outlier->wakeup = woken - record->mark_entered;
	outlier->runqueue = ns - outlier->lateness - outlier->wakeup;
	copy_culprits(outlier, record, cpu, cpu->queued_at);
	submit_outlier(outlier);
}

/* Reports an activation that took long. */
static __noinline void report_dwell(struct dwell_record *record, struct task_struct *task,
				    struct cpu *cpu, __u64 now)
{
	struct dwell_outlier *outlier;

	outlier = begin_report(record, task, cpu, ON_ITS_CPU, DWELL_DWELL, record->activated, now);
	if (!outlier)
		return;
	outlier->oncpu = record->oncpu_ns - record->activated_oncpu;
	outlier->preempters = (__u32)record->involuntary - record->activated_switches;
	/* Without a stamp: that is of the last of its waits only. */
	copy_culprits(outlier, record, cpu, 0);
	submit_outlier(outlier);
}

/*
 * Reports a sleep's timer that came late. If its task had no need to wait for a CPU,
 * that is its timer latency, too.
 */
static __noinline void report_late_sleep(struct dwell_record *record, struct task_struct *task,
					 struct cpu *cpu, const struct expiry *expiry,
					 __u32 measure)
{
	__u64 to = expiry->entered, from = to - expiry->lateness;
	struct dwell_outlier *outlier;

	outlier = begin_report(record, task, cpu, HERE, measure, from, to);
	if (!outlier)
		return;
	copy_expiry(outlier, cpu, expiry);
	submit_outlier(outlier);
}

/*
 * Reports another timer of a task that came late. The task need not be there any more:
 * the ledger knows what is normal.
 */
static __noinline void report_late_timer(struct dwell_timer_counts *counts, struct cpu *cpu,
					 const struct expiry *expiry)
{
	__u64 to = expiry->entered, from = to - expiry->lateness;
	__u64 threshold = threshold_of(&counts->norm, DWELL_LATENESS, counts->late_count);
	struct dwell_outlier *outlier;

	learn(&counts->norm, DWELL_LATENESS, expiry->lateness, threshold);
	if (expiry->lateness <= threshold || !may_report(NULL, cpu, DWELL_LATENESS, to))
		return;
	outlier = reserve_outlier(bpf_get_smp_processor_id(), DWELL_LATENESS, from, to, threshold);
	if (!outlier)
		return;
	__sync_fetch_and_add(&outlier_counts[DWELL_LATENESS].reported, 1);
	outlier->pid = expiry->owner.pid;
	outlier->tid = expiry->owner.tid;
	outlier->start = expiry->owner.start;
	describe_others(outlier, counts->late_count, counts->late_sum - expiry->lateness);
	copy_expiry(outlier, cpu, expiry);
	submit_outlier(outlier);
}

#endif /* DWELL_REPORT_BPF_H */
