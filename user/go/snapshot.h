/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots: the timers and goroutines that a Go process held at one moment. */
#ifndef DWELL_GO_SNAPSHOT_H
#define DWELL_GO_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of timers: X(ID, name for machines, text for people, more than one of them). */
#define GO_TIMER_KIND_LIST(X)                                                        \
	X(TICKER, "ticker", "ticker", "tickers")                                     \
	X(TIMER, "timer", "timer (NewTimer or After)", "timers (NewTimer or After)") \
	X(FUNC, "func", "AfterFunc", "AfterFuncs")                                   \
	X(CONTEXT, "context", "context deadline", "context deadlines")               \
	X(SLEEP, "sleep", "Sleep", "Sleeps")                                         \
	X(DEADLINE, "deadline", "network deadline", "network deadlines")             \
	X(RUNTIME, "runtime", "timer of the runtime", "timers of the runtime")

enum go_timer_kind {
#define X(id, name, text, plural) GO_##id,
	GO_TIMER_KIND_LIST(X)
#undef X
		GO_TIMER_KINDS
};

/* States of goroutines. A syscall is counted apart, since its thread is the kernel's matter. */
#define GO_STATE_LIST(X)        \
	X(RUNNING, "running")   \
	X(RUNNABLE, "runnable") \
	X(WAITING, "waiting")   \
	X(SYSCALL, "syscall")   \
	X(OTHER, "other")

enum go_state {
#define X(id, name) GO_##id,
	GO_STATE_LIST(X)
#undef X
		GO_STATES
};

#define GO_STACK_DEPTH 24
#define GO_NONE UINT32_MAX

/* A stack of a parked goroutine, the innermost function first. Equal stacks are kept once. */
struct go_stack {
	uint32_t depth;
	bool cut;		     /* it goes on beyond @pc, or its chain is broken */
	uint64_t pc[GO_STACK_DEPTH]; /* within the calls: no return addresses */
};

/* A timer that is in a heap of the runtime. */
struct go_timer {
	uint64_t address;   /* of the runtime's structure */
	uint8_t kind;	    /* enum go_timer_kind */
	bool dead;	    /* stopped, but still in the heap */
	bool full;	    /* its channel holds a tick that nobody has taken */
	uint8_t receivers;  /* goroutines that wait on its channel; 255: or more */
	uint32_t goroutine; /* index of the first receiver or the sleeper; GO_NONE: nobody */
	int64_t when;	    /* mono ns: due */
	uint64_t period_ns; /* 0: once */
	uint64_t function;  /* FUNC, CONTEXT, RUNTIME: entry of what is called; 0: not known */
};

struct go_goroutine {
	uint64_t id;
	uint8_t state;	  /* enum go_state */
	bool system;	  /* the runtime's own: pprof leaves it out */
	bool polls;	  /* waits for the network poller */
	uint32_t stack;	  /* index; GO_NONE: none could be read, as of a running one */
	uint64_t creator; /* address within the go statement's function; 0: none */
	uint64_t start;	  /* entry of its first function */
	int64_t since;	  /* mono ns: waiting at least since then; 0: the runtime does not know */
};

/* What could not be read as it should: each is counted, none is guessed. */
#define GO_LOSS_LIST(X)                                                                         \
	X(TIMERS_MOVED, "timers_moved", "timers that moved while they were read")               \
	X(TIMERS_CAPPED, "timers_capped", "timers beyond the most that are read")               \
	X(GOROUTINES_MOVED, "goroutines_moved", "goroutines that could not be read")            \
	X(GOROUTINES_CAPPED, "goroutines_capped", "goroutines beyond the most that are read")   \
	X(STACKS_BROKEN, "stacks_broken", "stacks that could not be followed to their end")     \
	X(STACKS_CAPPED, "stacks_capped", "stacks of goroutines beyond the most that are kept") \
	X(NAMES, "names", "functions without a name")

enum go_loss {
#define X(id, name, text) GO_LOSS_##id,
	GO_LOSS_LIST(X)
#undef X
		GO_LOSSES
};

#define GO_TIMERS_MAX 1000000
#define GO_GOROUTINES_MAX 1000000
#define GO_STACKS_MAX 65536 /* different ones */
#define GO_PS_MAX 4096

/* All zeros is empty. */
struct go_snapshot {
	int64_t at; /* mono ns: when it began */
	uint64_t took_ns;
	uint32_t ps;	   /* GOMAXPROCS: Ps in use */
	uint32_t runqueue; /* goroutines in the Ps' own queues; those of the global one are not */
	bool runqueue_known;
	struct go_timer *timer; /* owned */
	size_t timers;
	struct go_goroutine *goroutine; /* owned; without dead ones */
	size_t goroutines;
	struct go_stack *stack; /* owned */
	size_t stacks;
	uint64_t lost[GO_LOSSES];
	bool complete; /* nothing is lost, and the process was the same until the end */
};

/* Frees what @snapshot holds, and makes it empty. */
void go_snapshot_clear(struct go_snapshot *snapshot);

#endif
