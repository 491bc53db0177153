/* SPDX-License-Identifier: GPL-2.0-only */
/* High-resolution timers that are cancelled, and cancels that turn out to be none. */
#ifndef DWELL_TIMER_CANCEL_BPF_H
#define DWELL_TIMER_CANCEL_BPF_H

#include "cost.bpf.h"
#include "ledger.bpf.h"
#include "record.bpf.h"
#include "timer.bpf.h"

/* Where a cancel was counted: on some kernels it may have to be taken back. */
enum booking { BOOKED_NOWHERE, BOOKED_RECORD, BOOKED_GUESS, BOOKED_USER, BOOKED_KERNEL };

/*
 * Takes back the last cancel, if it was none; true if so.
 *
 * Kernels without was_armed trace a cancel at every re-arm in place. Some of them (5.10
 * … 6.17; nothing in BTF tells which) trace one before each expiry, too. What it
 * belongs to follows at once, under the timer base's lock. So a cancel is booked, and
 * taken back if this CPU's next timer event is that timer's expiry, or its start by the
 * kernel.
 *
 * A system call that sets an armed timer anew is another matter: it cancels the timer
 * and starts it, on every kernel, and so it is counted.
 */
static __noinline bool take_back_cancel(struct cpu *cpu, __u64 timer, __u64 function)
{
	struct dwell_timer_counts *counts;
	struct dwell_record *record;
	bool same = cpu->cancel.timer == timer;
	__u32 booked = cpu->cancel.booked;

	cpu->cancel.timer = 0;
	if (!same)
		return false;
	if (booked == BOOKED_RECORD || booked == BOOKED_GUESS) {
		record = find_record(bpf_get_current_task_btf());
		if (record) {
			record->cancelled--;
			record->sleeper = booked == BOOKED_RECORD ? timer : 0;
			counts = config.ledger ? owner_counts(&cpu->cancel.was.owner) : NULL;
			if (counts) {
				/* In that order: a reader must not see a sleep that is none. */
				counts->before -= booked == BOOKED_GUESS;
				barrier();
				counts->cancelled--;
			}
		}
	} else if (booked == BOOKED_USER) {
		counts = owner_counts(&cpu->cancel.was.owner);
		if (counts) {
			__sync_fetch_and_add(&counts->cancelled, -1);
			if (config.ledger && !cpu->cancel.was.armed_at)
				__sync_fetch_and_add(&counts->before, -1);
		}
		if (cpu->cancel.was.armed_at)
			keep_armed(timer, &cpu->cancel.was);
	} else if (booked == BOOKED_KERNEL) {
		counts = kernel_counts(function);
		if (counts)
			counts->cancelled--;
	}
	return true;
}

inline_always enum booking cancel_sleep(struct cpu *cpu, __u64 timer, __u64 function)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dwell_record *record = find_record(task);
	enum booking booked = BOOKED_RECORD;
	struct dwell_timer_counts *counts;

	/* Only the sleeper cancels its sleep. 0: armed before the window, so it may be its own. */
	if (!record || (record->sleeper && record->sleeper != timer))
		return BOOKED_NOWHERE;
	if (!record->sleeper) {
		booked = BOOKED_GUESS;
		record->sleeper_call = config.ledger ? syscall_of(task) : 0;
	}
	record->cancelled++;
	record->sleeper = 0;
	counts = sleep_counts(&cpu->cancel.was.owner, task, record->sleeper_call, function);
	if (counts) {
		counts->cancelled++;
		counts->before += booked == BOOKED_GUESS;
	}
	return booked;
}

static __noinline enum booking cancel_user(struct cpu *cpu, __u64 timer, __u64 function)
{
	struct dwell_armed_timer *entry = find_armed(timer);
	struct task_struct *task = bpf_get_current_task_btf();
	struct dwell_record *record = NULL;
	struct dwell_timer_counts *counts;

	if (entry) {
		cpu->cancel.was = *entry;
		forget_armed(timer);
	} else {
		/* Armed before the window: who cancels it is the best owner known. */
		record = find_record(task);
		if (!record || record->kthread)
			return BOOKED_NOWHERE;
		own(&cpu->cancel.was.owner, task, DWELL_TIMER_USER, (__s16)syscall_of(task),
		    function);
		cpu->cancel.was.armed_at = 0;
	}
	counts = owner_counts(&cpu->cancel.was.owner);
	if (!counts)
		return BOOKED_NOWHERE;
	if (record)
		record->owns_timers = 1;
	__sync_fetch_and_add(&counts->cancelled, 1);
	if (config.ledger && !cpu->cancel.was.armed_at)
		__sync_fetch_and_add(&counts->before, 1);
	return BOOKED_USER;
}

inline_always void note_cancel(struct cpu *cpu, struct hrtimer *timer)
{
	__u64 function = (__u64)timer->function;
	enum dwell_timer_kind kind = timer_kind(function);
	struct dwell_timer_counts *counts;
	enum booking booked = BOOKED_NOWHERE;

	if (kind == DWELL_TIMER_SLEEP) {
		booked = cancel_sleep(cpu, (__u64)timer, function);
	} else if (kind == DWELL_TIMER_USER) {
		booked = cancel_user(cpu, (__u64)timer, function);
	} else if (!filtered()) {
		counts = kernel_counts(function);
		if (counts) {
			counts->cancelled++;
			booked = BOOKED_KERNEL;
		}
	}
	if (!config.was_armed) {
		cpu->cancel.timer = (__u64)timer;
		cpu->cancel.booked = booked;
	}
}

SEC("tp_btf/hrtimer_cancel")
int on_timer_cancel(u64 *ctx)
{
	struct cpu *cpu = begin_run_in_window();

	if (!cpu)
		return 0;
	note_cancel(cpu, (void *)ctx[0]);
	end_run(cpu);
	return 0;
}

#endif /* DWELL_TIMER_CANCEL_BPF_H */
