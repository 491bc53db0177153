// SPDX-License-Identifier: GPL-2.0-only
/* dwell outliers: writes each interval beyond its threshold when it ends or is found open. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/output.h"
#include "base/privilege.h"
#include "cmd/commands.h"
#include "cmd/plan.h"
#include "cmd/session.h"
#include "findings/explain.h"
#include "findings/incident.h"
#include "findings/told.h"
#include "sink/frame_json.h"
#include "sink/frame_text.h"
#include "sink/incident_text.h"
#include "sink/outlier_json.h"
#include "sink/outlier_text.h"

#define STEP_NS \
	250000000ULL /* the longest time between two checks whether a second of incidents is over */

/* All zeros is empty. Ended by stream_clear(). */
struct stream {
	struct session session;
	struct incidents *incidents; /* NULL: each outlier is written as it comes */
	struct told told;	     /* used only without @incidents */
	uint64_t taken;
	uint64_t own[DWELL_MEASURES]; /* outliers reported of the file helper's processes */
};

static void stream_clear(struct stream *stream)
{
	session_clear(&stream->session);
	incidents_free(stream->incidents);
}

/* ---- from source to output --------------------------------------------------- */

/* Remembers names of exiting tasks: they may still be asked for. */
static int take_record(void *context, const struct dwell_record *record)
{
	struct stream *stream = context;

	if (record->kind == DWELL_EXIT)
		task_names_remember(stream->session.task_names, record->tid, record->comm);
	return 0;
}

/* Writes @outlier as it comes. Sets outlier->contains to the kinds of its parts told before. */
static int write_outlier(struct stream *stream, struct dwell_outlier *outlier)
{
	const struct options *options = stream->session.options;
	const struct naming naming = session_naming(&stream->session);
	const struct outlier_clock clock = session_clock();
	FILE *out = stream->session.output.file;
	struct explanation explanation;
	struct told_parts parts;
	int err;

	told_find(&stream->told, outlier, &parts);
	told_add(&stream->told, outlier, &parts, 0);
	outlier->contains = parts.kinds;
	explain(&explanation, outlier, &naming);
	if (options->json)
		err = outlier_json(out, &explanation, &clock);
	else
		err = outlier_print(out, &explanation, &clock, true);
	return err ? err : output_flush(out);
}

static int write_incident(void *context, const struct incident *incident)
{
	struct stream *stream = context;
	const struct naming naming = session_naming(&stream->session);
	const struct outlier_clock clock = session_clock();
	FILE *out = stream->session.output.file;
	struct explanation worst;
	int err;

	explain(&worst, incident->worst, &naming);
	err = incident_print(out, incident, &worst, &clock);
	return err ? err : output_flush(out);
}

static int take_outlier(void *context, const struct dwell_outlier *outlier)
{
	struct stream *stream = context;
	const struct naming naming = session_naming(&stream->session);
	struct dwell_outlier known = *outlier;

	/* dwell does not report itself, and these processes are part of it. */
	if (file_helper_is(stream->session.file_helper, outlier->pid)) {
		if (outlier->measure < DWELL_MEASURES)
			stream->own[outlier->measure]++;
		return 0;
	}
	outlier_name(&known, &naming);
	stream->taken++;
	if (!stream->incidents)
		return write_outlier(stream, &known);
	return incidents_take(stream->incidents, &known, &naming, clock_mono(), write_incident,
			      stream);
}

/* Writes the incidents that are held, if any. 0 or a negative errno. */
static int write_held(struct stream *stream)
{
	if (!stream->incidents)
		return 0;
	return incidents_tell(stream->incidents, write_incident, stream);
}

/* ---- the command ------------------------------------------------------------- */

struct plan outliers_plan(const struct options *options)
{
	return (struct plan){
		.options = options,
		.ledger = options->ledger,
		.outliers_alone = true,
		.names_meanwhile = true,
	};
}

static int prepare(struct stream *stream, const struct options *options)
{
	const struct intake intake = {
		.record = take_record,
		.outlier = take_outlier,
		.context = stream,
	};
	const struct plan plan = outliers_plan(options);
	const bool each = options->json || options->verbose > 0;

	if (!each)
		stream->incidents = incidents_new();
	if (!each && !stream->incidents) {
		message_error("out of memory");
		return -ENOMEM;
	}
	return session_open(&stream->session, &plan, &intake);
}

static void describe(struct stream *stream, struct session_heading *heading, struct report *report,
		     struct dwell_outlier_counts counts[DWELL_MEASURES])
{
	source_losses(stream->session.source, report->losses);
	source_outlier_counts(stream->session.source, counts);
	for (int i = 0; i < DWELL_MEASURES; i++)
		counts[i].reported -= stream->own[i];
	session_describe(&stream->session, heading, report);
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
	err = frame_json_header(stream->session.output.file, &report, NULL);
	return err ? err : output_flush(stream->session.output.file);
}

/* Writes "53 lines tell 6998 outliers (-v: each one); 540 more are parts of these". */
static void write_incident_counts(const struct stream *stream)
{
	struct incident_counts counts;

	if (!stream->incidents)
		return;
	counts = incidents_counts(stream->incidents);
	if (counts.lines == stream->taken)
		return;
	fprintf(stderr, "%" PRIu64 " line%s tell%s %" PRIu64 " outliers (-v: each one)",
		counts.lines, counts.lines == 1 ? "" : "s", counts.lines == 1 ? "s" : "",
		counts.outliers);
	if (counts.parts)
		fprintf(stderr, "; %" PRIu64 " more are parts of these", counts.parts);
	fputc('\n', stderr);
}

/* Writes the footer; text goes to stderr, for a pipe is to carry only outliers. */
static int write_footer(struct stream *stream)
{
	struct dwell_outlier_counts counts[DWELL_MEASURES];
	FILE *out = stream->session.output.file;
	struct session_heading heading;
	struct report report = {0};
	int err;

	describe(stream, &heading, &report, counts);
	if (!stream->session.options->json) {
		write_incident_counts(stream);
		frame_text_footer(stderr, &report);
		return 0;
	}
	err = frame_json_footer(out, &report);
	return err ? err : output_flush(out);
}

/* Measures until the window ends. 0 or a negative errno. */
static int run(struct stream *stream)
{
	struct session *session = &stream->session;
	const uint64_t until = session_until(session);
	int err = 0;

	while (!err && !session_stop) {
		const uint64_t now = clock_mono();

		if (now >= until)
			break;
		if (stream->incidents && incidents_due(stream->incidents, now))
			err = write_held(stream);
		if (!err)
			err = source_run(session->source,
					 until - now < STEP_NS ? until : now + STEP_NS,
					 &session_stop);
	}
	return err;
}

static int follow(struct stream *stream)
{
	struct session *session = &stream->session;
	int err = session_start(session, PRIVILEGE_KEEP_NONE);

	if (!err)
		err = write_header(stream);
	if (!err)
		err = run(stream);
	if (err) {
		if (err != -EPIPE)
			write_held(stream);
		return err;
	}
	session->end = source_stop(session->source);
	err = source_read(session->source);
	if (!err)
		err = write_held(stream);
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
	if (err && err != -EPIPE) { /* -EPIPE: the reader went away, which is no failure */
		message_error("cannot go on: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (output_commit(&stream.session.output))
		return EXIT_FAILED;
	return options->exit_code && stream.taken ? EXIT_OUTLIERS : EXIT_DONE;
}
