/* SPDX-License-Identifier: GPL-2.0-only */
/* A CPU quota: time throttled is not time queued. */
#include <inttypes.h>
#include <unistd.h>

#include "cgroups.h"
#include "live.h"
#include "measure.h"

#define HOG_NS 2000000000ULL
#define QUOTA_US 20000
#define PERIOD_US 100000

static void hog_over_quota(struct work *work)
{
	cgroup_add(work->argument, getpid());
	proc_pin(0, PROC_LAST_CPU);
	work->began[0] = proc_now();
	proc_spin(work->began[0] + HOG_NS);
	work->ended[0] = proc_now();
}

static void run_throttled(const void *argument)
{
	struct measure_plan plan = {.body = hog_over_quota};
	struct measurement measurement;
	int64_t throttled, truth, queued, oncpu, wall;
	struct cgroup cgroup;
	const json_t *row;

	(void)argument;
	cgroup_make(&cgroup, "quota");
	cgroup_set_quota(&cgroup, QUOTA_US, PERIOD_US);
	/* When its quota is refilled it is queued, and nothing tells that from throttling. */
	cgroup_prefer(&cgroup);
	plan.argument = &cgroup;
	measure(&measurement, &plan);
	truth = (int64_t)cgroup_throttled(&cgroup);
	row = report_row(&measurement.by_task, "tid", measurement.work.pid);
	throttled = report_integer(row, "throttled.sum_ns");
	queued = report_integer(row, "runqueue.sum_ns");
	oncpu = report_integer(row, "oncpu_ns");
	wall = (int64_t)(measurement.work.ended[0] - measurement.work.began[0]);
	live_note("throttled %" PRId64 " (%" PRId64 ") us, on the CPU %" PRId64 ", queued %" PRId64
		  " of %" PRId64 " us",
		  throttled / 1000, truth / 1000, oncpu / 1000, queued / 1000, wall / 1000);
	if (truth < wall / 4)
		live_abort("the kernel itself did not throttle the hog");
	live_expect_near("time throttled", throttled, truth, truth / 10);
	live_expect_near("the sum of all states", oncpu + queued + throttled, wall,
			 live_slower(wall / 50, 5));
	/* Others may take the CPU from it, but only while it is not throttled. */
	live_expect_range("time queued", queued, 0, wall - oncpu - truth + truth / 10);
	report_expect_no_loss(&measurement.by_task);
	measure_free(&measurement);
}

const struct live_test tests_throttle[] = {
	{.name = "throttled", .run = run_throttled},
	{0},
};
