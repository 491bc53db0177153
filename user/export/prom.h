/* SPDX-License-Identifier: GPL-2.0-only */
/* The sink for Prometheus: all series in its text format 0.0.4. */
#ifndef DWELL_EXPORT_PROM_H
#define DWELL_EXPORT_PROM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "export/prom_go.h"
#include "export/series.h"
#include "model/reduction.h"

/* A program of the kernel side. */
struct prom_program {
	const char *name;
	bool attached;
};

/* Everything that is exported. The sink owns and frees nothing of it. Names may be any bytes. */
struct prom {
	const char *version;	     /* of dwell */
	const struct series *series; /* updated for this export */
	/* By enum dwell_loss; DWELL_LOSS_TASKS_FOLDED is not exported. */
	uint64_t losses[DWELL_LOSSES];
	struct dwell_outlier_counts outliers[DWELL_MEASURES]; /* by enum dwell_measure */
	/* Not listed by the kernel; UINT64_MAX: not known, no such series. */
	uint64_t hidden_tasks;

	/* What dwell has cost since it began. */
	uint64_t bpf_ns; /* estimated */
	uint64_t bpf_runs;
	uint64_t cpu_ns;    /* of dwell's process */
	uint64_t rss_bytes; /* 0: not known, no such series */
	/* A part of the time of all CPUs together; NaN: not known, no such series. */
	double overhead_ratio;
	unsigned int shed_level; /* enum dwell_shed */

	/*
	 * The export: the time of this one, the duration of the one before, and how many failed
	 * so far.
	 */
	struct timespec exported; /* CLOCK_REALTIME */
	uint64_t export_ns;
	uint64_t export_errors;

	/* Entries that the journal lost: for lack of room, or for another reason. */
	uint64_t journal_full;
	uint64_t journal_failed;

	/* What the kernel or the host refused; NULL: nothing. */
	const struct reductions *reductions;
	struct unmeasured unmeasured; /* figures without series because of the refusals */

	const struct go_census *go; /* NULL: Go programs are not to be read */
	const char *go_programs;    /* text of prom_go_programs() */
	size_t go_bytes;

	const struct prom_program *programs; /* names differ */
	size_t nr_programs;
};

/* Writes everything to @out and flushes it. 0 or the negative errno of writing. */
int prom_write(FILE *out, const struct prom *prom);

#endif
