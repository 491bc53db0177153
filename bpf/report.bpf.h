/* SPDX-License-Identifier: GPL-2.0-only */
/* Reports of waits, dwells and late timers: what explains an outlier of each kind. */
#ifndef DWELL_REPORT_BPF_H
#define DWELL_REPORT_BPF_H

#include "culprit.bpf.h"
#include "judge.bpf.h"
#include "outlier.bpf.h"
#include "record.bpf.h"

inline_always void copy_callbacks(struct dwell_outlier *outlier, const struct cpu *cpu)
{
	outlier->callbacks_next = cpu->callbacks_next % DWELL_CALLBACKS;
	__builtin_memcpy(outlier->callbacks, cpu->callbacks, sizeof(outlier->callbacks));
}

/*
 * A wait for a CPU that @cpu ended. Whoever books it, as the window closes, may be the
 * reader on another one.
 */
static __noinline void report_wait(struct dwell_record *record, struct task_struct *task,
				   struct cpu *cpu, __u32 measure, __u64 from)
{
	__u64 to = cpu->in_at, threshold = judge(record, cpu, measure, from, to);
	struct dwell_outlier *outlier;

	if (!threshold)
		return;
	outlier = reserve_outlier(measure, from, to, threshold);
	if (!outlier)
		return;
	describe_outlier(outlier, record, task);
	outlier->cpu = cpu->number;
	copy_move(outlier, record, cpu->queued_at);
	copy_runs(outlier, cpu);
	submit_outlier(outlier);
}

/* The part of a wait in which there was no quota. Who ran meanwhile is not to blame. */
static __noinline void report_throttled(struct dwell_record *record, struct task_struct *task,
					struct cpu *cpu, __u64 from, __u64 to)
{
	__u64 threshold = judge(record, cpu, DWELL_THROTTLED, from, to);
	struct dwell_outlier *outlier;

	if (!threshold)
		return;
	outlier = reserve_outlier(DWELL_THROTTLED, from, to, threshold);
	if (!outlier)
		return;
	describe_outlier(outlier, record, task);
	outlier->cpu = cpu->number;
	submit_outlier(outlier);
}

/* From when a timer was due until the task that it woke had a CPU. */
static __noinline void report_timer_latency(struct dwell_record *record, struct task_struct *task,
					    struct cpu *cpu, __u64 ns, __u64 woken)
{
	__u64 to = cpu->in_at, from = to - ns;
	__u64 threshold = judge(record, cpu, DWELL_TIMER_LATENCY, from, to);
	struct dwell_outlier *outlier;

	if (!threshold)
		return;
	outlier = reserve_outlier(DWELL_TIMER_LATENCY, from, to, threshold);
	if (!outlier)
		return;
	describe_outlier(outlier, record, task);
	/* The parts are to make up the whole, though the stamps are not that exact. */
	if (woken < record->mark_entered)
		woken = record->mark_entered;
	outlier->function = record->mark_function;
	outlier->syscall = record->mark_call;
	outlier->lateness = record->mark_lateness;
	outlier->wakeup = woken - record->mark_entered;
	outlier->runqueue = ns - outlier->lateness - outlier->wakeup;
	outlier->cpu = cpu->number;
	copy_move(outlier, record, cpu->queued_at);
	copy_runs(outlier, cpu);
	submit_outlier(outlier);
}

/* An activation that took long. */
static __noinline void report_dwell(struct dwell_record *record, struct task_struct *task,
				    struct cpu *cpu, __u64 now)
{
	__u64 from = record->activated, threshold = judge(record, cpu, DWELL_DWELL, from, now);
	struct dwell_outlier *outlier;

	if (!threshold)
		return;
	outlier = reserve_outlier(DWELL_DWELL, from, now, threshold);
	if (!outlier)
		return;
	describe_outlier(outlier, record, task);
	outlier->oncpu = record->oncpu_ns - record->activated_oncpu;
	outlier->preempters = (__u32)record->involuntary - record->activated_switches;
	/* The stamp is of the last of its waits only. */
	copy_move(outlier, record, 0);
	copy_runs(outlier, cpu);
	submit_outlier(outlier);
}

/* A sleep's timer that came late, or with it all that its task waited (timer latency). */
static __noinline void report_late_sleep(struct dwell_record *record, struct task_struct *task,
					 struct cpu *cpu, const struct expiry *expiry,
					 __u32 measure)
{
	__u64 to = expiry->entered, from = to - expiry->lateness;
	__u64 threshold = judge(record, cpu, measure, from, to);
	struct dwell_outlier *outlier;

	if (!threshold)
		return;
	outlier = reserve_outlier(measure, from, to, threshold);
	if (!outlier)
		return;
	describe_outlier(outlier, record, task);
	outlier->function = expiry->function;
	outlier->syscall = expiry->owner.syscall;
	outlier->lateness = outlier->ns;
	outlier->expires = outlier->from;
	copy_callbacks(outlier, cpu);
	submit_outlier(outlier);
}

/* Another timer of a task, which need not be there: what is normal is its ledger's. */
static __noinline void report_late_timer(struct dwell_timer_counts *counts, struct cpu *cpu,
					 const struct expiry *expiry)
{
	struct dwell_outlier *outlier;
	__u64 threshold = threshold_of(&counts->norm, DWELL_LATENESS, counts->late_count);

	learn(&counts->norm, DWELL_LATENESS, expiry->lateness, threshold);
	if (expiry->lateness <= threshold)
		return;
	if (!may_report(NULL, cpu, expiry->entered)) {
		__sync_fetch_and_add(&outlier_counts[DWELL_LATENESS].suppressed, 1);
		return;
	}
	outlier = reserve_outlier(DWELL_LATENESS, expiry->entered - expiry->lateness,
				  expiry->entered, threshold);
	if (!outlier)
		return;
	__sync_fetch_and_add(&outlier_counts[DWELL_LATENESS].reported, 1);
	outlier->pid = expiry->owner.pid;
	outlier->tid = expiry->owner.tid;
	outlier->start = expiry->owner.start;
	if (counts->late_count > 1) {
		outlier->samples = counts->late_count - 1;
		outlier->typical = (counts->late_sum - expiry->lateness) / outlier->samples;
	}
	outlier->function = expiry->function;
	outlier->syscall = expiry->owner.syscall;
	outlier->lateness = expiry->lateness;
	outlier->expires = outlier->from;
	copy_callbacks(outlier, cpu);
	submit_outlier(outlier);
}

#endif /* DWELL_REPORT_BPF_H */
