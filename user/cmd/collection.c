// SPDX-License-Identifier: GPL-2.0-only
/* A collection: the measurements of one window, brought from the source into a model. */
#include "cmd/collection.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/privilege.h"
#include "cmd/commands.h"

#define EXITED_ROWS 10000    /* exited tasks, or processes, that have a row of their own */
#define EXITED_LEDGERS 10000 /* ledgers of exited tasks that are kept apart */

void collection_clear(struct collection *collection)
{
	session_clear(&collection->session);
	model_free(collection->model);
}

/* ---- intake ----------------------------------------------------------------- */

static int take_record(void *context, const struct dwell_record *record)
{
	struct collection *collection = context;

	if (record->kind == DWELL_EXIT)
		task_names_remember(collection->session.task_names, record->tid, record->comm);
	return model_add_record(collection->model, record);
}

static int take_timers(void *context, const struct dwell_timer_key *key,
		       const struct dwell_timer_counts *counts)
{
	struct collection *collection = context;

	return model_add_timers(collection->model, key, counts);
}

static int take_forgotten(void *context, const struct dwell_timer_key *key,
			  const struct dwell_timer_counts *counts)
{
	struct collection *collection = context;

	return model_forget_timers(collection->model, key, counts);
}

static void clear_armed(void *context)
{
	struct collection *collection = context;

	model_clear_armed(collection->model);
}

static int take_armed(void *context, const struct dwell_armed_timer *timer)
{
	struct collection *collection = context;

	return model_add_armed(collection->model, timer);
}

static int take_sample(void *context, uint64_t at)
{
	struct collection *collection = context;

	return model_sample(collection->model, at);
}

static int take_site(void *context, const struct intake_site *site)
{
	struct collection *collection = context;

	return model_add_site(collection->model, site->owner, site->samples, site->stack,
			      site->user_stack);
}

static int take_outlier(void *context, const struct dwell_outlier *outlier)
{
	struct collection *collection = context;
	const struct naming naming = session_naming(&collection->session);
	struct dwell_outlier known = *outlier;

	outlier_name(&known, &naming);
	if (!known.cgroup)
		known.cgroup = model_cgroup(collection->model, known.tid, known.start);
	if (collection->take_outlier)
		collection->take_outlier(collection->context, &known);
	else
		worst_add(&collection->worst, &known);
	return 0;
}

struct intake collection_intake(struct collection *collection)
{
	return (struct intake){
		.record = take_record,
		.timers = take_timers,
		.forgotten = take_forgotten,
		.clear_armed = clear_armed,
		.armed = take_armed,
		.sampled = take_sample,
		.site = take_site,
		.outlier = take_outlier,
		.context = collection,
	};
}

/* ---- the window -------------------------------------------------------------- */

int collection_open(struct collection *collection, const struct plan *plan)
{
	const struct intake intake = collection_intake(collection);
	int err;

	collection->model = model_new(plan->view.by == ROW_BY_TASK ? EXITED_ROWS : 0);
	if (!collection->model) {
		message_error("out of memory");
		return EXIT_FAILED;
	}
	if (plan->view.by == ROW_BY_PROCESS)
		model_keep_processes(collection->model, EXITED_ROWS, plan->view.sort);
	/* A service reads timers without an end, and so must forget those of exited tasks. */
	if (plan->ledger.wanted || plan->lasting)
		model_keep_ledger(collection->model, plan->ledger.wanted ? EXITED_LEDGERS : 0);
	if (output_open(&collection->session.output, plan->options->output))
		return EXIT_FAILED;
	err = session_open(&collection->session, plan, &intake);
	return err ? session_exit_code(err) : EXIT_DONE;
}

static int measure(struct collection *collection)
{
	struct session *session = &collection->session;
	struct model *model = collection->model;
	uint64_t losses[DWELL_LOSSES];
	unsigned int kept = session->options->output ? PRIVILEGE_KEEP_FILES : PRIVILEGE_KEEP_NONE;
	int err;

	err = session_start(session, kept);
	if (err)
		return err;
	model_set_window(model, session->start, session->start);
	err = source_run(session->source, session_until(session), &session_stop);
	if (err)
		return err;
	session->end = source_stop(session->source);
	model_set_window(model, session->start, session->end);
	err = source_read(session->source);
	source_losses(session->source, losses);
	model_set_losses(model, losses);
	source_outlier_counts(session->source, collection->outliers);
	return err;
}

int collection_sample(struct collection *collection)
{
	const struct session *session = &collection->session;
	uint64_t losses[DWELL_LOSSES];
	int err;

	model_set_window(collection->model, session->start, clock_mono());
	err = source_sample(session->source);
	if (err)
		return err;
	source_losses(session->source, losses);
	model_set_losses(collection->model, losses);
	source_outlier_counts(session->source, collection->outliers);
	return model_end_read(collection->model, source_unmeasured(session->source).exits);
}

int collection_run(struct collection *collection)
{
	int err = measure(collection);

	if (!err)
		return EXIT_DONE;
	message_error("cannot measure: %s", strerror(-err));
	return EXIT_FAILED;
}

/* ---- the report ---------------------------------------------------------------- */

void collection_describe(struct collection *collection, struct session_heading *heading,
			 struct report *report)
{
	const struct model *model = collection->model;

	session_describe(&collection->session, heading, report);
	model_losses(model, report->view.by, report->losses);
	report->live_tasks = model_live_tasks(model);
	report->exited_tasks = model_exited_tasks(model);
	report->worst = &collection->worst;
	report->outliers = collection->outliers;
}

/* Commits the output if @err, the result of writing the report, is 0. An enum exit_code. */
static int finish(struct collection *collection, int err)
{
	if (err == -EPIPE) /* the reader went away, which is no failure */
		return EXIT_DONE;
	if (err) {
		message_error("cannot write the report: %s", strerror(-err));
		return EXIT_FAILED;
	}
	return output_commit(&collection->session.output) ? EXIT_FAILED : EXIT_DONE;
}

int collection_report(const struct plan *plan, int (*write)(struct collection *collection))
{
	struct collection collection __attribute__((cleanup(collection_clear))) = {0};
	int status = collection_open(&collection, plan);

	if (status == EXIT_DONE)
		status = collection_run(&collection);
	if (status != EXIT_DONE)
		return status;
	return finish(&collection, write(&collection));
}
