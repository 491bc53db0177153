/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel side keeps: its maps, its settings and its counters of losses. */
#ifndef DWELL_MAPS_BPF_H
#define DWELL_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "dwell.h"

/* The verifier then checks them once, and not for each of the paths that lead to them. */
#define DWELL_RUNS_FUNCTION __noinline
#include "runs.h"

/* libbpf has them from 1.7 on. */
#ifndef likely
#define likely(condition) __builtin_expect(!!(condition), 1)
#endif
#ifndef unlikely
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#endif

/* The kernel side is one object: nothing here is ever called from elsewhere. */
#define inline_always static inline __attribute__((always_inline))

const volatile struct dwell_config config = {};

/*
 * The window. The user side opens it when every program is attached and closes it
 * before it reads: so it begins and ends at once for all of them.
 */
__u32 window;	    /* enum dwell_window */
__u64 window_start; /* mono; set before it opens */
__u64 window_end;   /* mono; set before it closes */

/*
 * How many of the next wake-ups look up whether their task has a record. A host can
 * hide tasks from the iterator: such a task gets its record at its first wake-up, which
 * holds only its pi_lock. A task without any BPF storage is seen at a glance. One with
 * another program's is noticed at a switch, and that begins a hunt.
 *
 * This lies beside the window, because each hook reads both.
 */
__u32 hunt;

/*
 * How much faster CLOCK_MONOTONIC runs than the scheduler's clock, in 2^-30:
 * NTP steers the one and not the other. The user side measures it.
 */
__s64 clock_slew;

__u64 losses[DWELL_LOSSES];

__u64 tasks_seen; /* by the task iterator, in its last pass */

__u32 self; /* dwell's own thread group, which is not measured; 0: not known yet */

/* Dwell's own pid namespace, and how deep it lies; 0: it is the initial one. */
__u64 own_ns;
__u32 own_level;

inline_always void lose(enum dwell_loss loss)
{
	__sync_fetch_and_add(&losses[loss], 1);
}

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct dwell_record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

/* Where a task was in user space when it blocked last; only if that is asked for. */
struct user_stack {
	__u32 depth;
	__u64 address[DWELL_STACK_DEPTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct user_stack);
} user_stacks SEC(".maps");

/* Apart from the other ring, so that many outliers cost no task its last record. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} outliers SEC(".maps");

struct dwell_outlier_counts outlier_counts[DWELL_MEASURES];
__u32 shed; /* enum dwell_shed: what is left undone, for dwell itself costs too much */

struct dwell_cost cost;

/* A timer whose callback runs, or has just run, on this CPU. */
struct expiry {
	__u64 timer;
	__u64 function;
	__u64 entered; /* mono: callback entry */
	__u64 lateness;
	__u64 stepped_at;	      /* mono: when its clock was last seen set; 0 = never */
	struct dwell_timer_key owner; /* tid 0: none known */
	__u32 tid;		      /* current at entry: the callback's own context */
	__u8 kind;		      /* enum dwell_timer_kind */
	__u8 late_known;
	/* Of the ledger only. */
	__u8 in_ledger; /* under @owner */
	__u8 before;	/* armed before the window */
	__u8 woke;	/* a task */
	__u64 slack_granted;
	__u64 slack_used;
};

/* The last cancel, until it is proven: some kernels trace one at every re-arm and expiry, too. */
struct cancel {
	__u64 timer;		      /* 0: none pending */
	__u32 booked;		      /* enum booking: where the cancel was counted */
	struct dwell_armed_timer was; /* a user timer's entry, to put back */
};

/* Where callbacks run. Of those of the wheel it is only known that they run. */
enum expiry_context {
	EXPIRY_HARD,
	EXPIRY_SOFT,
	EXPIRIES,
	EXPIRY_WHEEL = EXPIRIES,
	CALLBACK_CONTEXTS
};

#define DWELL_QUOTAS 32 /* a power of two */

/* A group's queue as it stood when a task of it was last seen to leave the CPU. */
struct quota_seen {
	__u32 queue;	 /* its id; 0: none */
	__u64 throttled; /* ns: for how long it had been */
	__u64 empty_at;	 /* mono: when that was, if it had no quota then; else 0 */
};

#define CACHE_LINE 64
/* So far before a cache line an array's first value begins, in 6.18; other kernels differ. */
#define VALUE_BEFORE_LINE 8

/*
 * What is known of one CPU. What a switch reads and writes of it is one cache line. The
 * unused bytes at the end are as many as two CPUs' values can share of a line: so two
 * CPUs never write the same one, wherever the kernel has the first value begin.
 */
struct cpu {
	__u64 offset_spans; /* see clock.bpf.h */
	/*
	 * Who runs here. A switch books the task that leaves, all at once, with
	 * what was noted here when it came: one record and one lookup a switch.
	 */
	__u32 tid;	     /* 0: nobody that was seen to come */
	__u32 expiring;	     /* bit per enum expiry_context: the callback of a task's timer runs */
	__u64 in_at;	     /* mono: when it came; 0: before the window */
	__u64 queued_at;     /* mono: when it was queued, by the kernel's stamp; 0: no stamp */
	__u64 run_delay;     /* its sched_info.run_delay then: waits before that stamp included */
	__u64 throttled;     /* ns for which its group's queue had been then: see quota.bpf.h … */
	__u32 queue;	     /* … and that queue's id */
	__u32 offset_excess; /* the least by which a switch since @offset_at was later, ns */
	/* What to add to the scheduler's clock of this CPU to get a mono time; see clock.bpf.h. */
	__u64 offset;
	__u64 offset_at; /* mono: when it was adjusted last; 0: never */
	/* What is less often needed. */
	__u32 pid;	    /* the process of who runs here */
	__u32 number;	    /* of the CPU; from its first switch on */
	__u32 running;	    /* bit per enum expiry_context, of any timer; of the ledger only */
	__u32 untimed_runs; /* since the last one that was timed: see cost.bpf.h */
	__u64 timed_since;  /* mono: a run is being timed; 0: none */
	__u64 expired_at;   /* mono: when a timer expired last; for outliers */
	/* A soft expiry can be interrupted by a hard one, and by nothing else that expires. */
	struct expiry expiry[CALLBACK_CONTEXTS];
	/* With twins: the hard expiry that one of them has taken and the other will see too. */
	__u64 taken; /* the timer; 0: none */
	__u64 taken_expires;
	struct cancel cancel;
	__u64 wheel_cancel; /* the wheel's timer that was the last to be cancelled; 0: none */
	/* For outliers: what happened here lately. */
	__u64 outlier_at; /* mono: when tokens were last added */
	__u32 outlier_tokens;
	__u32 callbacks_next; /* counts on; the oldest one modulo DWELL_CALLBACKS */
	struct dwell_callback callbacks[DWELL_CALLBACKS];
	struct quota_seen quotas[DWELL_QUOTAS]; /* by id */
	__u64 unused[3];			/* so that each of the history's runs is one line */
	struct dwell_history history;
	__u64 unused_at_end[7];
} __attribute__((aligned(128)));

#define LINE_OFFSET(field) (__builtin_offsetof(struct cpu, field) % CACHE_LINE)
_Static_assert(LINE_OFFSET(tid) == VALUE_BEFORE_LINE && LINE_OFFSET(pid) == VALUE_BEFORE_LINE,
	       "what a switch needs of its CPU is one line");
_Static_assert(LINE_OFFSET(history.run) == VALUE_BEFORE_LINE, "a run is one line");
_Static_assert(sizeof(((struct cpu *)0)->unused_at_end) == CACHE_LINE - sizeof(__u64),
	       "two CPUs' values share no bytes in use of a line");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* set to the number of possible CPUs before it is made */
	__type(key, __u32);
	__type(value, struct cpu);
} cpus SEC(".maps");

/* The scheduler's tick and hrtick: so frequent that even a hash lookup would be felt. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DWELL_BUILTINS);
	__type(key, __u32);
	__type(value, struct dwell_timer_counts);
} builtin_timers SEC(".maps");

/* Timers of the kernel, by callback; those of the timer wheel, too. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct dwell_timer_counts);
} kernel_timers SEC(".maps");

/*
 * Timers of tasks: all but sleeps, or with the ledger all. Those whose owner was never
 * seen, by callback.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct dwell_timer_key);
	__type(value, struct dwell_timer_counts);
} timer_ledger SEC(".maps");

/* Timers of tasks that are armed now, by address: all but sleeps. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct dwell_armed_timer);
} armed_timers SEC(".maps");

/* Where timers are armed, if that is asked for: how often each place was met. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct dwell_site_key);
	__type(value, __u64);
} sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DWELL_STACK_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

/* The armed timer at @address. NULL: its arming was not seen, or found no room. */
inline_always struct dwell_armed_timer *find_armed(__u64 address)
{
	return config.has_armed_timers ? bpf_map_lookup_elem(&armed_timers, &address) : NULL;
}

inline_always void keep_armed(__u64 address, const struct dwell_armed_timer *entry)
{
	if (config.has_armed_timers && bpf_map_update_elem(&armed_timers, &address, entry, BPF_ANY))
		lose(DWELL_LOSS_TIMER_TABLE_FULL);
}

inline_always void forget_armed(__u64 address)
{
	if (config.has_armed_timers)
		bpf_map_delete_elem(&armed_timers, &address);
}

inline_always struct cpu *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpus, &cpu);
}

/* This CPU while the window is open, for what has nothing to do outside it; NULL then. */
inline_always struct cpu *this_cpu_in_window(void)
{
	struct cpu *cpu = this_cpu();

	return window == DWELL_WINDOW_OPEN ? cpu : NULL;
}

#endif /* DWELL_MAPS_BPF_H */
