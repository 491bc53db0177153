/* SPDX-License-Identifier: GPL-2.0-only */
/* A report: the questions that every sink asks about it. */
#include "sink/report.h"

const char *report_loss_name(enum dwell_loss loss)
{
	static const char *const names[] = {
#define X(id, name, text) [DWELL_LOSS_##id] = name,
		DWELL_LOSS_LIST(X)
#undef X
	};

	return names[loss];
}

const char *report_by_name(unsigned int by)
{
	static const char *const names[] = {"task", "process", "comm", "cgroup", "callback", "api"};

	_Static_assert(ROW_BY_CGROUP == (int)TIMER_BY_CGROUP && TIMER_BY_API == 5,
		       "both begin alike, and each has a name");
	return names[by];
}

bool report_measured(const struct report *report, const struct row *row, unsigned int figures)
{
	const struct unmeasured *unmeasured = &report->unmeasured;

	return !(figures &
		 (row->kernel_timer ? unmeasured->kernel : unmeasured->sleeps | unmeasured->users));
}

bool report_timer_measured(const struct report *report, const struct timer_row *row,
			   unsigned int figures)
{
	return !(figures & timer_unmeasured(&report->unmeasured, row->kind));
}

bool report_judged(const struct report *report)
{
	const struct unmeasured *unmeasured = &report->unmeasured;

	return timer_rows_judged(&report->timers) &&
	       !(FIGURE_OUTSTANDING &
		 (unmeasured->sleeps | unmeasured->users | unmeasured->kernel | unmeasured->wheel));
}

double report_seconds(const struct report *report)
{
	uint64_t window = report->window_end - report->window_start;

	return (window ? (double)window : 1) / 1e9;
}
