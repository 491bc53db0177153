/* SPDX-License-Identifier: GPL-2.0-only */
/* The sink for Prometheus: all series in its text format 0.0.4, the same families each time. */
#ifndef DWELL_EXPORT_PROM_H
#define DWELL_EXPORT_PROM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "export/series.h"
#include "model/reduction.h"

/* A program of the kernel side. */
struct prom_program {
	const char *name;
	bool attached;
};

/* Everything that is exported. Nothing in it is the sink's; names may be any bytes. */
struct prom {
	const char *version;	     /* dwell's own */
	const struct series *series; /* just updated */
	uint64_t losses[DWELL_LOSSES];
	struct dwell_outlier_counts outliers[DWELL_MEASURES];
	uint64_t hidden_tasks; /* exist, but were not listed by the kernel */

	/* What dwell costs, since it began. */
	uint64_t bpf_ns; /* estimated */
	uint64_t bpf_runs;
	uint64_t cpu_ns; /* of dwell's own process */
	uint64_t rss_bytes;
	double overhead_ratio; /* of the time of all CPUs together; NaN: not known, no such series */
	unsigned int shed_level;

	/* The export itself: when this one is, how long the last one took, how many failed. */
	struct timespec exported; /* CLOCK_REALTIME */
	uint64_t export_ns;
	uint64_t export_errors;

	/* Entries for the journal that were lost: it had no room, or another reason. */
	uint64_t journal_full;
	uint64_t journal_failed;

	const struct reductions *reductions; /* NULL: nothing was refused */
	struct unmeasured unmeasured;	     /* what has no series therefore */

	const struct prom_program *programs; /* each name once */
	size_t nr_programs;
};

/* Writes everything to @out and flushes it. 0 or the negative errno of writing. */
int prom_write(FILE *out, const struct prom *prom);

#endif
