/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outliers on their way to the user side: room in the ring, and what all kinds of them
 * tell.
 *
 * What explains one is gathered in report.bpf.h and block.bpf.h.
 */
#ifndef DWELL_OUTLIER_BPF_H
#define DWELL_OUTLIER_BPF_H

#include "judge.bpf.h"
#include "record.bpf.h"

#define OUTLIER_WAKE_BYTES (128 << 10) /* wake the reader when this much waits for it */

/* All zeros, by hand: BPF has no memset() of that size. */
__noinline int clear_outlier(struct dwell_outlier *outlier)
{
	volatile __u64 *words = (volatile __u64 *)outlier;

	if (!outlier)
		return 0;
	for (__u32 i = 0; i < sizeof(*outlier) / sizeof(*words); i++)
		words[i] = 0;
	return 0;
}

/*
 * Room for an outlier on @cpu, all zeros but its interval; the caller submits it. NULL,
 * and counted: the ring buffer is full. To be tested where it is called and
 * nowhere else: 6.1 takes a second test for a way to lose the room.
 */
inline_always struct dwell_outlier *reserve_outlier(__u32 cpu, __u32 measure, __u64 from, __u64 to,
						    __u64 threshold)
{
	struct dwell_outlier *outlier = bpf_ringbuf_reserve(&outliers, sizeof(*outlier), 0);

	if (outlier) {
		clear_outlier(outlier);
		outlier->measure = measure;
		outlier->from = from;
		outlier->to = to;
		outlier->ns = to - from;
		outlier->threshold = threshold;
		outlier->cpu = cpu;
		outlier->syscall = DWELL_NO_SYSCALL;
	} else {
		/* Before 5.16 the verifier forgets a bound that clang spilled: it is tested here. */
		barrier_var(measure);
		if (measure < DWELL_MEASURES)
			__sync_fetch_and_add(&outlier_counts[measure].lost, 1);
	}
	return outlier;
}

inline_always void submit_outlier(struct dwell_outlier *outlier)
{
	__u64 flags = BPF_RB_NO_WAKEUP;

	if (bpf_ringbuf_query(&outliers, BPF_RB_AVAIL_DATA) > OUTLIER_WAKE_BYTES)
		flags = BPF_RB_FORCE_WAKEUP;
	bpf_ringbuf_submit(outlier, flags);
}

inline_always void name_task(struct dwell_outlier *outlier, struct task_struct *task)
{
	outlier->pid = pid_of(task);
	outlier->tid = tid_of(task);
	outlier->start = task->start_time;
	outlier->cgroup = cgroup_node(task)->id;
	for (int i = 0; i < DWELL_COMM_LEN; i++)
		outlier->comm[i] = task->comm[i];
}

/* Tells what the other intervals were like: of @samples, this one included, they add up to @sum. */
inline_always void describe_others(struct dwell_outlier *outlier, __u64 samples, __u64 sum)
{
	if (samples <= 1)
		return;
	outlier->samples = samples - 1;
	outlier->typical = sum / (samples - 1);
}

/* Tells what all kinds of outliers of a task share, and counts the outlier. */
static __noinline void describe_outlier(struct dwell_outlier *outlier, struct dwell_record *record,
					struct task_struct *task)
{
	__u32 measure = outlier->measure;
	__u64 sum;

	/* Before any branch: the verifier looks a pointer's type up by name, slowly, each time. */
	name_task(outlier, task);
	if (measure >= DWELL_MEASURES) /* never; the verifier cannot tell */
		return;
	outlier->told = told_open(record, measure, outlier->from);
	sum = record->sum[measure];
	/* A block is not in the sum yet. */
	if (!outlier->open && measure != DWELL_BLOCKED && sum >= outlier->ns)
		sum -= outlier->ns;
	describe_others(outlier, samples_of(record, measure, outlier->open), sum);
	__sync_fetch_and_add(&outlier_counts[measure].reported, 1);
}

/* Where an interval ended: on this CPU, or on its task's, which may be another one. */
enum place { HERE, ON_ITS_CPU };

/*
 * Judges an interval of @task that ended. If it is an outlier that is to be reported,
 * returns that, described; the caller submits it. Else NULL, to be tested as
 * reserve_outlier()'s is.
 */
inline_always struct dwell_outlier *begin_report(struct dwell_record *record,
						 struct task_struct *task, struct cpu *cpu,
						 enum place place, __u32 measure, __u64 from,
						 __u64 to)
{
	__u64 threshold = judge(record, cpu, measure, from, to);
	struct dwell_outlier *outlier;

	if (!threshold)
		return NULL;
	/* Before its first switch a CPU has no number here. */
	outlier = reserve_outlier(place == HERE ? bpf_get_smp_processor_id() : cpu->number, measure,
				  from, to, threshold);
	if (!outlier)
		return NULL;
	describe_outlier(outlier, record, task);
	return outlier;
}

#endif /* DWELL_OUTLIER_BPF_H */
