/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers, and what a CPU ran meanwhile, made by hand for tests of outliers. */
#include "harness/unit/runs.h"

#include <string.h>

#define FIRST_NS 5000000ULL

void runs_add(struct dwell_outlier *outlier, uint32_t tid, uint64_t until)
{
	size_t count = outlier->runs_count++;
	uint64_t begin = count ? outlier->runs[count - 1].until : until - FIRST_NS;

	outlier->runs[count] = (struct dwell_run){
		.begin = begin,
		.until = until,
		.ns = until - begin,
		.tasks = tid ? 1ULL << (tid % 64) : 0,
		.pid = tid,
		.tid = tid,
		.kind = tid ? DWELL_RUN_TASK : DWELL_RUN_IDLE,
		.cpu = outlier->cpu,
	};
}

void runs_clear(struct dwell_outlier *outlier)
{
	outlier->runs_count = 0;
	memset(outlier->runs, 0, sizeof(outlier->runs));
}

struct dwell_outlier ticker_outlier(enum dwell_measure measure)
{
	return (struct dwell_outlier){.measure = measure,
				      .cpu = 1,
				      .pid = 4711,
				      .tid = TICKER,
				      .comm = "ticker",
				      .from = BEGIN,
				      .to = BEGIN + 24 * MS,
				      .ns = 24 * MS,
				      .threshold = 3 * MS,
				      .typical = 40 * US,
				      .samples = 1234,
				      .queued_at = BEGIN,
				      .syscall = DWELL_NO_SYSCALL};
}

void ticker_add_run(struct dwell_outlier *outlier, uint32_t tid, int64_t until)
{
	runs_add(outlier, tid, BEGIN + (uint64_t)until);
}
