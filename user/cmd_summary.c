// SPDX-License-Identifier: GPL-2.0-only
/* dwell summary: measures for a while, then writes one table. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "message.h"
#include "session.h"

#define EXITED_ROWS 10000 /* exited tasks with a row of their own */

/* ---- from source to model ------------------------------------------------- */

static int take_record(void *context, const struct dwell_record *record)
{
	return model_add_record(context, record);
}

static int take_timers(void *context, const struct dwell_timer_key *key,
		       const struct dwell_timer_counts *counts)
{
	return model_add_timers(context, key, counts);
}

static int take_armed(void *context, const struct dwell_armed_timer *timer)
{
	return model_add_armed(context, timer);
}

static int measure(struct session *session, struct model *model)
{
	uint64_t losses[DWELL_LOSSES];
	int err = session_start(session, session->options->output);

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
	return err;
}

/* ---- from model to sink --------------------------------------------------- */

static int write_report(struct session *session, struct model *model)
{
	struct session_heading heading;
	struct report report = {.model = model};
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

static void free_model(struct model **model)
{
	model_free(*model);
}

int cmd_summary(const struct options *options)
{
	struct session session __attribute__((cleanup(session_clear))) = {0};
	struct model *model __attribute__((cleanup(free_model))) =
		model_new(options->view.by == ROW_BY_TASK ? EXITED_ROWS : 0);
	const struct intake intake = {
		.record = take_record,
		.timers = take_timers,
		.armed = take_armed,
		.context = model,
	};
	int err;

	if (!model) {
		message_error("out of memory");
		return EXIT_FAILED;
	}
	if (output_open(&session.output, options->output))
		return EXIT_FAILED;
	err = session_open(&session, options, NULL, &intake);
	if (err)
		return session_exit_code(err);
	err = measure(&session, model);
	if (err) {
		message_error("cannot measure: %s", strerror(-err));
		return EXIT_FAILED;
	}
	err = write_report(&session, model);
	if (err == -EPIPE) /* its reader had enough */
		return EXIT_DONE;
	if (err) {
		message_error("cannot write the report: %s", strerror(-err));
		return EXIT_FAILED;
	}
	return output_commit(&session.output) ? EXIT_FAILED : EXIT_DONE;
}
