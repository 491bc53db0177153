/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Wake-ups: what sched_waking knows that the kernel's queue stamp does not. That is the
 * timer that asked for it, whether the group had any quota left, and where and for how
 * long the task was blocked.
 */
#ifndef DWELL_WAKING_BPF_H
#define DWELL_WAKING_BPF_H

#include "block.bpf.h"
#include "cost.bpf.h"
#include "ledger.bpf.h"
#include "quota.bpf.h"
#include "record.bpf.h"
#include "report.bpf.h"

/* Notes, for the ledger, that the timer whose callback runs wakes a task. */
inline_always void note_woke(struct cpu *cpu)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	for (int i = 0; i < CALLBACK_CONTEXTS; i++)
		if ((cpu->running & (1 << i)) && cpu->expiry[i].tid == tid)
			cpu->expiry[i].woke = true;
}

/* The timer whose callback does this wake-up, if one does. */
inline_always struct expiry *running_expiry(struct cpu *cpu)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	for (int i = 0; i < EXPIRIES; i++)
		if ((cpu->expiring & (1 << i)) && cpu->expiry[i].tid == tid)
			return &cpu->expiry[i];
	return NULL;
}

/*
 * Whether the task of @record is the sleeper whose timer expires. A sleep's timer wakes
 * nobody else: so its owner is known. But an interrupt may wake others meanwhile. The
 * sleeper is told from them by the timer that it armed. If it armed that before the
 * window, it is told by a callback that no interrupt can come into.
 */
inline_always bool is_sleeper(struct dwell_record *record, struct expiry *expiry, bool soft)
{
	return record->sleeper == expiry->timer || (!record->sleeper && !soft);
}

inline_always void book_sleep_expiry(struct dwell_record *record, struct task_struct *task,
				     struct cpu *cpu, struct expiry *expiry)
{
	__u64 lateness = expiry->lateness;
	struct dwell_timer_counts *counts;

	record->expired++;
	if (record->sleeper) {
		record->sleeper = 0;
		if (expiry->stepped_at > record->sleeper_armed) {
			lose(DWELL_LOSS_CLOCK_STEP);
			expiry->late_known = false;
		}
		/* Armed when it was already due: late only since then. */
		if (lateness > interval(record->sleeper_armed, expiry->entered))
			lateness = expiry->entered - record->sleeper_armed;
	} else if (config.ledger) {
		expiry->before = true;
		record->sleeper_call = syscall_of(task);
	}
	/* The ledger asked for it when the sleep was armed. */
	if (config.outliers && !config.ledger)
		record->sleeper_call = syscall_of(task);
	expiry->owner.syscall = record->sleeper_call;
	expiry->lateness = lateness;
	counts = sleep_counts(&expiry->owner, task, record->sleeper_call, expiry->function);
	if (counts) {
		expiry->in_ledger = true;
		book_expiry(counts, expiry);
	}
	if (!expiry->late_known)
		return;
	if (measure(record, DWELL_LATENESS, lateness))
		report_late_sleep(record, task, cpu, expiry, DWELL_LATENESS);
}

/*
 * Marks a task that a timer wakes. Its chain ends when the task is next seen to come:
 * timer, wake-up, run queue, CPU.
 */
inline_always void mark(struct dwell_record *record, const struct expiry *expiry)
{
	if (!expiry || !expiry->late_known)
		return;
	record->mark_lateness = expiry->lateness;
	record->mark_entered = expiry->entered;
	record->mark_function = expiry->function;
	record->mark_call = expiry->owner.syscall;
}

/*
 * The timer was due before its task was off the CPU. It asked for a time that is past;
 * or a host stopped the whole CPU while it armed the timer, which can take
 * milliseconds.
 *
 * Interrupted here, the task has waited by now. If it has a mark, that tells how it had
 * come, and stays. Preempted, it waits on. On another CPU it is not measured: it may be
 * about to leave that, and have its record booked there.
 */
inline_always void note_unslept(struct dwell_record *record, struct task_struct *task,
				struct cpu *cpu, const struct expiry *expiry)
{
	if (!task->on_cpu)
		mark(record, expiry);
	else if (task->pid == (int)bpf_get_current_pid_tgid() && expiry && expiry->late_known &&
		 measure(record, DWELL_TIMER_LATENCY, expiry->lateness))
		report_late_sleep(record, task, cpu, expiry, DWELL_TIMER_LATENCY);
}

#define LOOKS_FOR_BLOCKS (config.outliers && config.floor[DWELL_BLOCKED] != ~0ULL)
#define COARSE_NS 10000000 /* a CPU in use sees a tick, which is a timer, at least so often */

/*
 * Whether @task may have been blocked long enough to be an outlier: it cannot have
 * blocked before it last got a CPU. Needs no record, and a clock read only if this CPU
 * is idle.
 */
inline_always bool may_end_long_block(struct cpu *cpu, struct task_struct *task)
{
	__s64 longest;
	__u64 now;

	if (!LOOKS_FOR_BLOCKS)
		return false;
	if (!cpu->tid || !config.sees_expiries)
		now = bpf_ktime_get_ns();
	else
		now = (cpu->in_at > cpu->expired_at ? cpu->in_at : cpu->expired_at) + COARSE_NS;
	longest = now - (task->sched_info.last_arrival + cpu->offset);
	return longest >= (__s64)config.floor[DWELL_BLOCKED];
}

/* Notes what sched_waking knows of a wake-up and the queue stamp does not. */
static __noinline void note_wakeup(struct dwell_record *record, struct task_struct *task,
				   struct cpu *cpu, void *ctx)
{
	struct expiry *expiry = cpu->expiring ? running_expiry(cpu) : NULL;

	if (expiry && expiry->kind == DWELL_TIMER_SLEEP) {
		if (is_sleeper(record, expiry, cpu->expiring & (1 << EXPIRY_SOFT)))
			book_sleep_expiry(record, task, cpu, expiry);
		else
			expiry = NULL;
	}
	/* It was on its way to sleep, or preempted there, and now will not sleep. */
	if (!is_blocked(task, false)) {
		note_unslept(record, task, cpu, expiry);
		return;
	}
	if (wakes_to_quota(task) && record->state == DWELL_BLOCKED_STATE)
		note_quota_at_wake(record, task);
	/*
	 * 6.12 and later may move a task to another run queue after it blocked but
	 * before it left the old one (sched_delayed), and stamp it as if it waited.
	 * Then the wake-up is now, and not when the stamp says.
	 */
	if (unlikely(task->sched_info.last_queued))
		record->activated = bpf_ktime_get_ns();
	mark(record, expiry);
	if (LOOKS_FOR_BLOCKS && record->state == DWELL_BLOCKED_STATE)
		end_block(record, task, cpu, expiry, ctx);
}

inline_always void note_waking(struct cpu *cpu, u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct dwell_record *record;

	if (config.ledger && cpu->running)
		note_woke(cpu);
	/* The common wake-up ends here, without a clock read or a lookup. */
	if (likely(!cpu->expiring && !task->sched_info.last_queued && !wakes_to_quota(task) &&
		   task->bpf_storage && !hunt && !filter_can_change() &&
		   !may_end_long_block(cpu, task)))
		return;
	/*
	 * Before 6.2 no record is found if this interrupts the making of one on this
	 * CPU. An expiry is then booked as unseen when its task goes on.
	 */
	record = find_record(task);
	if (unlikely(!record)) {
		record = make_record(task);
		if (!record)
			return;
	}
	if (unlikely(hunt))
		hunt--;
	note_wakeup(record, task, cpu, ctx);
}

SEC("tp_btf/sched_waking")
int on_waking(u64 *ctx)
{
	struct cpu *cpu = begin_run_in_window();

	if (!cpu)
		return 0;
	note_waking(cpu, ctx);
	end_run(cpu);
	return 0;
}

#endif /* DWELL_WAKING_BPF_H */
