// SPDX-License-Identifier: GPL-2.0-only
/* dwell timers: measures for a while, then writes the ledger of timers. */
#include "cmd/collection.h"
#include "cmd/commands.h"
#include "cmd/plan.h"
#include "sink/report.h"
#include "sink/timers.h"

struct plan timers_plan(const struct options *options)
{
	struct plan plan = {
		.options = options,
		.ledger = options->ledger,
		/* No row has a task's own counters, so exited tasks need not be kept for them. */
		.view = {.by = ROW_BY_PROCESS},
		.timer_view = options->timer_view,
	};

	plan.ledger.wanted = true;
	plan.ledger.alone = true;
	plan.timer_view.limit = options->view.limit;
	return plan;
}

static int write_report(struct collection *collection)
{
	const struct options *options = collection->session.options;
	FILE *out = collection->session.output.file;
	struct session_heading heading;
	struct report report = {.ledger = true};
	int err;

	collection_describe(collection, &heading, &report);
	err = model_timer_rows(collection->model, &report.timer_view, &report.naming,
			       &report.unmeasured, &report.timers);
	if (!err)
		err = options->json ? timers_json(out, &report) : timers_text(out, &report);
	timer_rows_free(&report.timers);
	return err;
}

int cmd_timers(const struct options *options)
{
	const struct plan plan = timers_plan(options);

	return collection_report(&plan, write_report);
}
