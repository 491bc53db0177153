/* SPDX-License-Identifier: GPL-2.0-only */
/* Sinks: they write a report, as a table for people or as NDJSON, and know no source. */
#ifndef DWELL_SINK_REPORT_H
#define DWELL_SINK_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "model/model.h"
#include "findings/outlier.h"
#include "model/reduction.h"
#include "model/timer_view.h"
#include "findings/worst.h"

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
	const struct model *model;
	const struct reductions *reductions; /* NULL: nothing was refused */
	struct unmeasured unmeasured;	     /* what means nothing therefore */
	uint64_t hidden_tasks; /* exist, but were not listed by the kernel; UINT64_MAX: not known */
	const struct dwell_outlier_counts *outliers; /* by measure; NULL: were not looked for */
	const struct worst *worst;		     /* of the outliers; NULL: not kept */
	struct outlier_names names;
	struct outlier_clock clock;
	struct overhead overhead;
	const uint64_t *unnamed; /* addresses in programs, by enum file_outcome; NULL: none were */

	/* NULL, or NULL returned: no name is known, the number is written. */
	const char *(*cgroup_name)(void *context, uint64_t id);
	const char *(*function_name)(void *context, uint64_t address);
	void *context;
};

/* Every sink: 0, -ENOMEM, or what writing failed with (-EPIPE too: the caller decides). */
int sink_table(FILE *out, const struct report *report);
int sink_json(FILE *out, const struct report *report);

/* The same of the ledger of timers alone. */
int sink_timers_table(FILE *out, const struct report *report);
int sink_timers_json(FILE *out, const struct report *report);

/* Parts of them, for a command that streams what lies between. */
int sink_json_header(FILE *out, const struct report *report);
int sink_json_footer(FILE *out, const struct report *report);
void sink_table_footer(FILE *out, const struct report *report);

/*
 * How often @loss happened, as far as it concerns the view: that exited tasks
 * are kept in their groups' sums only is no loss to a view of groups.
 */
uint64_t report_loss(const struct report *report, enum dwell_loss loss);

/* Ends what was written to @out: 0, or what writing failed with at any time. */
int sink_flush(FILE *out);

#endif
