/* SPDX-License-Identifier: GPL-2.0-only */
/* A report: all that a sink writes, as a table for people or as NDJSON, and questions about it. */
#ifndef DWELL_SINK_REPORT_H
#define DWELL_SINK_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "findings/outlier.h"
#include "findings/worst.h"
#include "model/naming.h"
#include "model/reduction.h"
#include "model/timer_view.h"
#include "model/view.h"

/* What dwell itself cost. Ratios are of the time of all CPUs together: 0.01 = 1 %. */
struct overhead {
	bool bpf_measured; /* else the next two mean nothing */
	double bpf_ns_per_event;
	double bpf_cpu_ratio;
	double user_cpu_ratio;
	uint64_t rss_bytes; /* 0: not known */
};

/* Everything a sink needs. Nothing in it is the sink's; names may be any bytes. */
struct report {
	const char *version; /* dwell's own */
	const char *host;
	const char *kernel; /* its release */
	unsigned int cpus;  /* online */

	struct view view;
	uint64_t window_start; /* mono ns */
	uint64_t window_end;
	struct timespec time; /* CLOCK_REALTIME of the window's end */
	const char *filters;  /* as text, or NULL: everything was measured */

	struct rows rows; /* of @view */
	bool ledger;	  /* there is one: */
	struct timer_view timer_view;
	struct timer_rows timers; /* of @timer_view */
	uint64_t live_tasks;
	uint64_t exited_tasks;	       /* in the window */
	uint64_t losses[DWELL_LOSSES]; /* how often each happened, as far as it concerns @view */
	const struct reductions *reductions; /* NULL: nothing was refused */
	struct unmeasured unmeasured;	     /* what means nothing therefore */
	uint64_t hidden_tasks; /* exist, but were not listed by the kernel; UINT64_MAX: not known */
	const struct dwell_outlier_counts *outliers; /* by measure; NULL: were not looked for */
	const struct worst *worst;		     /* of the outliers; NULL: not kept */
	struct naming naming;
	struct outlier_clock clock;
	struct overhead overhead;
	const uint64_t *unnamed; /* addresses in programs, by enum file_outcome; NULL: none were */
};

/* What machines call a loss; static. */
const char *report_loss_name(enum dwell_loss loss);

/* What an enum row_by, or an enum timer_by, is called; static. */
const char *report_by_name(unsigned int by);

/*
 * Whether all of @figures (enum figure, or'ed; 0: always) are measured of what a row stands
 * for: tasks' timers of all kinds together, those of the kernel, or a row of the ledger.
 */
bool report_measured(const struct report *report, const struct row *row, unsigned int figures);
bool report_timer_measured(const struct report *report, const struct timer_row *row,
			   unsigned int figures);

/* Whether of all timers it is known which leak: only then does silence mean that none does. */
bool report_judged(const struct report *report);

/* The window's length in seconds, never 0. */
double report_seconds(const struct report *report);

#endif
