/* SPDX-License-Identifier: GPL-2.0-only */
/* A measurement: a workload's work inside the windows of two runs, by task and by process. */
#ifndef DWELL_LIVE_MEASURE_H
#define DWELL_LIVE_MEASURE_H

#include <stdbool.h>

#include "harness/live/proc.h"
#include "harness/live/report.h"
#include "harness/live/workload.h"

struct measurement {
	struct work work; /* as the workload left it */
	struct report by_task;
	struct report by_process;
};

struct measure_plan {
	void (*body)(struct work *work);
	const void *argument;
	const struct dwell_manner *manner; /* how dwell is started; NULL = plainly */
	unsigned int tasks;		   /* that the body measures at a time; 0 = 1 */
	bool everything;		   /* measure all tasks, not only the workload's process */
	bool ends;			   /* the process ends by itself in the window */
	enum proc_cpu cpu;		   /* where all of it runs */
	unsigned int seconds;		   /* for the body; 0 = 20 */
};

/*
 * Measures the work of @plan from before it begins until after it is done, all
 * of it on one CPU (see proc_pin()); once more, a few times, if the work says that it was disturbed. A failure
 * ends the test. Freed by measure_free().
 */
void measure(struct measurement *measurement, const struct measure_plan *plan);
void measure_free(struct measurement *measurement);

#endif
