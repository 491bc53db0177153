/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger of timers: what is counted for each owner, system call and callback, and
 * for each of the kernel's own callbacks.
 *
 * All CPUs add up a task's timers under one key, and so atomically. A sleep belongs to
 * one task, which has one at a time: nobody else adds there.
 */
#ifndef DWELL_LEDGER_BPF_H
#define DWELL_LEDGER_BPF_H

#include "record.bpf.h"

#define EEXIST 17

/* What is counted under @key in @map, from now on if nothing was; NULL, and counted: no room. */
inline_always struct dwell_timer_counts *counts_in(void *map, const void *key)
{
	static const struct dwell_timer_counts none;
	struct dwell_timer_counts *counts = bpf_map_lookup_elem(map, key);

	if (likely(counts))
		return counts;
	bpf_map_update_elem(map, key, &none, BPF_NOEXIST);
	counts = bpf_map_lookup_elem(map, key);
	if (!counts)
		lose(DWELL_LOSS_TIMER_LEDGER_FULL);
	return counts;
}

inline_always struct dwell_timer_counts *kernel_counts(__u64 function)
{
	for (__u32 i = 0; config.has_builtin_timers && i < DWELL_BUILTINS; i++)
		if (function == config.builtins[i]) {
			__u32 at = i;

			return bpf_map_lookup_elem(&builtin_timers, &at);
		}
	return config.has_kernel_timers ? counts_in(&kernel_timers, &function) : NULL;
}

static __noinline struct dwell_timer_counts *owner_counts(const struct dwell_timer_key *owner)
{
	return config.has_timer_ledger ? counts_in(&timer_ledger, owner) : NULL;
}

/* Makes @task the owner of a timer that it arms in @syscall. */
inline_always void own(struct dwell_timer_key *owner, struct task_struct *task,
		       enum dwell_timer_kind kind, __s32 syscall, __u64 function)
{
	owner->pid = pid_of(task);
	owner->tid = tid_of(task);
	owner->start = task->start_time;
	owner->function = function;
	owner->syscall = syscall;
	owner->kind = kind;
}

/* ---- what is booked --------------------------------------------------------- */

static __noinline void book_lateness(struct dwell_timer_counts *counts, __u64 lateness)
{
	__u32 at = dwell_bucket(lateness);

	if (at >= DWELL_BUCKETS) /* never; the verifier cannot tell */
		at = DWELL_BUCKETS - 1;
	__sync_fetch_and_add(&counts->late_count, 1);
	__sync_fetch_and_add(&counts->late_sum, lateness);
	__sync_fetch_and_add(&counts->late_buckets[at], 1);
	/* Two at the same instant on two CPUs: the smaller may win. */
	if (lateness > counts->late_max)
		counts->late_max = lateness;
}

#define FOREVER_NS (1LL << 60) /* 36 years: a wait that is not meant to end so */

/* Books for how long a timer is armed. @timeout: in ns; negative: it is overdue already. */
static __noinline void book_timeout(struct dwell_timer_counts *counts, __s64 timeout)
{
	__u64 ns = timeout > 0 ? timeout : 0;
	__u32 at = dwell_bucket(ns);

	/* To 6.11 a wait in io_uring_enter() without a limit arms a timer for 292 years. */
	if (timeout > FOREVER_NS)
		return;
	if (at >= DWELL_BUCKETS) /* never; the verifier cannot tell */
		at = DWELL_BUCKETS - 1;
	__sync_fetch_and_add(&counts->timeout_sum, ns);
	__sync_fetch_and_add(&counts->timeout_buckets[at], 1);
	if (ns > counts->timeout_max)
		counts->timeout_max = ns;
}

/* Notes where @owner, which is the current task, arms its timer. */
static __noinline void sample_site(const struct dwell_timer_key *owner, void *ctx)
{
	struct dwell_site_key site = {
		.owner = *owner,
		.stack = bpf_get_stackid(ctx, &stacks, 0),
		.user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK),
	};
	__u64 *count = bpf_map_lookup_elem(&sites, &site), one = 1;

	/* Another stack has its place, or there is no memory. */
	if (site.stack < 0 || site.user_stack == -EEXIST)
		lose(DWELL_LOSS_SITE_UNKNOWN);
	else if (count)
		__sync_fetch_and_add(count, 1);
	else if (bpf_map_update_elem(&sites, &site, &one, BPF_NOEXIST))
		lose(DWELL_LOSS_SITE_UNKNOWN);
}

/*
 * Notes now and then where @owner, which is the current task, arms its timer. @counts
 * has this arming.
 */
inline_always void book_site(const struct dwell_timer_counts *counts,
			     const struct dwell_timer_key *owner, void *ctx)
{
	if (config.sites && (counts->armed & (DWELL_SITE_EVERY - 1)) == 1)
		sample_site(owner, ctx);
}

/* Books for how long a timer is armed @now. */
inline_always void book_arming(struct dwell_timer_counts *counts, struct hrtimer *timer, __u64 now)
{
	if (config.ledger)
		book_timeout(counts, timer->_softexpires - timer->base->offset - now);
}

/*
 * Books a sleep that is armed @now. Its key belongs to one task, which has one sleep at
 * a time: so the latest one of a key is the only one that can be outstanding.
 */
inline_always void book_sleep(struct dwell_timer_counts *counts, struct hrtimer *timer, __u64 now)
{
	__s64 due = timer->node.expires - timer->base->offset;

	counts->sleep_armed = now;
	counts->sleep_due = due - (__s64)now > FOREVER_NS ? 0 : due;
	counts->armed++;
	book_arming(counts, timer, now);
}

/* Notes how much slack a timer that expires has, and how much of it is used up. */
inline_always void note_slack(struct expiry *expiry, struct hrtimer *timer, __u64 now)
{
	__s64 granted = timer->node.expires - timer->_softexpires;
	__s64 used = now + timer->base->offset - timer->_softexpires;

	if (granted < 0)
		granted = 0;
	expiry->slack_granted = granted;
	expiry->slack_used = used < 0 ? 0 : used < granted ? used : granted;
}

/* Books the expiry of a timer whose owner is known, or known to be nobody. */
inline_always void book_expiry(struct dwell_timer_counts *counts, const struct expiry *expiry)
{
	__sync_fetch_and_add(&counts->expired, 1);
	if (config.ledger && expiry->before)
		__sync_fetch_and_add(&counts->before, 1);
	if (!expiry->late_known)
		return;
	book_lateness(counts, expiry->lateness);
	if (!config.ledger)
		return;
	__sync_fetch_and_add(&counts->slack_granted, expiry->slack_granted);
	__sync_fetch_and_add(&counts->slack_used, expiry->slack_used);
}

/* Books the end of a callback that began as @expiry says. */
static __noinline void book_callback(struct expiry *expiry)
{
	struct dwell_timer_counts *counts;
	__u64 ns = interval(expiry->entered, bpf_ktime_get_ns());

	if (expiry->kind == DWELL_TIMER_KERNEL)
		counts = kernel_counts(expiry->function);
	else
		counts = expiry->in_ledger ? owner_counts(&expiry->owner) : NULL;
	if (!counts)
		return;
	__sync_fetch_and_add(&counts->callback_ns, ns);
	if (expiry->woke)
		__sync_fetch_and_add(&counts->woke, 1);
}

/* Books the end of @timer's callback, if its beginning was seen. */
inline_always void end_callback(struct cpu *cpu, __u32 context, __u64 timer)
{
	struct expiry *expiry = &cpu->expiry[context];

	if (!config.ledger || !(cpu->running & (1U << context)) || expiry->timer != timer)
		return;
	cpu->running &= ~(1U << context);
	if (window == DWELL_WINDOW_OPEN)
		book_callback(expiry);
}

/* ---- sleeps ------------------------------------------------------------------- */

/* What is counted for @task's sleep in @syscall. NULL: no ledger is kept, or it is full. */
inline_always struct dwell_timer_counts *
sleep_counts(struct dwell_timer_key *owner, struct task_struct *task, __s32 syscall, __u64 function)
{
	if (!config.ledger)
		return NULL;
	own(owner, task, DWELL_TIMER_SLEEP, syscall, function);
	return owner_counts(owner);
}

/*
 * Books the end of a sleep that was neither cancelled nor seen to wake @task: its timer
 * expired while the task ran, or unseen. Which callback it had is not known, but only
 * one sleep can be outstanding.
 */
static __noinline void expire_unseen(struct dwell_record *record, struct task_struct *task)
{
	struct dwell_timer_counts *counts;
	struct dwell_timer_key owner;

	record->sleeper = 0;
	/* It may as well have been cancelled, or expired like any other. */
	if (!config.sees_cancels || !config.sees_chains)
		return;
	record->expired++;
	lose(DWELL_LOSS_LATENESS_UNSEEN);
	if (!config.ledger || !config.has_timer_ledger)
		return;
	own(&owner, task, DWELL_TIMER_SLEEP, record->sleeper_call, 0);
	for (int i = 0; i < DWELL_SLEEPERS; i++) {
		owner.function = config.sleepers[i];
		counts = bpf_map_lookup_elem(&timer_ledger, &owner);
		if (!counts ||
		    counts->armed + counts->before <= counts->cancelled + counts->expired)
			continue;
		counts->expired++;
		return;
	}
}

#endif /* DWELL_LEDGER_BPF_H */
