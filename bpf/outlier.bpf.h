/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outliers: intervals beyond their threshold, reported with what is known of
 * their cause.
 *
 * An interval below its floor costs one comparison with a constant (measure()).
 * Whoever books one at or above it comes here: what the task is used to decides
 * whether it is an outlier, tokens whether it may be reported now. Everything
 * that explains it is gathered only then.
 */
#ifndef DWELL_OUTLIER_BPF_H
#define DWELL_OUTLIER_BPF_H

#include "culprit.bpf.h"
#include "record.bpf.h"

#define OUTLIER_WAKE_BYTES (128 << 10) /* wake the reader when this much waits for it */
#define TASK_TOKENS 8
#define TASK_TOKEN_SHIFT 27 /* a new one each 134 ms */
#define CPU_TOKENS 64
#define MUTEX_FLAGS 7ULL /* the low bits of a mutex's owner */

/* Adds what time has brought since @at and takes one. False: there is none. */
inline_always bool take_token(__u64 *at, __u32 *tokens, __u32 most, __u32 shift, __u64 now)
{
	__u64 fresh = (now - *at) >> shift;

	if (fresh) {
		*at = now;
		*tokens = fresh > most - *tokens ? most : *tokens + fresh;
	}
	if (!*tokens)
		return false;
	*tokens -= 1;
	return true;
}

/*
 * Those below that are not static are checked by the verifier once, and not for
 * each of the paths that lead to them; it has them expect NULL.
 *
 * An interval goes from one to the next as plain arguments. Of a struct on the
 * caller's stack the verifier forgets, up to 6.7 (41f6f64e6999), that a branch
 * depends on it: 6.1 took one for dead that was not, and removed it.
 */

/*
 * The limits. A task's come first, so that one that misbehaves does not use up
 * its CPU's. Timers other than sleeps have no @record: only their CPU limits them.
 */
__noinline bool may_report(struct dwell_record *record, struct cpu *cpu, __u64 now)
{
	__u32 tokens;
	bool taken;

	if (!cpu || shed >= DWELL_SHED_OUTLIERS)
		return false;
	if (record) {
		tokens = record->outlier_tokens;
		taken = take_token(&record->outlier_at, &tokens, TASK_TOKENS, TASK_TOKEN_SHIFT,
				   now);
		record->outlier_tokens = tokens;
		if (!taken)
			return false;
	}
	tokens = cpu->outlier_tokens;
	taken = take_token(&cpu->outlier_at, &tokens, CPU_TOKENS, config.cpu_token_shift, now);
	cpu->outlier_tokens = tokens;
	return taken;
}

/*
 * Intervals of @measure in @record so far, the one that is being judged included,
 * which may be @open.
 */
inline_always __u64 samples_of(const struct dwell_record *record, __u32 measure, bool open)
{
	if (measure == DWELL_WOKEN) /* counted when it blocks next */
		return record->voluntary + 1;
	if (measure == DWELL_PREEMPTED) /* counted when it begins, if only as throttled then */
		return record->involuntary;
	if (measure == DWELL_THROTTLED)
		return record->throttled + open;
	if (measure == DWELL_LATENESS || measure == DWELL_TIMER_LATENCY)
		return record->expired;
	return record->voluntary;
}

/*
 * Beyond how many ns an interval of @measure is an outlier, as of @samples
 * intervals. Updates @norm for those that were too short to be looked at.
 */
__noinline __u64 threshold_of(struct dwell_norm *norm, __u32 measure, __u64 samples)
{
	if (!norm || measure >= DWELL_MEASURES)
		return ~0ULL;
	if (!config.adaptive[measure])
		return config.floor[measure];
	dwell_norm_forget(norm, samples);
	return dwell_norm_threshold(norm, measure, config.floor[measure], config.deviations);
}

__noinline int learn(struct dwell_norm *norm, __u32 measure, __u64 ns, __u64 threshold)
{
	if (norm && measure < DWELL_MEASURES && config.adaptive[measure])
		dwell_norm_learn(norm, measure, ns, threshold);
	return 0;
}

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
 * Room for an outlier, all zeros but its interval; the caller submits it. NULL,
 * and counted: the ring buffer is full. To be tested where it is called and
 * nowhere else: 6.1 takes a second test for a way to lose the room.
 */
inline_always struct dwell_outlier *reserve_outlier(__u32 measure, __u64 from, __u64 to,
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
		outlier->cpu = bpf_get_smp_processor_id();
		outlier->syscall = DWELL_NO_SYSCALL;
	} else if (measure < DWELL_MEASURES) {
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

inline_always void copy_callbacks(struct dwell_outlier *outlier, const struct cpu *cpu)
{
	outlier->callbacks_next = cpu->callbacks_next % DWELL_CALLBACKS;
	__builtin_memcpy(outlier->callbacks, cpu->callbacks, sizeof(outlier->callbacks));
}

/* A kernel thread that waits for work does its duty, however long. */
inline_always bool waits_for_work(const struct dwell_record *record)
{
	return record->block == DWELL_BLOCK_I ||
	       (record->kthread && record->block != DWELL_BLOCK_D);
}

/* Who holds the mutex that @task is blocked on: its tid, or 0. */
inline_always __u32 mutex_owner(struct task_struct *task)
{
	struct task_struct *owner;
	struct mutex *mutex;
	__u32 tid;

	/* On PREEMPT_RT a mutex is another lock, and who waits for it is not told here. */
	if (!bpf_core_field_exists(task->blocked_on) || !bpf_core_field_exists(struct mutex, owner))
		return 0;
	if (config.pid_ns) /* what it is called there cannot be found from here */
		return 0;
	mutex = task->blocked_on;
	if (!mutex)
		return 0;
	owner = (void *)(mutex->owner.counter & ~MUTEX_FLAGS);
	/* A number is not a pointer to the verifier, and who asks for a kfunc needs CAP_SYS_ADMIN. */
	if (!owner || bpf_core_read(&tid, sizeof(tid), &owner->pid))
		return 0;
	return tid;
}

inline_always void copy_user_stack(struct dwell_outlier *outlier, struct task_struct *task)
{
	struct user_stack *stack;

	if (!config.user_stacks)
		return;
	stack = bpf_task_storage_get(&user_stacks, task, 0, 0);
	if (!stack)
		return;
	outlier->user_depth = stack->depth;
	__builtin_memcpy(outlier->user_stack, stack->address, sizeof(outlier->user_stack));
}

/* Where @task, which blocks now on this CPU, is in user space. */
inline_always void keep_user_stack(void *ctx, struct task_struct *task)
{
	struct user_stack *stack = bpf_task_storage_get(&user_stacks, task, 0, 0);
	long bytes;

	if (!stack)
		return;
	stack->depth = 0;
	if (shed)
		return;
	bytes = bpf_get_stack(ctx, stack->address, sizeof(stack->address), BPF_F_USER_STACK);
	stack->depth = bytes > 0 ? bytes / sizeof(stack->address[0]) : 0;
}

/* Where @task is blocked. It must not be on a CPU. */
inline_always void copy_block(struct dwell_outlier *outlier, struct dwell_record *record,
			      struct task_struct *task)
{
	long bytes;

	outlier->syscall = syscall_of(task);
	outlier->block = record->block;
	outlier->owner = mutex_owner(task);
	if (shed)
		return;
	bytes = bpf_get_task_stack(task, outlier->stack, sizeof(outlier->stack), 0);
	outlier->depth = bytes > 0 ? bytes / sizeof(outlier->stack[0]) : 0;
	copy_user_stack(outlier, task);
}

/* Current is the waker, or was interrupted by it: its stack tells which. */
inline_always void copy_waker(struct dwell_outlier *outlier, const struct expiry *expiry, void *ctx)
{
	struct dwell_waker *waker = &outlier->waker;
	struct task_struct *current = bpf_get_current_task_btf();
	long bytes;

	if (expiry) {
		waker->timer = 1;
		waker->function = expiry->function;
	}
	if (shed)
		return;
	waker->pid = pid_of(current);
	waker->tid = tid_of(current);
	bpf_get_current_comm(waker->comm, sizeof(waker->comm));
	bytes = bpf_get_stack(ctx, waker->stack, sizeof(waker->stack), 0);
	waker->depth = bytes > 0 ? bytes / sizeof(waker->stack[0]) : 0;
}

/*
 * For how many ns an interval of @measure had lasted that began at @from when it
 * was last told while it was open; 0: it was not. The scheduler's stamps, by
 * which a beginning is known, move a little from look to look: what began before
 * it was told is what was told.
 */
inline_always __u64 told_open(const struct dwell_record *record, __u32 measure, __u64 from)
{
	__u64 told = record->open_told;

	return (told & DWELL_OPEN_MEASURE) == measure && from < told ? told - from : 0;
}

/* What all kinds of outliers of a task share; and counts it. */
static __noinline void describe_outlier(struct dwell_outlier *outlier, struct dwell_record *record,
					struct task_struct *task)
{
	__u32 measure = outlier->measure;
	__u64 sum, samples;

	/* Before any branch: the verifier looks a pointer's type up by name, slowly, each time. */
	name_task(outlier, task);
	if (measure >= DWELL_MEASURES) /* never; the verifier cannot tell */
		return;
	outlier->told = told_open(record, measure, outlier->from);
	samples = samples_of(record, measure, outlier->open);
	sum = record->sum[measure];
	/* A block is booked later. */
	if (!outlier->open && measure != DWELL_BLOCKED && sum >= outlier->ns)
		sum -= outlier->ns;
	if (samples > 1) {
		outlier->samples = samples - 1;
		outlier->typical = sum / (samples - 1);
	}
	__sync_fetch_and_add(&outlier_counts[measure].reported, 1);
}

/*
 * Judges an interval and learns from it. Its threshold if it is an outlier that
 * is to be reported now, else 0. One that was reported while it was open is an
 * outlier whatever has been learned since.
 */
static __noinline __u64 judge(struct dwell_record *record, struct cpu *cpu, __u32 measure,
			      __u64 from, __u64 to)
{
	__u64 samples, threshold;
	struct dwell_norm *norm;

	if (measure >= DWELL_MEASURES)
		return 0;
	norm = &record->norm[measure];
	samples = samples_of(record, measure, false);
	threshold = threshold_of(norm, measure, samples);
	learn(norm, measure, to - from, threshold);
	if (to - from <= threshold && !told_open(record, measure, from))
		return 0;
	if (may_report(record, cpu, to))
		return threshold;
	__sync_fetch_and_add(&outlier_counts[measure].suppressed, 1);
	return 0;
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

/* The end of a block, by the one who ends it: @expiry, if a timer of a task does. */
static __noinline void end_block(struct dwell_record *record, struct task_struct *task,
				 struct cpu *cpu, const struct expiry *expiry, void *ctx)
{
	__u64 from = record->since, to = bpf_ktime_get_ns(), threshold;
	struct dwell_outlier *outlier;

	if (to - from < config.floor[DWELL_BLOCKED] || waits_for_work(record))
		return;
	threshold = judge(record, cpu, DWELL_BLOCKED, from, to);
	if (!threshold)
		return;
	outlier = reserve_outlier(DWELL_BLOCKED, from, to, threshold);
	if (!outlier)
		return;
	describe_outlier(outlier, record, task);
	copy_block(outlier, record, task);
	copy_waker(outlier, expiry, ctx);
	submit_outlier(outlier);
}

#endif /* DWELL_OUTLIER_BPF_H */
