/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the probes on a Go process (go_sites.bpf.c) and the user side: where
 * timers are created, and what becomes of them. Times are mono ns, as Go's own are.
 */
#ifndef DWELL_BPF_GO_SITES_H
#define DWELL_BPF_GO_SITES_H

#include "dwell.h"

#define GO_SITES_DEPTH 12	  /* frames of a stack: what lies further out is cut */
#define GO_SITES_MAX 4096	  /* creating stacks and periods */
#define GO_SITES_ARMED_MAX 524288 /* timers that are armed at a time */
#define GO_SITES_IDLE_MAX 65536	  /* of those that are not, the ones that were armed last */
#define GO_SITES_COST_PERIOD 64	  /* one run in so many is timed */

/* Set before the programs are loaded. */
struct go_sites_config {
	__u32 tgid; /* in the initial pid namespace; 0: the probes alone choose the process */
	__u32 when; /* offset in the runtime's timer: when it is due; its period comes behind it */
	/*
	 * Go 1.23 and later: periods are arguments at creation, and the runtime runs (timer, now).
	 * Before, the period is in the timer, and it runs (P, timer, now).
	 */
	__u8 heaps;
};

/* What makes two timers' origin the same. */
struct go_site_key {
	__u64 period_ns; /* 0: once */
	/* Return addresses: of what called the probed function first. 0 behind the last one. */
	__u64 pc[GO_SITES_DEPTH];
};

/* What became of the timers of one origin, since the window began. */
struct go_site_counts {
	__u64 created;
	__u64 stopped; /* while they were armed */
	__u64 reset;
	__u64 fired;
	/* Armed to the last, for all that was seen: but another timer was created in their place. */
	__u64 replaced;
};

struct go_site {
	struct go_site_key key;
	struct go_site_counts counts;
};

/* A timer that is followed, by the address of the runtime's structure. */
struct go_site_timer {
	__u64 armed; /* mono: created or reset last */
	__u32 site;  /* index */
	__u32 unused;
};

/* How late timers fired, all of the process: the runtime's time less when they were due. */
struct go_sites_lateness {
	__u64 sum_ns, max_ns;
	__u64 bucket[DWELL_BUCKETS];
};

/* What could not be counted: X(ID, name for machines, text for people). */
#define GO_SITES_LOSS_LIST(X)                                                                     \
	X(SITES_FULL, "sites_full", "timers created in more places than are kept")                \
	X(TIMERS_FULL, "timers_full", "timers beyond the most that are followed")                 \
	X(TIMERS_UNREAD, "timers_unread", "timers whose memory was not there when they were due") \
	X(MISSED, "missed", "calls that the kernel skipped the probe of")

enum go_sites_loss {
#define X(id, name, text) GO_SITES_LOSS_##id,
	GO_SITES_LOSS_LIST(X)
#undef X
		GO_SITES_LOSSES
};

/* All of it grows only while @counting is set. */
struct go_sites_totals {
	__u64 hits;	     /* of all probes */
	__u64 timed, run_ns; /* runs of programs that were timed, and what they took */
	__u64 lost[GO_SITES_LOSSES];
	/* Of timers that were created before the window, by the runtime, or that were lost. */
	struct go_site_counts others;
	struct go_sites_lateness late;
	__u32 counting;
	__u32 sites; /* that were begun: more than GO_SITES_MAX if some were lost */
};

#endif /* DWELL_BPF_GO_SITES_H */
