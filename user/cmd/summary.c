// SPDX-License-Identifier: GPL-2.0-only
/* dwell summary: measures for a while, then writes one table. */
#include "cmd/collection.h"
#include "cmd/commands.h"
#include "cmd/plan.h"
#include "sink/report.h"
#include "sink/summary.h"

struct plan summary_plan(const struct options *options)
{
	static const enum timer_by by[] = {
		[ROW_BY_TASK] = TIMER_BY_TASK,
		[ROW_BY_PROCESS] = TIMER_BY_PROCESS,
		[ROW_BY_COMM] = TIMER_BY_COMM,
		[ROW_BY_CGROUP] = TIMER_BY_CGROUP,
	};

	return (struct plan){
		.options = options,
		.ledger = options->ledger,
		.view = options->view,
		.timer_view = {.by = by[options->view.by], .limit = options->view.limit},
	};
}

static int write_report(struct collection *collection)
{
	const struct options *options = collection->session.options;
	FILE *out = collection->session.output.file;
	struct session_heading heading;
	struct report report = {.ledger = options->ledger.wanted};
	int err;

	collection_describe(collection, &heading, &report);
	err = model_rows(collection->model, &report.view, &report.rows);
	if (!err && report.ledger)
		err = model_timer_rows(collection->model, &report.timer_view, &report.naming,
				       &report.unmeasured, &report.timers);
	if (!err)
		err = options->json ? summary_json(out, &report) : summary_text(out, &report);
	rows_free(&report.rows);
	timer_rows_free(&report.timers);
	return err;
}

int cmd_summary(const struct options *options)
{
	const struct plan plan = summary_plan(options);

	return collection_report(&plan, write_report);
}
