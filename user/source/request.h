/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests to a source: what to measure, of which tasks, and where outliers begin. */
#ifndef DWELL_SOURCE_REQUEST_H
#define DWELL_SOURCE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

struct reductions;

#define SOURCE_FILTER_MAX DWELL_FILTER_MAX

/*
 * Which tasks are measured: those that match an entry of each list that is not empty. The
 * kernel side filters, so that other tasks cost almost nothing.
 */
struct source_filter {
	uint32_t pids[SOURCE_FILTER_MAX];
	uint32_t tids[SOURCE_FILTER_MAX];
	uint64_t cgroups[SOURCE_FILTER_MAX]; /* ids; groups below them match too */
	char comms[SOURCE_FILTER_MAX][DWELL_COMM_LEN];
	unsigned int nr_pids, nr_tids, nr_cgroups, nr_comms; /* lengths, ≤ SOURCE_FILTER_MAX */
};

/* The threshold beyond which an interval is an outlier. */
struct outlier_rule {
	uint64_t floor_ns; /* least threshold; UINT64_MAX: that kind is not looked for */
	bool adaptive;	   /* the task's usual intervals count too; false: the floor alone does */
};

/* Which outliers are looked for. */
struct source_outliers {
	struct outlier_rule rule[DWELL_MEASURES];
	unsigned int deviations; /* an adaptive threshold is so many beyond the mean */
	bool user_stacks;	 /* user stacks are kept each time that a task blocks */
};

/* The ledger of timers in full: sleeps by system call, time-outs, slack, callbacks. */
struct source_ledger {
	bool wanted;
	bool alone;	    /* nothing else is measured, so context switches cost nothing */
	bool sites;	    /* tells where timers are armed */
	bool wheel;	    /* includes timers of the timer wheel */
	unsigned int table; /* most armed timers, and if @wanted, most keys; 0: the default */
};

/* What a source is to measure. */
struct source_request {
	const struct source_filter *filter;	/* never NULL */
	const struct source_outliers *outliers; /* NULL: none are looked for */
	struct source_ledger ledger;
	struct reductions *reductions; /* the source adds to it; must outlive the source */
	bool outliers_alone;	       /* nothing but outliers is asked for */
	bool cgroup_v1;		       /* ids of cgroups are of the v1 cpu hierarchy, not of v2 */
	bool sample_cost;	       /* runs are timed for source_sampled_cost() */
};

#endif
