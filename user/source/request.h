/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests: what a source is asked to measure, of whom, and where outliers begin. */
#ifndef DWELL_SOURCE_REQUEST_H
#define DWELL_SOURCE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

struct reductions;

#define SOURCE_FILTER_MAX DWELL_FILTER_MAX

/*
 * Which tasks are measured; a task must match one of each list that is not
 * empty. Applied in the kernel, so that what is not wanted costs almost nothing.
 */
struct source_filter {
	uint32_t pids[SOURCE_FILTER_MAX];
	uint32_t tids[SOURCE_FILTER_MAX];
	uint64_t cgroups[SOURCE_FILTER_MAX]; /* ids; what is below them belongs to them */
	char comms[SOURCE_FILTER_MAX][DWELL_COMM_LEN];
	unsigned int nr_pids, nr_tids, nr_cgroups, nr_comms;
};

/* Beyond what an interval is an outlier. */
struct outlier_rule {
	uint64_t floor_ns; /* UINT64_MAX: that kind is not looked for */
	bool adaptive;	   /* also by what the task is used to; else the floor alone decides */
};

/* Which outliers are looked for. */
struct source_outliers {
	struct outlier_rule rule[DWELL_MEASURES];
	unsigned int deviations; /* beyond the mean */
	bool user_stacks;	 /* kept each time that a task blocks */
};

/* The ledger of timers in full: sleeps by system call, time-outs, slack, callbacks. */
struct source_ledger {
	bool wanted;
	bool alone;	    /* nothing else is measured: context switches cost nothing then */
	bool sites;	    /* where timers are armed */
	bool wheel;	    /* timers of the timer wheel too */
	unsigned int table; /* room for so many armed timers, and if @wanted keys; 0: as it comes */
};

/* What is to be measured. */
struct source_request {
	const struct source_filter *filter;
	const struct source_outliers *outliers; /* NULL: none */
	struct source_ledger ledger;
	struct reductions *reductions; /* lives as long as the source, which adds to it */
	bool outliers_alone;	       /* they are all that is asked for */
	bool cgroup_v1;		       /* ids of cgroups from the v1 cpu hierarchy, not from v2 */
	bool sample_cost;	       /* for source_sampled_cost() */
};

#endif
