/* SPDX-License-Identifier: GPL-2.0-only */
/* High-resolution timers that are armed and re-armed, and who does that. */
#ifndef DWELL_TIMER_START_BPF_H
#define DWELL_TIMER_START_BPF_H

#include "cost.bpf.h"
#include "ledger.bpf.h"
#include "record.bpf.h"
#include "timer.bpf.h"
#include "timer_cancel.bpf.h"

/*
 * Whether @timer is not armed by its user, but moved off a dying CPU by a kernel
 * thread, for hotplug. Then it was armed, or its cancel was traced a moment ago.
 */
inline_always bool is_moved(struct cpu *cpu, struct dwell_record *record, struct hrtimer *timer,
			    bool was_armed)
{
	if (config.was_armed)
		return was_armed;
	/* A kernel thread may cancel a sleep of its own and begin it anew: that is no move. */
	return record->kthread && cpu->cancel.booked != BOOKED_RECORD &&
	       take_back_cancel(cpu, (__u64)timer, (__u64)timer->function);
}

inline_always void start_sleep(struct cpu *cpu, struct hrtimer *timer, bool was_armed, __u64 now,
			       void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dwell_record *record = find_record(task);
	__u64 function = (__u64)timer->function;
	struct dwell_timer_counts *counts;
	struct dwell_timer_key owner;

	if (!record || is_moved(cpu, record, timer, was_armed))
		return;
	cpu->cancel.timer = 0;
	if (unlikely(record->sleeper))
		expire_unseen(record, task);
	record->armed++;
	record->sleeper = (__u64)timer;
	record->sleeper_armed = now;
	if (!config.ledger)
		return;
	record->sleeper_call = syscall_of(task);
	counts = sleep_counts(&owner, task, record->sleeper_call, function);
	if (!counts)
		return;
	book_sleep(counts, timer, now);
	book_site(counts, &owner, ctx);
}

/* Who starts a timer whose callback runs. */
enum starter { STARTER_TASK, STARTER_CALLBACK, STARTER_UNKNOWN };

/*
 * A callback may start its timer again, in whatever context that runs. But the task
 * that it woke may be faster. It may arm the timer anew while the callback still runs,
 * or is preempted (PREEMPT_RT): posix_timer_fn()'s signal makes it do so.
 */
inline_always enum starter starter_of(struct cpu *cpu, struct hrtimer *timer)
{
	const struct expiry *expiry = &cpu->expiry[!!timer->is_soft];

	if (timer->base->running != timer)
		return STARTER_TASK;
	if (expiry->timer == (__u64)timer)
		return expiry->tid == (__u32)bpf_get_current_pid_tgid() ? STARTER_CALLBACK :
									  STARTER_TASK;
	/* The callback runs elsewhere; or here, and its beginning was not seen. */
	return timer->base->cpu_base->cpu != bpf_get_smp_processor_id() ? STARTER_TASK :
									  STARTER_UNKNOWN;
}

static __noinline void start_user(struct cpu *cpu, struct hrtimer *timer, bool was_armed, __u64 now,
				  void *ctx)
{
	__u64 address = (__u64)timer, function = (__u64)timer->function;
	struct task_struct *task = bpf_get_current_task_btf();
	struct dwell_armed_timer entry = {
		.armed_at = now,
		.expires = timer->node.expires - timer->base->offset,
	};
	struct dwell_record *record = NULL;
	struct dwell_timer_counts *counts;
	enum starter starter;

	starter = starter_of(cpu, timer);
	if (starter == STARTER_UNKNOWN)
		return;
	if (starter == STARTER_CALLBACK) {
		entry.owner = cpu->expiry[!!timer->is_soft].owner;
		if (!entry.owner.tid)
			return;
	} else {
		record = find_record(task);
		if (!record || is_moved(cpu, record, timer, record->kthread && was_armed))
			return;
		own(&entry.owner, task, DWELL_TIMER_USER, (__s16)syscall_of(task), function);
	}
	cpu->cancel.timer = 0;
	counts = owner_counts(&entry.owner);
	if (!counts)
		return;
	if (record)
		record->owns_timers = 1;
	__sync_fetch_and_add(&counts->armed, 1);
	book_arming(counts, timer, now);
	if (starter == STARTER_TASK)
		book_site(counts, &entry.owner, ctx);
	if (was_armed) {
		__sync_fetch_and_add(&counts->rearmed, 1);
	} else if (config.sees_cancels && config.sees_expiries && find_armed(address)) {
		/* Not armed any more, nor was it cancelled: its expiry was not seen. */
		__sync_fetch_and_add(&counts->expired, 1);
		lose(DWELL_LOSS_LATENESS_UNSEEN);
	}
	keep_armed(address, &entry);
}

inline_always void note_start(struct cpu *cpu, u64 *ctx)
{
	struct hrtimer *timer = (void *)ctx[0];
	__u64 function = (__u64)timer->function;
	enum dwell_timer_kind kind = timer_kind(function);
	bool was_armed = config.was_armed ? (bool)ctx[2] : false;
	struct dwell_timer_counts *counts;
	__u64 now;

	if (kind == DWELL_TIMER_KERNEL) {
		if (filtered())
			return;
		if (!config.was_armed)
			was_armed = take_back_cancel(cpu, (__u64)timer, function);
		counts = kernel_counts(function);
		if (counts) {
			counts->armed++;
			counts->rearmed += was_armed;
			if (config.ledger)
				book_arming(counts, timer, bpf_ktime_get_ns());
		}
		return;
	}
	now = bpf_ktime_get_ns();
	watch_clock(timer->base, now);
	if (kind == DWELL_TIMER_SLEEP)
		start_sleep(cpu, timer, was_armed, now, ctx);
	else
		start_user(cpu, timer, was_armed, now, ctx);
}

SEC("tp_btf/hrtimer_start")
int on_timer_start(u64 *ctx)
{
	struct cpu *cpu = begin_run_in_window();

	if (!cpu)
		return 0;
	note_start(cpu, ctx);
	end_run(cpu);
	return 0;
}

#endif /* DWELL_TIMER_START_BPF_H */
