/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Timers of the timer wheel, which counts jiffies: TCP's, drivers', delayed work, and
 * the time-outs of tasks that wait in the kernel. Attached only if they are asked for.
 *
 * A time-out of a task, schedule_timeout()'s, lies on its stack, and the task owns it.
 * All others are the kernel's, by callback. How late they are is not told: by design
 * they are rounded up, the longer ones more.
 */
#ifndef DWELL_WHEEL_BPF_H
#define DWELL_WHEEL_BPF_H

#include "ledger.bpf.h"
#include "record.bpf.h"

/* The kernel's counts of a callback, marked as the wheel's. */
inline_always struct dwell_timer_counts *wheel_counts(__u64 function)
{
	struct dwell_timer_counts *counts = kernel_counts(function);

	if (counts)
		counts->kind = DWELL_TIMER_WHEEL;
	return counts;
}

/* From now until it is due, in ns. */
inline_always __s64 wheel_timeout(const struct timer_list *timer)
{
	return (__s64)(timer->expires - bpf_jiffies64()) * config.tick_ns;
}

static __noinline void start_time_out(struct timer_list *timer, void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dwell_armed_timer entry = {.armed_at = bpf_ktime_get_ns()};
	__u64 address = (__u64)timer;
	struct dwell_timer_counts *counts;
	__s64 timeout = wheel_timeout(timer);

	if (!find_record(task))
		return;
	own(&entry.owner, task, DWELL_TIMER_WHEEL, (__s16)syscall_of(task), (__u64)timer->function);
	entry.expires = entry.armed_at + timeout;
	counts = owner_counts(&entry.owner);
	if (!counts)
		return;
	__sync_fetch_and_add(&counts->armed, 1);
	book_timeout(counts, timeout);
	book_site(counts, &entry.owner, ctx);
	keep_armed(address, &entry);
}

inline_always void start_kernels(struct cpu *cpu, struct timer_list *timer, __u64 function)
{
	struct dwell_timer_counts *counts = wheel_counts(function);

	if (!counts)
		return;
	counts->armed++;
	book_timeout(counts, wheel_timeout(timer));
	/* Every re-arm is traced as a cancel first, back to back under the base's lock. */
	if (cpu->wheel_cancel == (__u64)timer) {
		counts->cancelled--;
		counts->rearmed++;
	}
	cpu->wheel_cancel = 0;
}

SEC("tp_btf/timer_start")
int on_wheel_start(u64 *ctx)
{
	struct timer_list *timer = (void *)ctx[0];
	__u64 function = (__u64)timer->function;
	struct cpu *cpu = this_cpu_in_window();

	if (!cpu)
		return 0;
	if (function == config.process_timeout)
		start_time_out(timer, ctx);
	else if (!filtered())
		start_kernels(cpu, timer, function);
	return 0;
}

/* Whoever waits cancels its time-out itself: when it expires, another task is current. */
static __noinline void cancel_time_out(__u64 address)
{
	struct dwell_armed_timer *entry = find_armed(address);
	struct task_struct *task = bpf_get_current_task_btf();
	struct dwell_timer_counts *counts;

	if (!entry || entry->owner.tid != tid_of(task))
		return;
	counts = owner_counts(&entry->owner);
	if (counts)
		__sync_fetch_and_add(&counts->cancelled, 1);
	forget_armed(address);
}

inline_always void cancel_kernels(struct cpu *cpu, struct timer_list *timer, __u64 function)
{
	struct dwell_timer_counts *counts = wheel_counts(function);

	if (counts)
		counts->cancelled++;
	cpu->wheel_cancel = (__u64)timer;
}

SEC("tp_btf/timer_cancel")
int on_wheel_cancel(u64 *ctx)
{
	struct timer_list *timer = (void *)ctx[0];
	__u64 function = (__u64)timer->function;
	struct cpu *cpu = this_cpu_in_window();

	if (!cpu)
		return 0;
	if (function == config.process_timeout)
		cancel_time_out((__u64)timer);
	else if (!filtered())
		cancel_kernels(cpu, timer, function);
	return 0;
}

static __noinline void expire_time_out(struct expiry *expiry)
{
	struct dwell_armed_timer *entry = find_armed(expiry->timer);
	struct dwell_timer_counts *counts;

	/* Armed before the window, or cancelled by its owner whom this interrupted. */
	if (!entry)
		return;
	expiry->owner = entry->owner;
	forget_armed(expiry->timer);
	counts = owner_counts(&expiry->owner);
	if (!counts)
		return;
	expiry->in_ledger = true;
	__sync_fetch_and_add(&counts->expired, 1);
}

inline_always void expire_kernels(struct cpu *cpu, __u64 function)
{
	struct dwell_timer_counts *counts = wheel_counts(function);

	if (!counts)
		return;
	/* It was traced as a cancel when it left the wheel. */
	counts->cancelled--;
	counts->expired++;
	cpu->wheel_cancel = 0;
}

SEC("tp_btf/timer_expire_entry")
int on_wheel_expire(u64 *ctx)
{
	struct timer_list *timer = (void *)ctx[0];
	__u64 function = (__u64)timer->function;
	struct cpu *cpu = this_cpu_in_window();
	struct expiry *expiry;

	if (!cpu)
		return 0;
	expiry = &cpu->expiry[EXPIRY_WHEEL];
	expiry->timer = (__u64)timer;
	expiry->function = function;
	expiry->entered = bpf_ktime_get_ns();
	expiry->tid = (__u32)bpf_get_current_pid_tgid();
	expiry->in_ledger = false;
	expiry->woke = false;
	if (function == config.process_timeout) {
		expiry->kind = DWELL_TIMER_WHEEL;
		expire_time_out(expiry);
	} else if (!filtered()) {
		expiry->kind = DWELL_TIMER_KERNEL;
		expire_kernels(cpu, function);
	} else {
		return 0;
	}
	cpu->running |= 1 << EXPIRY_WHEEL;
	return 0;
}

SEC("tp_btf/timer_expire_exit")
int on_wheel_expired(u64 *ctx)
{
	struct cpu *cpu = this_cpu();

	if (cpu)
		end_callback(cpu, EXPIRY_WHEEL, ctx[0]);
	return 0;
}

#endif /* DWELL_WHEEL_BPF_H */
