/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the kernel side (bpf/) and the user side (user/): every
 * struct that crosses the border, and the arithmetic both sides must agree on.
 *
 * Times are nanoseconds. A "mono" time is CLOCK_MONOTONIC; durations have no
 * clock. Both sides include their own integer types before this header
 * (vmlinux.h there, <linux/types.h> here).
 */
#ifndef DWELL_H
#define DWELL_H

#define DWELL_COMM_LEN 16 /* TASK_COMM_LEN: at most 15 bytes and a NUL, any bytes */

/* ---- what is measured ------------------------------------------------- */

/*
 * The distributions kept for each task. Rarely used ones come last, so that a
 * record leaves the kernel cut off behind the last one in use.
 */
enum dwell_measure {
	DWELL_DWELL,	     /* woken or created -> blocked again: one activation */
	DWELL_WOKEN,	     /* run-queue latency after a wake-up or creation */
	DWELL_BLOCKED,	     /* switched out blocked -> woken */
	DWELL_PREEMPTED,     /* run-queue latency after preemption or yield */
	DWELL_LATENESS,	     /* programmed hard expiry -> callback entry */
	DWELL_TIMER_LATENCY, /* programmed hard expiry -> woken task on-CPU */
	DWELL_THROTTLED,     /* runnable, but its group's CPU quota was used up */
	DWELL_MEASURES
};

/* Where a task is. RUNNABLE says why: the wait is booked under that cause. */
enum dwell_state {
	DWELL_UNKNOWN, /* no event since the window began */
	DWELL_ONCPU,
	DWELL_BLOCKED_STATE,
	DWELL_RUNNABLE_WOKEN, /* also: created, not yet run */
	DWELL_RUNNABLE_PREEMPTED,
	DWELL_RUNNABLE_THROTTLED,
};

/* What kind of block, from the task's state bits. S is everything not listed. */
enum dwell_block {
	DWELL_BLOCK_S,	   /* interruptible */
	DWELL_BLOCK_D,	   /* uninterruptible */
	DWELL_BLOCK_I,	   /* idle kernel thread: D that does not count as load */
	DWELL_BLOCK_T,	   /* stopped or traced */
	DWELL_BLOCK_OTHER, /* parked, frozen, PREEMPT_RT lock wait, … */
	DWELL_BLOCKS
};

/* ---- histograms ------------------------------------------------------- */

/*
 * Three buckets an octave from 2^7 ns to 2^41 ns (36 min), one below and one
 * above. No bucket is wider than a factor 1.262, so its harmonic middle is
 * within 11.6 % of every value in it. A bucket begins at 256, 323 or 407
 * 256ths of a power of two.
 */
#define DWELL_FIRST_OCTAVE 7
#define DWELL_OCTAVES 34
#define DWELL_BUCKETS (3 * DWELL_OCTAVES + 2)
#define DWELL_SECOND_STEP 323
#define DWELL_THIRD_STEP 407

/* Position of the highest set bit; @value must not be 0. */
static inline __attribute__((always_inline)) unsigned int dwell_log2(unsigned long long value)
{
	unsigned int result = 0;

	/* By halves: BPF has no instruction for it. Most values are below 2^32. */
	if (__builtin_expect(value > 0xffffffffULL, 0)) {
		value >>= 32;
		result = 32;
	}
	if (value > 0xffff) {
		value >>= 16;
		result += 16;
	}
	if (value > 0xff) {
		value >>= 8;
		result += 8;
	}
	if (value > 0xf) {
		value >>= 4;
		result += 4;
	}
	/* What is left is 1 … 15: its answer, two bits for each, is in the constant. */
	return result + (unsigned int)((0xffffaa50ULL >> (2 * value)) & 3);
}

/* The bucket of a duration of @ns: 0 … DWELL_BUCKETS - 1. */
static inline __attribute__((always_inline)) unsigned int dwell_bucket(unsigned long long ns)
{
	unsigned int octave, fraction;

	if (ns < (1ULL << DWELL_FIRST_OCTAVE))
		return 0;
	if (ns >= (1ULL << (DWELL_FIRST_OCTAVE + DWELL_OCTAVES)))
		return DWELL_BUCKETS - 1;
	octave = dwell_log2(ns);
	/* In 256ths of the octave's power of two, rounded down: 256 … 511. */
	fraction = (unsigned int)((ns << 8) >> octave);
	return 1 + 3 * (octave - DWELL_FIRST_OCTAVE) + (fraction >= DWELL_SECOND_STEP) +
	       (fraction >= DWELL_THIRD_STEP);
}

#include "norm.h" /* what is normal: by the measures above */

/* ---- one task --------------------------------------------------------- */

/* How a record reached the user side. */
enum dwell_kind {
	DWELL_LIVE, /* pulled: the task lives; state and since are as of the read */
	DWELL_EXIT, /* pushed: the task's last record */
	DWELL_FULL, /* pushed: a bucket was full; buckets start again from 0 */
};

/*
 * The record of one task: the value in task storage, and what crosses the border. A
 * pushed or pulled record is cut off behind the last histogram in use: what is missing
 * at its end is zeros.
 *
 * Sums, maxima and counters grow from the window's start and never restart. Buckets are
 * 16 bits wide. When one is full the kernel pushes the whole record (DWELL_FULL),
 * zeroes all buckets and goes on. @epoch tells which buckets a record holds. It is
 * even, and grows by 2 with each such hand-over. An odd value is a read in the middle
 * of one, whose buckets mean nothing.
 *
 * What a switch needs comes first, in whole cache lines: the kernel's own header ends 8
 * bytes into one.
 */
struct dwell_record {
	/* State. */
	__u8 state;	      /* enum dwell_state: what it was switched out into, ONCPU in a read */
	__u8 block;	      /* enum dwell_block of the current or last block */
	__u8 touched;	      /* bit per enum dwell_measure that holds a count */
	__u8 kthread : 1;     /* 1: a kernel thread */
	__u8 owns_timers : 1; /* 1: the ledger has, or had, timers of its that are no sleeps */
	__u8 outlier_tokens;  /* so many outliers more, until time brings new ones */
	__s16 sleeper_call; /* what its sleep was armed in, once that is asked for: as @mark_call */
	__u64 since;	    /* mono: when the state began; 0 = before the window */
	__u64 activated;    /* mono: since when it can run, at least; 0 = not known */
	union {
		__u64 run_delay;	/* blocked: sched_info.run_delay then */
		__u64 throttled_at_out; /* runnable: ns for which @queue had been throttled then */
	};
	__u64 mark_entered; /* timer mark: mono time of callback entry; 0 = no mark */

	/* CPU. */
	__u64 oncpu_ns;
	__u64 voluntary;   /* switches out blocked */
	__u64 involuntary; /* switches out runnable: preempted, yielded, throttled */

	__u64 sum[DWELL_MEASURES]; /* ns */
	__u64 max[DWELL_MEASURES]; /* ns */

	__u32 queue; /* id of the run queue that it waits in, see quota.bpf.h; 0: not known */
	__u32 activated_switches;	/* involuntary, when this dwell began; of outliers */
	__u64 blocked_ns[DWELL_BLOCKS]; /* completed blocks by kind */

	__u64 mark_lateness;

	/* Timers of a sleep in a system call: one at a time (hrtimer_sleeper). */
	__u64 sleeper;	     /* address of the armed one, 0 = none */
	__u64 sleeper_armed; /* mono: when it was armed */
	__u64 armed;
	__u64 rearmed;
	__u64 cancelled;
	__u64 expired;

	/* Identity, filled in when the record leaves the kernel. */
	__u16 kind;	 /* enum dwell_kind */
	__s16 mark_call; /* timer mark: what it was armed in, as in a dwell_timer_key */
	__u32 pid;	 /* thread group */
	__u32 tid;
	__u32 epoch;
	__u64 cgroup; /* id (inode number) in the hierarchy the user side chose */
	__u64 start;  /* task->start_time: tells apart two tasks of one tid */
	char comm[DWELL_COMM_LEN];

	__u16 buckets[DWELL_MEASURES][DWELL_BUCKETS];

	/* What outliers are told by. It lies behind the buckets, and so stays in the kernel. */
	/*
	 * mono: when an interval was last told while it was open; 0: none was. The low
	 * bits (DWELL_OPEN_MEASURE) hold its enum dwell_measure. One of that measure
	 * that began before then is that interval.
	 */
	__u64 open_told;
	__u64 mark_function; /* timer mark: the callback */
	__u64 outlier_at;    /* mono: when tokens were last added */
	union {
		__u64 activated_oncpu; /* oncpu_ns when this dwell began */
		__u64 throttled_at_wake; /* ns for which @queue had been throttled, before it begins */
	};
	__u64 moved;	 /* its last move to another run queue: see culprit.bpf.h */
	__u32 throttled; /* intervals of that kind */
	struct dwell_norm norm[DWELL_MEASURES];
};

#define DWELL_OPEN_MEASURE 7ULL
_Static_assert(DWELL_MEASURES <= DWELL_OPEN_MEASURE + 1, "a measure fits the low bits of a time");

#define DWELL_BEGINS_LINE(field) ((8 + __builtin_offsetof(struct dwell_record, field)) % 64 == 0)
_Static_assert(DWELL_BEGINS_LINE(involuntary) && DWELL_BEGINS_LINE(max) &&
		       DWELL_BEGINS_LINE(blocked_ns) && DWELL_BEGINS_LINE(armed),
	       "state, sums, maxima and blocks are a cache line each");

/*
 * 2 KiB a task is the bar, since the allocator's sizes are powers of two. The kernel's
 * own header before the value takes 72 bytes (6.18) or 136 (7.x): 1,912 is the most.
 */
_Static_assert(sizeof(struct dwell_record) <= 2048 - 136, "a task's record outgrew its 2 KiB");

/* Precedes each record in the iterator's stream. */
struct dwell_live {
	__u32 bytes;	 /* of the record that follows */
	__u32 state;	 /* enum dwell_state now, never UNKNOWN */
	__u64 since;	 /* mono: when it began, also if that was before the window */
	__u64 activated; /* mono: when the dwell began that goes on; 0: none does, or not known */
};

/* ---- the ledger of timers ---------------------------------------------- */

enum dwell_timer_kind {
	DWELL_TIMER_KERNEL, /* the kernel's own: counted by callback, nobody's */
	DWELL_TIMER_SLEEP,  /* of a system call or kernel thread that waits with a time-out */
	DWELL_TIMER_USER,   /* timerfd, POSIX timer, itimer, io_uring time-out */
	DWELL_TIMER_WHEEL,  /* of the timer wheel: jiffies, not nanoseconds */
};

/* What a timer was armed in: a number of a system call, or that there is none. */
#define DWELL_NO_SYSCALL (-1)
/* Added to the number where a program has another table of them: a 32-bit one. */
#define DWELL_COMPAT_SYSCALL 0x4000

/*
 * Whose timers, armed in which system call, calling what. Kernel timers have
 * pid and tid 0, and so have user timers whose owner was never seen (armed
 * before the window).
 */
struct dwell_timer_key {
	__u32 pid;
	__u32 tid;
	__u64 start;	/* task->start_time of the owner; 0 with tid 0 */
	__u64 function; /* callback address */
	__s32 syscall;	/* at arming: a number, or DWELL_NO_SYSCALL */
	__u32 kind;	/* enum dwell_timer_kind */
};

/*
 * The ledger of one key. Grows from the window's start. Sleeps, and what is said to be
 * of the ledger only, are here only if the ledger is asked for (dwell_config.ledger).
 * Their owners' records count sleeps in any case.
 */
struct dwell_timer_counts {
	__u64 armed; /* re-arms included */
	__u64 rearmed;
	__u64 cancelled;
	__u64 expired;
	__u64 late_count; /* expiries whose lateness is known */
	__u64 late_sum;	  /* ns */
	__u64 late_max;	  /* ns */
	__u32 late_buckets[DWELL_BUCKETS];
	struct dwell_norm norm; /* of its lateness; user timers only */
	__u32 kind;		/* enum dwell_timer_kind, for kernel timers, which have no key */

	/* Of the ledger only. */
	__u64 before;	     /* of those cancelled and expired: armed before the window */
	__u64 woke;	     /* expiries whose callback woke a task */
	__u64 callback_ns;   /* from the callbacks' entry to their exit, interrupts included */
	__u64 slack_granted; /* ns: sum over the expiries whose lateness is known … */
	__u64 slack_used;    /* … and how much of that passed before the callback's entry */
	__u64 timeout_sum;   /* ns: from arming to the soft expiry; 0 if that is already past */
	__u64 timeout_max;
	__u64 sleep_armed; /* mono: when the latest was armed; sleeps only, one at a time */
	__s64 sleep_due;   /* mono: when that is due, at the latest; 0: it never is */
	__u32 timeout_buckets[DWELL_BUCKETS]; /* one for each that was armed, but not for ever */
};

/* The kernel's two most frequent timers; each has its place in an array. */
enum dwell_builtin { DWELL_TICK, DWELL_HRTICK, DWELL_BUILTINS };

/* A user timer that is armed now; keyed by its address. */
struct dwell_armed_timer {
	struct dwell_timer_key owner;
	__u64 armed_at; /* mono */
	__s64 expires;	/* mono: when it is due, at the latest */
};

/* Where timers are armed: of each key, one arming in DWELL_SITE_EVERY is looked at. */
#define DWELL_SITE_EVERY 64 /* a power of two; the first one always */

struct dwell_site_key {
	struct dwell_timer_key owner;
	__s32 stack; /* ids in the map of stacks; negative: none */
	__s32 user_stack;
};

/* ---- outliers ---------------------------------------------------------- */

/*
 * An interval beyond its threshold, with all that is known of its cause when it ends;
 * of an open one, when it is found. Pushed through a ring buffer of its own, whole.
 * What does not apply is 0.
 */

#define DWELL_RUNS 64 /* a power of two */
#define DWELL_STACK_DEPTH 24
#define DWELL_CALLBACKS 4 /* a power of two */

/*
 * Added to the kernel's number of a task, or of a process, for which dwell's own pid
 * namespace has no number. Numbers end at 2^22.
 */
#define DWELL_OUTSIDE 0x80000000u

/* Whose runs on a CPU are told together. */
enum dwell_run_kind {
	DWELL_RUN_NONE, /* no such entry */
	DWELL_RUN_TASK,
	DWELL_RUN_IDLE,
	DWELL_RUN_PROCESS, /* several tasks of one process and name */
	DWELL_RUN_NAME,	   /* several processes of one name */
	DWELL_RUN_MIXED,   /* whoever: name, pid and tid are 0 */
};

/* Runs on a CPU: one, or several whose sum is known, between which others ran. runs.h has more. */
struct dwell_run {
	__u64 begin; /* mono: when the first one began */
	__u64 until; /* mono: when the last one ended */
	__u64 ns;    /* of all of them */
	__u64 tasks; /* bit tid % 64 of each of the tasks; idle: 0 */
	union {
		char comm[DWELL_COMM_LEN]; /* when the first one ended; idle: any */
		__u64 name[2];		   /* the same, to be compared */
	};
	__u32 pid;  /* 0: idle, or several processes */
	__u32 tid;  /* 0: idle, or several tasks */
	__u32 kind; /* enum dwell_run_kind */
	__u32 cpu;  /* of an outlier's: where */
};

/* A timer callback that ran on a CPU. */
struct dwell_callback {
	__u64 function; /* 0: no such callback */
	__u64 entered;	/* mono */
};

/* Who ended a block. */
struct dwell_waker {
	__u32 pid; /* of whoever was current, which an interrupt may have … */
	__u32 tid; /* … interrupted: the stack tells */
	char comm[DWELL_COMM_LEN];
	__u64 function;			/* the timer callback that did it; 0: none */
	__u32 timer;			/* 1: a timer's callback */
	__u32 depth;			/* of the stack */
	__u64 stack[DWELL_STACK_DEPTH]; /* return addresses, the innermost first */
};

struct dwell_outlier {
	__u32 measure; /* enum dwell_measure */
	__u32 open;    /* 1: it has not ended yet */
	__u32 cpu;     /* where it ended; of an open one: where the task is */
	__u32 pid;
	__u32 tid;
	__u32 block; /* enum dwell_block: of a block */
	__u64 start; /* task->start_time */
	__u64 cgroup;
	char comm[DWELL_COMM_LEN];

	__u64 from; /* mono */
	__u64 to;   /* mono: when it ended, or was found */
	__u64 ns;
	__u64 threshold; /* ns */
	__u64 typical;	 /* ns: mean of the task's other intervals of that kind … */
	__u64 samples;	 /* … of which there were so many */
	__u64 told;	 /* ns: how long it had lasted when it was told while open; 0: it was not */
	/* A bit for each enum dwell_measure: parts that were told. Set by the user side alone. */
	__u64 contains;

	/*
	 * Of a wait for a CPU: who had it. A task that was moved while it waited is in
	 * the queue of @moved_from from @moved_since on, and in @cpu's from @queued_at
	 * on.
	 */
	__u64 queued_at;   /* mono; not after @from: it was in that queue all the time */
	__u64 moved_since; /* mono; not before @queued_at: where it was is not known */
	__u32 moved_from;  /* a CPU */
	__u32 preempters;  /* of a dwell: how often it was preempted */
	__u32 runs_count;  /* in use, from the first on */
	struct dwell_run runs[DWELL_RUNS]; /* of both CPUs, in any order */

	/* Of a timer's lateness or latency. */
	__u64 function;	      /* its callback */
	__u64 lateness;	      /* ns */
	__u64 wakeup;	      /* ns: callback entry -> queued */
	__u64 runqueue;	      /* ns: queued -> on-CPU; the three add up to @ns */
	__u64 expires;	      /* mono: when it was due */
	__u32 callbacks_next; /* the oldest in @callbacks */
	struct dwell_callback callbacks[DWELL_CALLBACKS]; /* of this CPU, a ring */

	/* Of a dwell. */
	__u64 oncpu; /* ns of it */

	/* Of a block: where it was, and who ended it. */
	__s32 syscall; /* of a timer too, as in a dwell_timer_key: number, or DWELL_NO_SYSCALL */
	__u32 owner;   /* tid of the owner of the mutex that it waited for; 0: none known */
	__u32 depth;   /* of the stack */
	__u32 user_depth;
	__u64 stack[DWELL_STACK_DEPTH];	     /* return addresses, the innermost first */
	__u64 user_stack[DWELL_STACK_DEPTH]; /* the same in user space, if asked for */
	struct dwell_waker waker;
};

/* How many there were, by measure. Those made are reported, suppressed or lost. */
struct dwell_outlier_counts {
	__u64 reported;
	__u64 suppressed; /* by the limits */
	__u64 lost;	  /* the ring buffer was full */
};

/* ---- what dwell itself costs ------------------------------------------- */

/*
 * One in so many runs of the programs on the busy hooks is timed: a prime keeps step
 * with no cycle.
 */
#define DWELL_COST_PERIOD 1021

struct dwell_cost {
	__u64 runs; /* that were timed */
	__u64 ns;   /* of those, without reading the clock for it */
};

/* What is left undone when dwell costs too much, one after the other. */
enum dwell_shed {
	DWELL_SHED_NOTHING,
	DWELL_SHED_STACKS,   /* of outliers: none is walked */
	DWELL_SHED_OUTLIERS, /* they are only counted, as suppressed */
	DWELL_SHED_EXPORTS,  /* fewer; the user side's business */
	DWELL_SHED_LEVELS
};

/* ---- what the kernel side is told ------------------------------------- */

#define DWELL_FILTER_MAX 16
#define DWELL_SLEEPERS 3
#define DWELL_USER_CALLBACKS 6

/*
 * Settings, constant once loaded: the verifier removes the branches that they switch
 * off. So a tracepoint's argument that a kernel lacks is never read.
 */
struct dwell_config {
	__u8 prev_state;   /* sched_switch passes prev's state (5.18) */
	__u8 was_armed;	   /* hrtimer_start tells re-arms; hrtimer_cancel means a cancel only */
	__u8 cgroup_v1;	   /* cgroup ids from the v1 cpu hierarchy */
	__u8 pid_ns;	   /* dwell runs in a pid namespace: only its tasks, by its numbers */
	__u8 twin_expiry;  /* PREEMPT_RT: two programs see each expiry; see timer_expire.bpf.h */
	__u64 clock_error; /* ns: less than that is no time going backwards */
	__u32 nr_pids, nr_tids, nr_cgroups, nr_comms;
	__u32 pids[DWELL_FILTER_MAX];
	__u32 tids[DWELL_FILTER_MAX];
	__u64 cgroups[DWELL_FILTER_MAX];
	char comms[DWELL_FILTER_MAX][DWELL_COMM_LEN];
	/* Callback addresses; 0: this kernel has none of that name. */
	__u64 builtins[DWELL_BUILTINS];
	__u64 sleepers[DWELL_SLEEPERS];
	__u64 user_callbacks[DWELL_USER_CALLBACKS];
	__u64 process_timeout; /* of the timer wheel: a task's schedule_timeout() */
	__u64 tick_ns;	       /* of a jiffy */

	/* Outliers. */
	__u8 outliers;		       /* 1: at least one kind is looked for */
	__u8 adaptive[DWELL_MEASURES]; /* 1: also by what the task is used to */
	__u8 cpu_token_shift;	       /* a CPU gains a token each 2^so many ns */
	__u8 user_stacks;	       /* 1: kept for each task when it blocks */
	__u8 sees_moves;	       /* 1: on_move() notes to where a waiting task is moved */
	__u8 ledger;	  /* 1: sleeps by system call, and all the rest of the ledger */
	__u8 sites;	  /* 1: where timers are armed */
	__u8 sample_cost; /* 1: struct dwell_cost is kept */

	/*
	 * What the kernel gave: 0 where it refused a program or a map, and what
	 * depends on it is left undone. user/model/reduction.c says what that costs.
	 */
	__u8 has_ring;
	__u8 has_builtin_timers;
	__u8 has_kernel_timers;
	__u8 has_timer_ledger;
	__u8 has_armed_timers;
	__u8 sees_callback_ends; /* on_timer_expired runs */
	__u8 sees_chains;	 /* from a callback's entry over the wake-up in it to its end */
	__u8 sees_cancels;	 /* on_timer_cancel runs */
	__u8 sees_expiries;	 /* on_timer_expire runs */

	__u32 deviations;	     /* beyond the mean */
	__u64 floor[DWELL_MEASURES]; /* ns; U64_MAX: not looked for */
};

/* Whether the kernel side measures: set by the user side, for all programs at once. */
enum dwell_window { DWELL_WINDOW_AHEAD, DWELL_WINDOW_OPEN, DWELL_WINDOW_CLOSED };

/* ---- what was lost ---------------------------------------------------- */

/*
 * The ledger of losses: name in the output, and what it means to a reader.
 * The kernel side counts the first ones; those from RECURSION on are found by
 * the user side.
 */
#define DWELL_LOSS_LIST(X)                                                                        \
	X(MISSING_RECORD, "missing_record", "switches of a task that had no record yet")          \
	X(BORN_UNSEEN, "born_unseen",                                                             \
	  "switches of new tasks whose birth the kernel hid from dwell")                          \
	X(NO_MEMORY, "no_memory", "tasks for which no record could be made")                      \
	X(RING_FULL, "ring_full", "last records of exited tasks that found the ring buffer full") \
	X(BUCKET_FULL, "bucket_full", "intervals missing from a histogram, but not from its sum") \
	X(WAKE_UNSEEN, "wake_unseen", "blocks whose end the kernel did not stamp")                \
	X(TIME_BACKWARDS, "time_backwards", "intervals whose end lay before their start")         \
	X(TIMER_TABLE_FULL, "timer_table_full", "armed timers whose owner could not be kept")     \
	X(TIMER_LEDGER_FULL, "timer_ledger_full", "timer events of owners that did not fit")      \
	X(SITE_UNKNOWN, "site_unknown", "samples of where timers are armed that did not fit")     \
	X(LATENESS_UNSEEN, "lateness_unseen",                                                     \
	  "expiries that were only seen by what followed them")                                   \
	X(CLOCK_STEP, "clock_step", "expiries whose clock was set while they were armed")         \
	X(RECURSION, "recursion", "events skipped because the program already ran on that CPU")   \
	X(READ_TORN, "read_torn", "tasks whose histograms changed hands during the read")         \
	X(TASKS_FOLDED, "tasks_folded", "exited tasks kept only in their group's sums")

enum dwell_loss {
#define X(id, name, text) DWELL_LOSS_##id,
	DWELL_LOSS_LIST(X)
#undef X
		DWELL_LOSSES
};

#endif /* DWELL_H */
