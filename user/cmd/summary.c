// SPDX-License-Identifier: GPL-2.0-only
/* dwell summary: measures for a while, then writes one table. */
#include "cmd/collection.h"
#include "cmd/commands.h"
#include "sink/summary.h"

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
	struct collection collection __attribute__((cleanup(collection_clear))) = {0};
	int status = collection_open(&collection, options);

	if (status == EXIT_DONE)
		status = collection_run(&collection);
	if (status != EXIT_DONE)
		return status;
	return collection_finish(&collection, write_report(&collection));
}
