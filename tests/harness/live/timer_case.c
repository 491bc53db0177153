/* SPDX-License-Identifier: GPL-2.0-only */
/* Measuring a timer case. */
#include "harness/live/live.h"
#include "harness/live/measure.h"
#include "harness/live/timer_case.h"

const struct timespec case_timeout = {.tv_nsec = CASE_TIMEOUT_NS};

struct timespec case_deadline(clockid_t clock, uint64_t ns)
{
	struct timespec now;

	clock_gettime(clock, &now);
	ns += (uint64_t)now.tv_nsec;
	now.tv_sec += (time_t)(ns / 1000000000);
	now.tv_nsec = (long)(ns % 1000000000);
	return now;
}

void timer_case_measure(const struct timer_case *timer_case, const struct dwell_manner *manner)
{
	const struct measure_plan plan = {
		.body = timer_case->body, .manner = manner, .ends = timer_case->ends};
	struct measurement measurement;
	int64_t pid;

	measure(&measurement, &plan);
	pid = measurement.work.pid;
	report_expect_timers(&measurement.by_task, report_row(&measurement.by_task, "tid", pid),
			     "its task", &timer_case->want);
	report_expect_timers(&measurement.by_process,
			     report_row(&measurement.by_process, "pid", pid), "its process",
			     &timer_case->want);
	report_expect_no_loss(&measurement.by_task);
	report_expect_no_loss(&measurement.by_process);
	measure_free(&measurement);
}

void timer_case_run(const void *argument)
{
	timer_case_measure(argument, NULL);
}
