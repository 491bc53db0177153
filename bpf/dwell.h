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

/* Where a task is. The RUNNABLE states tell the cause that the wait is booked under. */
enum dwell_state {
	DWELL_UNKNOWN, /* no event since the window began */
	DWELL_ONCPU,
	DWELL_BLOCKED_STATE,
	DWELL_RUNNABLE_WOKEN, /* also: created, not yet run */
	DWELL_RUNNABLE_PREEMPTED,
	DWELL_RUNNABLE_THROTTLED,
};

/* The kind of a block, from the task's state bits. S is everything not listed. */
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
 * There are three buckets an octave from 2^7 ns to 2^41 ns (36 min), one below and one
 * above. No bucket is wider than a factor 1.262, so its harmonic middle is within 11.6 %
 * of every value in it. Buckets begin at 256, 323 and 407 256ths of a power of two.
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

	/* It goes by halves, as BPF has no instruction for this. Most values are below 2^32. */
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
	/* The rest is 1 … 15: the constant has two bits of result for each of these. */
	return result + (unsigned int)((0xffffaa50ULL >> (2 * value)) & 3);
}

/* Returns the bucket of a duration of @ns: 0 … DWELL_BUCKETS - 1. */
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

#include "norm.h" /* needs the measures */

/* ---- one task --------------------------------------------------------- */

/* How a record reached the user side. */
enum dwell_kind {
	DWELL_LIVE, /* pulled: the task is alive; state and since are as of the read */
	DWELL_EXIT, /* pushed: the task's last record */
	DWELL_FULL, /* pushed: a bucket was full; buckets start again from 0 */
};

/*
 * The record of one task: the value in task storage, and what crosses the border. A pushed
 * or pulled record is cut off behind the last histogram in use, and the missing end stands
 * for zeros.
 *
 * Sums, maxima and counters grow from the window's start and never restart. Buckets are 16
 * bits wide. When one is full, the kernel side pushes the whole record (DWELL_FULL), zeroes
 * all buckets and goes on. @epoch is even, and grows by 2 with each such hand-over, to tell
 * which buckets a record holds. If it is odd, the record was read in the middle of a
 * hand-over, and its buckets mean nothing.
 *
 * Fields for a switch come first, in whole cache lines. The kernel's own header ends 8
 * bytes into a line.
 */
struct dwell_record {
	/* State. */
	__u8 state;	      /* enum dwell_state at the last switch out; ONCPU only in a read */
	__u8 block;	      /* enum dwell_block of the current or last block */
	__u8 touched;	      /* a bit for each enum dwell_measure that holds a count */
	__u8 kthread : 1;     /* 1: a kernel thread */
	__u8 owns_timers : 1; /* 1: the ledger has or had timers of this task, sleeps aside */
	__u8 outlier_tokens;  /* outliers that may still be reported, until time adds tokens */
	__s16 sleeper_call; /* system call that armed its sleep, if asked for; form of @mark_call */
	__u64 since;	    /* mono: when the state began; 0 = before the window */
	__u64 activated;    /* mono: it can run at least since then; 0 = not known */
	union {
		__u64 run_delay;	/* blocked: sched_info.run_delay at the switch out, ns */
		__u64 throttled_at_out; /* runnable: throttled time of @queue at switch out, ns */
	};
	__u64 mark_entered; /* timer mark: mono time of callback entry; 0 = no mark */

	/* CPU. */
	__u64 oncpu_ns;
	__u64 voluntary;   /* switches out blocked */
	__u64 involuntary; /* switches out runnable: preempted, yielded, throttled */

	__u64 sum[DWELL_MEASURES]; /* ns */
	__u64 max[DWELL_MEASURES]; /* ns */

	__u32 queue; /* id of the run queue that it waits in, see quota.bpf.h; 0: not known */
	__u32 activated_switches;	/* @involuntary when this dwell began; for outliers */
	__u64 blocked_ns[DWELL_BLOCKS]; /* completed blocks by enum dwell_block */

	__u64 mark_lateness; /* timer mark: lateness of the callback, ns */

	/* Timers of a sleep in a system call: one at a time (hrtimer_sleeper). */
	__u64 sleeper;	     /* address of the armed timer, 0 = none */
	__u64 sleeper_armed; /* mono: when it was armed */
	__u64 armed;
	__u64 rearmed;
	__u64 cancelled;
	__u64 expired;

	/* Identity, filled in when the record leaves the kernel. */
	__u16 kind;	 /* enum dwell_kind */
	__s16 mark_call; /* timer mark: its system call, as dwell_timer_key.syscall */
	__u32 pid;	 /* thread group */
	__u32 tid;
	__u32 epoch;
	__u64 cgroup; /* id (inode number) in the hierarchy the user side chose */
	__u64 start;  /* task->start_time: distinguishes tasks with the same tid */
	char comm[DWELL_COMM_LEN];

	__u16 buckets[DWELL_MEASURES][DWELL_BUCKETS];

	/* For outliers. These fields are behind the buckets, and so never leave the kernel. */
	/*
	 * mono: when an open interval was last reported; 0: none was. The low bits
	 * (DWELL_OPEN_MEASURE) hold its enum dwell_measure. An interval of that measure that
	 * began before then is the reported one.
	 */
	__u64 open_told;
	__u64 mark_function; /* timer mark: the callback */
	__u64 outlier_at;    /* mono: when tokens were last added */
	union {
		__u64 activated_oncpu;	 /* @oncpu_ns when this dwell began */
		__u64 throttled_at_wake; /* until then: throttled time of @queue at wake-up, ns */
	};
	__u64 moved;	 /* its last move to another run queue: see culprit.bpf.h */
	__u32 throttled; /* number of DWELL_THROTTLED intervals */
	struct dwell_norm norm[DWELL_MEASURES];
};

#define DWELL_OPEN_MEASURE 7ULL
_Static_assert(DWELL_MEASURES <= DWELL_OPEN_MEASURE + 1, "a measure fits the low bits of a time");

#define DWELL_BEGINS_LINE(field) ((8 + __builtin_offsetof(struct dwell_record, field)) % 64 == 0)
_Static_assert(DWELL_BEGINS_LINE(involuntary) && DWELL_BEGINS_LINE(max) &&
		       DWELL_BEGINS_LINE(blocked_ns) && DWELL_BEGINS_LINE(armed),
	       "state, sums, maxima and blocks are a cache line each");

/*
 * A task may take 2 KiB, since the allocator's sizes are powers of two. The kernel's own
 * header before the value takes 72 bytes (6.18) or 136 (7.x), which leaves 1,912.
 */
_Static_assert(sizeof(struct dwell_record) <= 2048 - 136, "a task's record outgrew its 2 KiB");

/* Precedes each record in the iterator's stream. */
struct dwell_live {
	__u32 bytes;	 /* of the record that follows */
	__u32 state;	 /* enum dwell_state now, never UNKNOWN */
	__u64 since;	 /* mono: when it began, even before the window */
	__u64 activated; /* mono: when the current dwell began; 0: there is none, or not known */
};

/* ---- the ledger of timers ---------------------------------------------- */

enum dwell_timer_kind {
	DWELL_TIMER_KERNEL, /* the kernel's own: counted by callback, without an owner */
	DWELL_TIMER_SLEEP,  /* of a system call or kernel thread that waits with a time-out */
	DWELL_TIMER_USER,   /* timerfd, POSIX timer, itimer, io_uring time-out */
	DWELL_TIMER_WHEEL,  /* of the timer wheel: jiffies, not nanoseconds */
};

/* In place of a system call's number: the timer was armed in none. */
#define DWELL_NO_SYSCALL (-1)
/* Added to the number if the program uses the other table of system calls, for 32 bits. */
#define DWELL_COMPAT_SYSCALL 0x4000

/*
 * Key of a ledger: owner, system call and callback of timers. Kernel timers have pid and
 * tid 0. So do user timers whose owner was never seen (armed before the window).
 */
struct dwell_timer_key {
	__u32 pid;
	__u32 tid;
	__u64 start;	/* task->start_time of the owner; 0 with tid 0 */
	__u64 function; /* callback address */
	__s32 syscall;	/* number of the call that armed it, or DWELL_NO_SYSCALL */
	__u32 kind;	/* enum dwell_timer_kind */
};

/*
 * The ledger of one key, which grows from the window's start. Keys of sleeps, and the
 * fields under "full ledger only", are kept only if dwell_config.ledger is set. The
 * owners' records count sleeps in any case.
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
	__u32 kind;		/* enum dwell_timer_kind; kernel timers have no key for it */

	/* Full ledger only. */
	__u64 before;	     /* cancelled or expired timers that were armed before the window */
	__u64 woke;	     /* expiries whose callback woke a task */
	__u64 callback_ns;   /* from the callbacks' entry to their exit, interrupts included */
	__u64 slack_granted; /* ns: sum over the expiries whose lateness is known */
	__u64 slack_used;  /* ns: part of @slack_granted that passed before the callback's entry */
	__u64 timeout_sum; /* ns: from arming to the soft expiry; 0 if that is already past */
	__u64 timeout_max; /* ns */
	__u64 sleep_armed; /* mono: when the latest sleep was armed; sleeps only, one at a time */
	__s64 sleep_due;   /* mono: hard expiry of that sleep; 0: never */
	__u32 timeout_buckets[DWELL_BUCKETS]; /* time-outs at arming, except endless ones */
};

/* The kernel's two most frequent timers, which have places in an array. */
enum dwell_builtin { DWELL_TICK, DWELL_HRTICK, DWELL_BUILTINS };

/* A user timer that is armed now. Its key is its address. */
struct dwell_armed_timer {
	struct dwell_timer_key owner;
	__u64 armed_at; /* mono */
	__s64 expires;	/* mono: its hard expiry */
};

/* Sites, where timers are armed: of each key, one arming in so many is examined. */
#define DWELL_SITE_EVERY 64 /* a power of two; the first arming is always examined */

struct dwell_site_key {
	struct dwell_timer_key owner;
	__s32 stack; /* ids in the map of stacks; negative: none */
	__s32 user_stack;
};

/* ---- outliers ---------------------------------------------------------- */

/*
 * An outlier is an interval beyond its threshold, with all that is known of its cause when
 * it ends, or when it is found open. It is pushed whole, through a ring buffer of its own.
 * Fields that do not apply are 0.
 */

#define DWELL_RUNS 64 /* a power of two */
#define DWELL_STACK_DEPTH 24
#define DWELL_CALLBACKS 4 /* a power of two */

/*
 * Added to the kernel's number of a task or process that has no number in dwell's own pid
 * namespace. Numbers end at 2^22.
 */
#define DWELL_OUTSIDE 0x80000000u

/* Whose runs on a CPU are one entry. */
enum dwell_run_kind {
	DWELL_RUN_NONE, /* no such entry */
	DWELL_RUN_TASK,
	DWELL_RUN_IDLE,
	DWELL_RUN_PROCESS, /* several tasks of one process and name */
	DWELL_RUN_NAME,	   /* several processes of one name */
	DWELL_RUN_MIXED,   /* any tasks: name, pid and tid are 0 */
};

/* Runs on a CPU: one, or several and their sum. Others may have run between those (runs.h). */
struct dwell_run {
	__u64 begin; /* mono: when the first one began */
	__u64 until; /* mono: when the last one ended */
	__u64 ns;    /* sum of the runs */
	__u64 tasks; /* bit tid % 64 of each of the tasks; idle: 0 */
	union {
		char comm[DWELL_COMM_LEN]; /* when the first run ended; idle: undefined */
		__u64 name[2];		   /* @comm as numbers, for comparisons */
	};
	__u32 pid;  /* 0: idle, or several processes */
	__u32 tid;  /* 0: idle, or several tasks */
	__u32 kind; /* enum dwell_run_kind */
	__u32 cpu;  /* where, only in an outlier */
};

/* A timer callback that ran on a CPU. */
struct dwell_callback {
	__u64 function; /* 0: no such callback */
	__u64 entered;	/* mono */
};

/*
 * The waker that ended a block. The task is the one that was current: an interrupt may have
 * been the real waker, and then the stack tells.
 */
struct dwell_waker {
	__u32 pid;
	__u32 tid;
	char comm[DWELL_COMM_LEN];
	__u64 function;			/* timer callback that woke the task; 0: none */
	__u32 timer;			/* 1: a timer's callback was the waker */
	__u32 depth;			/* entries in use of @stack */
	__u64 stack[DWELL_STACK_DEPTH]; /* return addresses, the innermost first */
};

struct dwell_outlier {
	__u32 measure; /* enum dwell_measure */
	__u32 open;    /* 1: it has not ended yet */
	__u32 cpu;     /* where it ended, or for an open one, where the task is */
	__u32 pid;
	__u32 tid;
	__u32 block; /* enum dwell_block, for a block */
	__u64 start; /* task->start_time */
	__u64 cgroup;
	char comm[DWELL_COMM_LEN];

	__u64 from; /* mono */
	__u64 to;   /* mono: when it ended, or was found */
	__u64 ns;
	__u64 threshold; /* ns */
	__u64 typical;	 /* ns: mean of the task's other intervals of that kind */
	__u64 samples;	 /* number of those intervals */
	__u64 told;	 /* ns: its length when it was reported open; 0: it was not */
	/* A bit for each enum dwell_measure of reported parts. Only the user side sets it. */
	__u64 contains;

	/*
	 * Of a wait for a CPU: the tasks that had the CPU. A task that was moved while it
	 * waited is in the queue of @moved_from from @moved_since on, and in the queue of @cpu
	 * from @queued_at on.
	 */
	__u64 queued_at;   /* mono; if not after @from, it was in that queue all the time */
	__u64 moved_since; /* mono; if not before @queued_at, its place before is not known */
	__u32 moved_from;  /* a CPU */
	__u32 preempters;  /* of a dwell: how often it was preempted */
	__u32 runs_count;  /* entries in use of @runs, from the first on */
	struct dwell_run runs[DWELL_RUNS]; /* of both CPUs, in any order */

	/* Of a timer's lateness or latency. */
	__u64 function;	      /* its callback */
	__u64 lateness;	      /* ns */
	__u64 wakeup;	      /* ns: callback entry -> queued */
	__u64 runqueue;	      /* ns: queued -> on-CPU; the three add up to @ns */
	__u64 expires;	      /* mono: when the timer was due */
	__u32 callbacks_next; /* position of the oldest in @callbacks */
	struct dwell_callback callbacks[DWELL_CALLBACKS]; /* of this CPU, a ring */

	/* Of a dwell. */
	__u64 oncpu; /* ns on a CPU */

	/* Of a block: where it was, and what ended it. */
	__s32 syscall;	  /* of a timer too, as dwell_timer_key.syscall */
	__u32 owner;	  /* tid of the owner of the mutex that it waited for; 0: none known */
	__u32 depth;	  /* entries in use of @stack */
	__u32 user_depth; /* entries in use of @user_stack */
	__u64 stack[DWELL_STACK_DEPTH];	     /* return addresses, the innermost first */
	__u64 user_stack[DWELL_STACK_DEPTH]; /* return addresses in user space, if asked for */
	struct dwell_waker waker;
};

/* Counts of one measure's outliers, each of which was reported, suppressed or lost. */
struct dwell_outlier_counts {
	__u64 reported;
	__u64 suppressed; /* by the limits on their rate */
	__u64 lost;	  /* the ring buffer was full */
};

/* ---- what dwell itself costs ------------------------------------------- */

/*
 * One in so many runs of the programs on busy hooks is timed. It is a prime, so as not to
 * keep step with any cycle.
 */
#define DWELL_COST_PERIOD 1021

struct dwell_cost {
	__u64 runs; /* timed ones */
	__u64 ns;   /* of @runs, without the time for reading the clock */
};

/* What is left undone when dwell costs too much. Each level includes those before it. */
enum dwell_shed {
	DWELL_SHED_NOTHING,
	DWELL_SHED_STACKS,   /* no stacks of outliers are walked */
	DWELL_SHED_OUTLIERS, /* outliers are only counted, as suppressed */
	DWELL_SHED_EXPORTS,  /* the user side exports less often */
	DWELL_SHED_LEVELS
};

/* ---- what the kernel side is told ------------------------------------- */

#define DWELL_FILTER_MAX 16
#define DWELL_SLEEPERS 3
#define DWELL_USER_CALLBACKS 6

/*
 * Settings, constant once loaded. The verifier removes branches that they switch off, so
 * that a tracepoint's argument is never read on a kernel that lacks it.
 */
struct dwell_config {
	__u8 prev_state;   /* sched_switch passes prev's state (5.18) */
	__u8 was_armed;	   /* hrtimer_start tells re-arms, so hrtimer_cancel is always a cancel */
	__u8 cgroup_v1;	   /* cgroup ids are of the v1 cpu hierarchy */
	__u8 pid_ns;	   /* dwell is in a pid namespace: only its tasks, by its numbers */
	__u8 twin_expiry;  /* PREEMPT_RT: two programs see each expiry; see timer_expire.bpf.h */
	__u64 clock_error; /* ns: a smaller step back is no time going backwards */
	__u32 nr_pids, nr_tids, nr_cgroups, nr_comms;
	__u32 pids[DWELL_FILTER_MAX];
	__u32 tids[DWELL_FILTER_MAX];
	__u64 cgroups[DWELL_FILTER_MAX];
	char comms[DWELL_FILTER_MAX][DWELL_COMM_LEN];
	/* Callback addresses; 0: the kernel has no such function, or its address is not known. */
	__u64 builtins[DWELL_BUILTINS];
	__u64 sleepers[DWELL_SLEEPERS];
	__u64 user_callbacks[DWELL_USER_CALLBACKS];
	__u64 process_timeout; /* callback of schedule_timeout() in the timer wheel */
	__u64 tick_ns;	       /* length of a jiffy */

	/* Outliers. */
	__u8 outliers;		       /* 1: at least one kind is looked for */
	__u8 adaptive[DWELL_MEASURES]; /* 1: the task's usual intervals raise the threshold */
	__u8 cpu_token_shift;	       /* a CPU gains a token each 2^cpu_token_shift ns */
	__u8 user_stacks;	       /* 1: a user stack is kept for each task that blocks */
	__u8 sees_moves;	       /* 1: on_move() notes where a waiting task is moved to */
	__u8 ledger;		       /* 1: the ledger of timers is kept in full */
	__u8 sites;		       /* 1: sites are kept, where timers are armed */
	__u8 sample_cost;	       /* 1: struct dwell_cost is kept */

	/*
	 * Parts that the kernel accepted. 0: it refused a program or a map, and all that
	 * depends on it is left undone. user/model/reduction.c tells what is lost then.
	 */
	__u8 has_ring;
	__u8 has_builtin_timers;
	__u8 has_kernel_timers;
	__u8 has_timer_ledger;
	__u8 has_armed_timers;
	__u8 sees_callback_ends; /* on_timer_expired runs */
	__u8 sees_chains;	 /* from a callback's entry through a wake-up in it to its end */
	__u8 sees_cancels;	 /* on_timer_cancel runs */
	__u8 sees_expiries;	 /* on_timer_expire runs */

	__u32 deviations;	     /* an adaptive threshold is so many beyond the mean */
	__u64 floor[DWELL_MEASURES]; /* ns: least threshold; U64_MAX: not looked for */
};

/* Whether the kernel side measures. The user side sets it for all programs at once. */
enum dwell_window { DWELL_WINDOW_AHEAD, DWELL_WINDOW_OPEN, DWELL_WINDOW_CLOSED };

/* ---- losses ----------------------------------------------------------- */

/*
 * The ledger of losses: name in the output, and meaning for a reader. The user side counts
 * those from RECURSION on, and the kernel side those before.
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
