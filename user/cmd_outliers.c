// SPDX-License-Identifier: GPL-2.0-only
/* dwell outliers: writes each interval beyond its threshold when it ends, or is found open. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "message.h"
#include "privilege.h"
#include "session.h"

/* All zeros is nothing yet; ended by stream_clear(). */
struct stream {
	struct session session;
	struct model *model; /* keeps the losses */
	uint64_t shown;
};

static void stream_clear(struct stream *stream)
{
	session_clear(&stream->session);
	model_free(stream->model);
}

/* ---- from source to output --------------------------------------------------- */

/* Of tasks that exit, the name may be asked for yet. */
static int take_record(void *context, const struct dwell_record *record)
{
	struct stream *stream = context;

	if (record->kind == DWELL_EXIT)
		names_remember(stream->session.names, record->tid, record->comm);
	return 0;
}

static int take_timers(void *context, const struct dwell_timer_key *key,
		       const struct dwell_timer_counts *counts)
{
	(void)context;
	(void)key;
	(void)counts;
	return 0;
}

static int take_armed(void *context, const struct dwell_armed_timer *timer)
{
	(void)context;
	(void)timer;
	return 0;
}

static void clear_armed(void *context)
{
	(void)context;
}

static int take_outlier(void *context, const struct dwell_outlier *outlier)
{
	struct stream *stream = context;
	const struct options *options = stream->session.options;
	const struct outlier_names names = session_names(&stream->session);
	const struct outlier_clock clock = session_clock();
	FILE *out = stream->session.output.file;
	int err;

	/* dwell does not tell of itself, and these work for it. */
	if (file_helper_is(stream->session.file_helper, outlier->pid))
		return 0;
	if (options->json)
		err = outlier_json(out, outlier, &names, &clock);
	else
		err = outlier_print(out, outlier, &names, &clock, options->verbose > 0);
	stream->shown++;
	return err ? err : sink_flush(out);
}

/* ---- the command ------------------------------------------------------------- */

static int prepare(struct stream *stream, const struct options *options)
{
	const struct intake intake = {
		.record = take_record,
		.timers = take_timers,
		.clear_armed = clear_armed,
		.armed = take_armed,
		.outlier = take_outlier,
		.context = stream,
	};
	stream->model = model_new(0);
	if (!stream->model) {
		message_error("out of memory");
		return -ENOMEM;
	}
	return session_open(&stream->session, options, &intake);
}

static void describe(struct stream *stream, struct session_heading *heading, struct report *report,
		     struct dwell_outlier_counts counts[DWELL_MEASURES])
{
	uint64_t losses[DWELL_LOSSES];

	source_losses(stream->session.source, losses);
	model_set_losses(stream->model, losses);
	source_outlier_counts(stream->session.source, counts);
	session_describe(&stream->session, heading, report);
	report->model = stream->model;
	report->outliers = counts;
}

static int write_header(struct stream *stream)
{
	struct dwell_outlier_counts counts[DWELL_MEASURES];
	struct session_heading heading;
	struct report report = {0};
	int err;

	if (!stream->session.options->json)
		return 0;
	describe(stream, &heading, &report, counts);
	err = sink_json_header(stream->session.output.file, &report);
	return err ? err : sink_flush(stream->session.output.file);
}

/* For people on stderr: what is piped on are the outliers. */
static int write_footer(struct stream *stream)
{
	struct dwell_outlier_counts counts[DWELL_MEASURES];
	FILE *out = stream->session.output.file;
	struct session_heading heading;
	struct report report = {0};
	int err;

	describe(stream, &heading, &report, counts);
	if (!stream->session.options->json) {
		sink_table_footer(stderr, &report);
		return 0;
	}
	err = sink_json_footer(out, &report);
	return err ? err : sink_flush(out);
}

static int follow(struct stream *stream)
{
	struct session *session = &stream->session;
	int err = session_start(session, PRIVILEGE_KEEP_NONE);

	if (!err)
		err = write_header(stream);
	if (!err)
		err = source_run(session->source, session_until(session), &session_stop);
	if (err)
		return err;
	session->end = source_stop(session->source);
	err = source_read(session->source);
	return err ? err : write_footer(stream);
}

int cmd_outliers(const struct options *options)
{
	struct stream stream __attribute__((cleanup(stream_clear))) = {0};
	int err;

	if (output_open_stream(&stream.session.output, options->output))
		return EXIT_FAILED;
	err = prepare(&stream, options);
	if (err)
		return session_exit_code(err);
	err = follow(&stream);
	if (err && err != -EPIPE) { /* or its reader had enough */
		message_error("cannot go on: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (output_commit(&stream.session.output))
		return EXIT_FAILED;
	return options->exit_code && stream.shown ? EXIT_OUTLIERS : EXIT_DONE;
}
