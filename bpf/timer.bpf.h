/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * High-resolution timers: who arms, re-arms and cancels them, how late they
 * expire, and who owns them.
 *
 * Three kinds, told apart by callback before any other work:
 *   sleeps   the timer of a system call or kernel thread that waits with a
 *            time-out. It is the sleeper's own and it has one at a time, so
 *            its record keeps it, and its expiry is known by whom it wakes.
 *   user     timerfd, POSIX timers, itimers, io_uring time-outs: a table holds
 *            those that are armed, with their owner: the last task that armed
 *            it in its own context.
 *   kernel   everything else, counted by callback and never billed to whoever
 *            was interrupted.
 */
#ifndef DWELL_TIMER_BPF_H
#define DWELL_TIMER_BPF_H

#include "cost.bpf.h"
#include "ledger.bpf.h"
#include "outlier.bpf.h"

#define CLOCK_MONOTONIC 1
#define CLOCK_BASES 8 /* four clocks, hard and soft */

/* Where a cancel was counted, for the kernels on which it may have to be taken back. */
enum booking { BOOKED_NOWHERE, BOOKED_RECORD, BOOKED_GUESS, BOOKED_USER, BOOKED_KERNEL };

/* Each clock's offset to CLOCK_MONOTONIC when last seen, and when it was last seen to move. */
__s64 clock_base_offset[CLOCK_BASES];
__u64 clock_stepped_at;

inline_always enum dwell_timer_kind timer_kind(__u64 function)
{
	for (int i = 0; i < DWELL_SLEEPERS; i++)
		if (config.sleepers[i] && function == config.sleepers[i])
			return DWELL_TIMER_SLEEP;
	for (int i = 0; i < DWELL_USER_CALLBACKS; i++)
		if (config.user_callbacks[i] && function == config.user_callbacks[i])
			return DWELL_TIMER_USER;
	return DWELL_TIMER_KERNEL;
}

/*
 * The offset of a settable clock moves only when it is set (or over a suspend);
 * what was armed before that and expires after it is not late by the step.
 */
inline_always void watch_clock(struct hrtimer_clock_base *base, __u64 now)
{
	__u32 at = base->index % CLOCK_BASES;
	__s64 offset = base->offset;

	if (likely(base->clockid == CLOCK_MONOTONIC || clock_base_offset[at] == offset))
		return;
	if (clock_base_offset[at])
		clock_stepped_at = now;
	clock_base_offset[at] = offset;
}

/* ---- a cancel that is none ------------------------------------------------- */

/*
 * Kernels without was_armed trace a cancel for every re-arm in place, and some of
 * them (5.10 … 6.17; nothing in BTF tells which) before each expiry, back to
 * back under the timer base's lock. So there a cancel is booked at once, and
 * taken back when this CPU's next timer event is that timer's expiry, or its
 * start by the kernel. True if it was taken back.
 *
 * A system call that sets an armed timer anew is another matter: it cancels the
 * timer and starts it, on every kernel, and so it is counted.
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

/* ---- start ---------------------------------------------------------------- */

/*
 * Whether @timer is not armed by its user but moved off a dying CPU, by a kernel
 * thread for hotplug: it was armed, or its cancel was traced a moment ago.
 */
inline_always bool is_moved(struct cpu *cpu, struct dwell_record *record, struct hrtimer *timer,
			    bool was_armed)
{
	if (config.was_armed)
		return was_armed;
	/* Its own sleep, that a kernel thread has cancelled, it may well begin anew. */
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
 * A callback may start its timer again, in whatever context that runs. But while
 * it still runs, or has been preempted (PREEMPT_RT), the task that it woke may be
 * faster, and arm the timer anew: posix_timer_fn()'s signal makes it do so.
 */
inline_always enum starter starter_of(struct cpu *cpu, struct hrtimer *timer)
{
	const struct expiry *expiry = &cpu->expiry[!!timer->is_soft];

	if (timer->base->running != timer)
		return STARTER_TASK;
	if (expiry->timer == (__u64)timer)
		return expiry->tid == (__u32)bpf_get_current_pid_tgid() ? STARTER_CALLBACK :
									  STARTER_TASK;
	/* Elsewhere; or here, but its beginning was not seen. */
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

/* ---- cancel --------------------------------------------------------------- */

inline_always enum booking cancel_sleep(struct cpu *cpu, __u64 timer, __u64 function)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct dwell_record *record = find_record(task);
	enum booking booked = BOOKED_RECORD;
	struct dwell_timer_counts *counts;

	/* Only the sleeper cancels its sleep; 0: armed before the window, so it may be its own. */
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

/* ---- expiry ---------------------------------------------------------------- */

/* @cpu: NULL where the timer cannot be late. */
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
	/* A filter is for whom it happens to: whose callback ran ahead of it may be anybody's. */
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
 * A soft expiry runs with interrupts on, so a hard one can come while a program
 * still looks at it, and the kernel skips a program that already runs on that
 * CPU. On PREEMPT_RT, where most user timers are soft, that does happen; there
 * each program has a twin on the same tracepoint. Only one of the two can be
 * interrupted, so a hard expiry reaches at least one: the first takes it. What
 * is soft nothing soft interrupts: one of the two takes all of that.
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
 * 7.2: a user timer that is due when armed, and would be first, is not queued
 * but run by who armed it. No expire_entry follows, and none is late.
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

#endif /* DWELL_TIMER_BPF_H */
