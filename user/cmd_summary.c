// SPDX-License-Identifier: GPL-2.0-only
/* dwell summary: measures for a while, then writes one table. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "message.h"
#include "privilege.h"
#include "session.h"

#define EXITED_ROWS 10000 /* exited tasks with a row of their own */

/* All zeros is nothing yet; ended by summary_clear(). */
struct summary {
	struct session session;
	struct model *model;
	struct worst worst;
	struct dwell_outlier_counts outliers[DWELL_MEASURES];
};

static void summary_clear(struct summary *summary)
{
	session_clear(&summary->session);
	model_free(summary->model);
}

/* ---- from source to model ------------------------------------------------- */

static int take_record(void *context, const struct dwell_record *record)
{
	struct summary *summary = context;

	if (record->kind == DWELL_EXIT)
		names_remember(summary->session.names, record->tid, record->comm);
	return model_add_record(summary->model, record);
}

static int take_timers(void *context, const struct dwell_timer_key *key,
		       const struct dwell_timer_counts *counts)
{
	struct summary *summary = context;

	return model_add_timers(summary->model, key, counts);
}

static int take_armed(void *context, const struct dwell_armed_timer *timer)
{
	struct summary *summary = context;

	return model_add_armed(summary->model, timer);
}

static int take_outlier(void *context, const struct dwell_outlier *outlier)
{
	struct summary *summary = context;

	worst_add(&summary->worst, outlier);
	return 0;
}

static int measure(struct summary *summary)
{
	struct session *session = &summary->session;
	struct model *model = summary->model;
	uint64_t losses[DWELL_LOSSES];
	int err = session_start(session, session->options->output ? PRIVILEGE_KEEP_FILES :
								    PRIVILEGE_KEEP_NONE);

	if (!err)
		err = source_run(session->source, session_until(session), &session_stop);
	if (err)
		return err;
	session->end = source_stop(session->source);
	model_set_window(model, session->start, session->end);
	model_clear_armed(model);
	err = source_read(session->source);
	source_losses(session->source, losses);
	model_set_losses(model, losses);
	source_outlier_counts(session->source, summary->outliers);
	return err;
}

/* ---- from model to sink --------------------------------------------------- */

static int write_report(struct summary *summary)
{
	struct session *session = &summary->session;
	struct model *model = summary->model;
	struct session_heading heading;
	struct report report = {
		.model = model,
		.worst = &summary->worst,
		.outliers = summary->outliers,
	};
	int err;

	session_describe(session, &heading, &report);
	err = model_rows(model, &report.view, &report.rows);
	if (err)
		return err;
	if (session->options->json)
		err = sink_json(session->output.file, &report);
	else
		err = sink_table(session->output.file, &report);
	rows_free(&report.rows);
	return err;
}

/* ---- the command ------------------------------------------------------------ */

int cmd_summary(const struct options *options)
{
	struct summary summary __attribute__((cleanup(summary_clear))) = {
		.model = model_new(options->view.by == ROW_BY_TASK ? EXITED_ROWS : 0),
	};
	const struct intake intake = {
		.record = take_record,
		.timers = take_timers,
		.armed = take_armed,
		.outlier = take_outlier,
		.context = &summary,
	};
	struct output *output = &summary.session.output;
	int err;

	if (!summary.model) {
		message_error("out of memory");
		return EXIT_FAILED;
	}
	if (output_open(output, options->output))
		return EXIT_FAILED;
	err = session_open(&summary.session, options, &intake);
	if (err)
		return session_exit_code(err);
	err = measure(&summary);
	if (err) {
		message_error("cannot measure: %s", strerror(-err));
		return EXIT_FAILED;
	}
	err = write_report(&summary);
	if (err == -EPIPE) /* its reader had enough */
		return EXIT_DONE;
	if (err) {
		message_error("cannot write the report: %s", strerror(-err));
		return EXIT_FAILED;
	}
	return output_commit(output) ? EXIT_FAILED : EXIT_DONE;
}
