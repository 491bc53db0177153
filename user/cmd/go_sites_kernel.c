// SPDX-License-Identifier: GPL-2.0-only
/* How late the kernel's own timers for one process are, measured as dwell summary does. */
#include "cmd/go_sites_kernel.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/message.h"

/* Gives it up, with the reason @err unless that has been said (0). */
static void give_up(struct go_sites_kernel *kernel, int err)
{
	if (err)
		message_error("cannot measure the kernel's timers: %s", strerror(-err));
	kernel->measures = false;
}

void go_sites_kernel_begin(struct go_sites_kernel *kernel, uint32_t pid)
{
	struct collection *collection = &kernel->collection;
	const struct plan plan = {
		.options = &kernel->options,
		.view = {.by = ROW_BY_PROCESS},
	};
	const struct intake intake = collection_intake(collection);
	int err;

	kernel->options.filter = (struct source_filter){.pids = {pid}, .nr_pids = 1};
	for (int i = 0; i < DWELL_MEASURES; i++)
		kernel->options.outlier[i].floor_ns = UINT64_MAX;
	collection->model = model_new(0);
	if (!collection->model)
		return;
	/* Of a process that exits, too. */
	model_keep_processes(collection->model, 1, NULL);
	if (session_open(&collection->session, &plan, &intake))
		return;
	err = source_start(collection->session.source, &collection->session.start);
	if (err)
		return give_up(kernel, err);
	model_set_window(collection->model, collection->session.start, collection->session.start);
	kernel->measures = true;
}

static void rest(uint64_t until)
{
	const uint64_t now = clock_mono(), ns = until > now ? until - now : 0;

	nanosleep(&(struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}, NULL);
}

void go_sites_kernel_run(struct go_sites_kernel *kernel, uint64_t until, const volatile int *stop)
{
	int err = 0;

	if (kernel->measures)
		err = source_run(kernel->collection.session.source, until, stop);
	else
		rest(until);
	if (err)
		give_up(kernel, err);
}

static int add_rows(struct model *model, struct dist *late)
{
	const struct view view = {.by = ROW_BY_PROCESS};
	struct rows rows = {0};
	int err = model_rows(model, &view, &rows);

	for (size_t i = 0; i < rows.count && !err; i++)
		err = dist_merge(late, &rows.row[i].measure[DWELL_LATENESS]);
	rows_free(&rows);
	return err;
}

bool go_sites_kernel_end(struct go_sites_kernel *kernel, struct dist *late)
{
	struct session *session = &kernel->collection.session;
	int err;

	if (!kernel->measures)
		return false;
	session->end = source_stop(session->source);
	model_set_window(kernel->collection.model, session->start, session->end);
	err = source_read(session->source);
	if (!err && source_unmeasured(session->source).sleeps & FIGURE_LATENESS)
		return false;
	if (!err)
		err = add_rows(kernel->collection.model, late);
	if (err)
		give_up(kernel, err);
	return kernel->measures;
}

void go_sites_kernel_clear(struct go_sites_kernel *kernel)
{
	collection_clear(&kernel->collection);
	options_clear(&kernel->options);
}
