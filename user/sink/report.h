/* SPDX-License-Identifier: GPL-2.0-only */
/* A report: everything that a sink writes, as a table for people or as NDJSON. */
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

/* What dwell itself cost. Ratios are parts of the time of all CPUs together: 0.01 is 1 %. */
struct overhead {
	bool bpf_measured; /* if false, the next two mean nothing */
	double bpf_ns_per_event;
	double bpf_cpu_ratio;
	double user_cpu_ratio;
	uint64_t rss_bytes; /* resident, of all of dwell's processes; 0: not known */
};

/* Everything a sink needs. A sink owns and frees nothing of it. Names may be any bytes. */
struct report {
	const char *version; /* of dwell */
	const char *host;
	const char *kernel; /* its release, as uname() tells it */
	unsigned int cpus;  /* online */

	struct view view;
	uint64_t window_start; /* mono ns; the end is 0 while the window is open */
	uint64_t window_end;
	struct timespec time; /* CLOCK_REALTIME of the window's end */
	const char *filters;  /* as text; NULL: everything was measured */

	struct rows rows; /* as @view asks; the caller frees them with rows_free() */
	bool ledger;	  /* whether there is a ledger, with the next two */
	struct timer_view timer_view;
	/* As @timer_view asks; the caller frees them with timer_rows_free(). */
	struct timer_rows timers;
	uint64_t live_tasks;
	uint64_t exited_tasks; /* in the window */
	/* By enum dwell_loss: how often each happened, as far as it concerns @view. */
	uint64_t losses[DWELL_LOSSES];
	/* What the kernel or the host refused; NULL: nothing. */
	const struct reductions *reductions;
	struct unmeasured unmeasured; /* figures that mean nothing for that reason */
	uint64_t hidden_tasks;	      /* that the kernel did not list; UINT64_MAX: not known */
	/* By enum dwell_measure; NULL: none were looked for. */
	const struct dwell_outlier_counts *outliers;
	const struct worst *worst; /* the worst outliers; NULL: not kept */
	struct naming naming;
	struct outlier_clock clock;
	struct overhead overhead;
	/* Numbers of addresses in programs, by enum file_outcome; NULL: no names were wanted. */
	const uint64_t *unnamed;
};

/* What machines call @loss; static. */
const char *report_loss_name(enum dwell_loss loss);

/* What @by, an enum row_by or an enum timer_by, is called; static. */
const char *report_by_name(unsigned int by);

/*
 * Whether all of @figures (enum figure, or'ed; 0: always true) are measured of the timers that
 * @row stands for. Those of a task's row are its timers of all kinds together.
 */
bool report_measured(const struct report *report, const struct row *row, unsigned int figures);
bool report_timer_measured(const struct report *report, const struct timer_row *row,
			   unsigned int figures);

/* Whether all timers were judged: only then does a report without leaks mean that none leaks. */
bool report_judged(const struct report *report);

/* The window's length in seconds, above 0. */
double report_seconds(const struct report *report);

#endif
