/* SPDX-License-Identifier: GPL-2.0-only */
/* High-resolution timers that expire: how late, and from when to when their callbacks run. */
#ifndef DWELL_TIMER_EXPIRE_BPF_H
#define DWELL_TIMER_EXPIRE_BPF_H

#include "cost.bpf.h"
#include "ledger.bpf.h"
#include "record.bpf.h"
#include "report.bpf.h"
#include "timer.bpf.h"
#include "timer_cancel.bpf.h"

/* Books the expiry of a user timer. @cpu: NULL where the timer cannot be late. */
static __noinline void expire_user(struct cpu *cpu, struct expiry *expiry, __u64 function)
{
	struct dwell_armed_timer *entry;
	struct dwell_timer_counts *counts;

	entry = find_armed(expiry->timer);
	if (entry) {
		expiry->owner = entry->owner;
		if (expiry->stepped_at > entry->armed_at) {
			lose(DWELL_LOSS_CLOCK_STEP);
			expiry->late_known = false;
		}
		if (expiry->lateness > interval(entry->armed_at, expiry->entered))
			expiry->lateness = expiry->entered - entry->armed_at;
		forget_armed(expiry->timer);
	} else if (filtered()) {
		return; /* another's, or armed before the window: not to be told apart */
	} else {
		expiry->owner.function = function;
		expiry->owner.syscall = DWELL_NO_SYSCALL;
		expiry->owner.kind = DWELL_TIMER_USER;
		expiry->before = true;
	}
	counts = owner_counts(&expiry->owner);
	if (!counts)
		return;
	expiry->in_ledger = true;
	book_expiry(counts, expiry);
	if (config.outliers && cpu && expiry->owner.tid && expiry->late_known &&
	    expiry->lateness >= config.floor[DWELL_LATENESS])
		report_late_timer(counts, cpu, expiry);
}

/* Keeps in mind what ran on @cpu, for timers that had to wait for it. */
inline_always void note_callback(struct cpu *cpu, __u64 function, __u64 now)
{
	struct dwell_callback *callback = &cpu->callbacks[cpu->callbacks_next % DWELL_CALLBACKS];

	callback->function = function;
	callback->entered = now;
	cpu->callbacks_next++;
	cpu->expired_at = now;
}

inline_always struct expiry *begin_expiry(struct cpu *cpu, struct hrtimer *timer,
					  enum dwell_timer_kind kind, __u64 now, __u64 late)
{
	static const struct dwell_timer_key nobody;
	struct expiry *expiry = &cpu->expiry[!!timer->is_soft];

	expiry->timer = (__u64)timer;
	expiry->function = (__u64)timer->function;
	expiry->entered = now;
	expiry->lateness = late;
	expiry->owner = nobody;
	expiry->tid = (__u32)bpf_get_current_pid_tgid();
	expiry->kind = kind;
	expiry->late_known = true;
	if (config.ledger) {
		expiry->in_ledger = false;
		expiry->before = false;
		expiry->woke = false;
		note_slack(expiry, timer, now);
		if (config.sees_callback_ends)
			cpu->running |= 1 << !!timer->is_soft;
	}
	return expiry;
}

inline_always void note_expiry(struct cpu *cpu, struct hrtimer *timer)
{
	__u64 function = (__u64)timer->function;
	enum dwell_timer_kind kind = timer_kind(function);
	struct dwell_timer_counts *counts;
	struct expiry *expiry;
	__u64 now;
	__s64 late;

	if (!config.was_armed)
		take_back_cancel(cpu, (__u64)timer, function);
	if (kind == DWELL_TIMER_KERNEL && filtered() && !config.outliers)
		return;
	now = bpf_ktime_get_ns();
	late = now + timer->base->offset - timer->node.expires;
	if (late < 0)
		late = 0;
	/* A filter chooses who is late. Whose callback ran ahead of it may be anybody's. */
	if (config.outliers)
		note_callback(cpu, function, now);
	if (kind == DWELL_TIMER_KERNEL && filtered())
		return;
	if (kind == DWELL_TIMER_KERNEL) {
		counts = kernel_counts(function);
		if (counts) {
			counts->expired++;
			book_lateness(counts, late);
		}
		if (config.ledger)
			begin_expiry(cpu, timer, kind, now, late);
		return;
	}
	watch_clock(timer->base, now);
	expiry = begin_expiry(cpu, timer, kind, now, late);
	expiry->stepped_at = timer->base->clockid == CLOCK_MONOTONIC ? 0 : clock_stepped_at;
	if (kind == DWELL_TIMER_USER)
		expire_user(cpu, expiry, function);
	if (config.sees_chains)
		cpu->expiring |= 1 << !!timer->is_soft;
}

static __noinline void expire(struct hrtimer *timer)
{
	struct cpu *cpu = begin_run_in_window();

	if (!cpu)
		return;
	note_expiry(cpu, timer);
	end_run(cpu);
}

/* The timer may be gone by now: its address is all that may be used. */
inline_always void expired(__u64 timer)
{
	struct cpu *cpu = this_cpu();

	if (!cpu)
		return;
	begin_run(cpu);
	for (int context = 0; context < EXPIRIES; context++) {
		if (cpu->expiry[context].timer != timer)
			continue;
		cpu->expiring &= ~(1U << context);
		end_callback(cpu, context, timer);
	}
	end_run(cpu);
}

/*
 * Whether a twin has taken @timer's hard expiry already.
 *
 * A soft expiry runs with interrupts on. So a hard one can come while a program still
 * looks at it, and the kernel skips a program that already runs on that CPU. On
 * PREEMPT_RT, where most user timers are soft, that does happen: there each program has
 * a twin on the same tracepoint. Only one of the two can be interrupted, so a hard
 * expiry reaches at least one: the first takes it. Nothing soft interrupts a soft
 * expiry: one of the two takes all of those.
 */
inline_always bool is_taken(struct hrtimer *timer)
{
	struct cpu *cpu = this_cpu();
	__u64 expires = timer->node.expires;

	if (!cpu)
		return true;
	if (cpu->taken == (__u64)timer && cpu->taken_expires == expires) {
		cpu->taken = 0;
		return true;
	}
	cpu->taken = (__u64)timer;
	cpu->taken_expires = expires;
	return false;
}

SEC("tp_btf/hrtimer_expire_entry")
int on_timer_expire(u64 *ctx)
{
	struct hrtimer *timer = (void *)ctx[0];

	if (!config.twin_expiry || (!timer->is_soft && !is_taken(timer)))
		expire(timer);
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int on_timer_expire_twin(u64 *ctx)
{
	struct hrtimer *timer = (void *)ctx[0];

	if (timer->is_soft || !is_taken(timer))
		expire(timer);
	return 0;
}

SEC("tp_btf/hrtimer_expire_exit")
int on_timer_expired(u64 *ctx)
{
	expired(ctx[0]);
	return 0;
}

SEC("tp_btf/hrtimer_expire_exit")
int on_timer_expired_twin(u64 *ctx)
{
	expired(ctx[0]);
	return 0;
}

/*
 * 7.2: a user timer that is due when armed, and would be first, is not queued but run
 * by who armed it. No expire_entry follows, and it is not late.
 */
inline_always void note_start_expired(struct hrtimer *timer)
{
	__u64 address = (__u64)timer, function = (__u64)timer->function;
	struct task_struct *task = bpf_get_current_task_btf();
	enum dwell_timer_kind kind = timer_kind(function);
	struct dwell_timer_counts *counts;
	struct dwell_record *record;
	struct expiry expiry = {
		.timer = address,
		.entered = bpf_ktime_get_ns(),
		.late_known = true,
	};

	if (kind == DWELL_TIMER_USER) {
		expire_user(NULL, &expiry, function);
	} else if (kind == DWELL_TIMER_SLEEP) {
		record = find_record(task);
		if (!record || record->sleeper != address)
			return;
		record->sleeper = 0;
		record->expired++;
		measure(record, DWELL_LATENESS, 0);
		measure(record, DWELL_TIMER_LATENCY, 0);
		counts = sleep_counts(&expiry.owner, task, record->sleeper_call, function);
		if (counts)
			book_expiry(counts, &expiry);
	}
}

SEC("tp_btf/hrtimer_start_expired")
int on_timer_start_expired(u64 *ctx)
{
	struct cpu *cpu = begin_run_in_window();

	if (!cpu)
		return 0;
	note_start_expired((void *)ctx[0]);
	end_run(cpu);
	return 0;
}

#endif /* DWELL_TIMER_EXPIRE_BPF_H */
