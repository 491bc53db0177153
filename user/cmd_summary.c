// SPDX-License-Identifier: GPL-2.0-only
/* dwell summary: measures for a while, then writes one table. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "commands.h"
#include "message.h"
#include "output.h"
#include "sink.h"
#include "source.h"
#include "source_clock.h"
#include "symbols.h"
#include "targets.h"

#define EXITED_ROWS 10000 /* exited tasks with a row of their own */

/* One run: what it opens, and what it learns. All zeros is nothing yet. */
struct summary {
	const struct options *options;
	struct cgroup_hierarchy hierarchy;
	struct cgroup_paths *cgroups; /* NULL: no hierarchy with names */
	struct symbols *symbols;
	struct model *model;
	struct source *source;
	struct output output;
	struct rusage usage; /* at the start of the window */
	uint64_t start;	     /* mono */
	uint64_t end;	     /* mono */
	struct timespec time;
	char function[256];
};

static volatile int stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

/* The first Ctrl-C ends the window, the second one the program. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void summary_clear(struct summary *summary)
{
	source_close(summary->source);
	model_free(summary->model);
	symbols_free(summary->symbols);
	cgroup_paths_free(summary->cgroups);
	output_discard(&summary->output);
}

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

static int measure(struct summary *summary)
{
	uint64_t duration = summary->options->duration_ns;
	uint64_t losses[DWELL_LOSSES];
	int err;

	catch_signals();
	err = source_start(summary->source);
	if (err)
		return err;
	summary->start = source_window_start(summary->source);
	err = source_drop_privileges(summary->source, summary->options->output);
	if (err)
		return err;
	getrusage(RUSAGE_SELF, &summary->usage);
	message_detail(1, "measuring");
	err = source_run(summary->source, duration ? summary->start + duration : UINT64_MAX, &stop);
	if (err)
		return err;
	summary->end = source_stop(summary->source);
	clock_gettime(CLOCK_REALTIME, &summary->time);
	model_set_window(summary->model, summary->start, summary->end);
	model_clear_armed(summary->model);
	err = source_read(summary->source);
	source_losses(summary->source, losses);
	model_set_losses(summary->model, losses);
	return err;
}

/* ---- from model to sink --------------------------------------------------- */

static const char *cgroup_name(void *context, uint64_t id)
{
	struct summary *summary = context;

	return summary->cgroups ? cgroup_path(summary->cgroups, id) : NULL;
}

static const char *function_name(void *context, uint64_t address)
{
	struct summary *summary = context;

	if (symbols_name(summary->symbols, address, summary->function, sizeof(summary->function)))
		return NULL;
	return summary->function;
}

static uint64_t cpu_ns(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000ULL +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000ULL;
}

static uint64_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static void add_overhead(const struct summary *summary, struct overhead *overhead, double cpus)
{
	double window = summary->end - summary->start;
	struct source_cost cost;
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	overhead->user_cpu_ratio = (cpu_ns(&usage) - cpu_ns(&summary->usage)) / window / cpus;
	overhead->rss_bytes = resident_bytes();
	source_cost(summary->source, &cost);
	if (!cost.measured || !cost.bpf_events)
		return;
	overhead->bpf_measured = true;
	overhead->bpf_ns_per_event = (double)cost.bpf_ns / cost.bpf_events;
	overhead->bpf_cpu_ratio = (double)cost.bpf_ns / cost.measured_ns / cpus;
}

static int write_report(struct summary *summary)
{
	char filters[TARGETS_TEXT_LEN], host[256] = "";
	struct utsname kernel;
	struct report report = {
		.version = DWELL_VERSION,
		.host = host,
		.kernel = kernel.release,
		.cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.view = summary->options->view,
		.window_start = summary->start,
		.window_end = summary->end,
		.time = summary->time,
		.filters = targets_text(summary->options, filters),
		.model = summary->model,
		.hidden_tasks = source_hidden_tasks(summary->source),
		.cgroup_name = cgroup_name,
		.function_name = function_name,
		.context = summary,
	};
	int err;

	uname(&kernel);
	gethostname(host, sizeof(host) - 1);
	add_overhead(summary, &report.overhead, report.cpus);
	err = model_rows(summary->model, &report.view, &report.rows);
	if (err)
		return err;
	if (summary->options->json)
		err = sink_json(summary->output.file, &report);
	else
		err = sink_table(summary->output.file, &report);
	rows_free(&report.rows);
	return err;
}

/* ---- the command ------------------------------------------------------------ */

static int prepare(struct summary *summary, struct source_filter *filter)
{
	const struct intake intake = {
		.record = take_record,
		.timers = take_timers,
		.armed = take_armed,
		.context = summary->model =
			model_new(summary->options->view.by == ROW_BY_TASK ? EXITED_ROWS : 0),
	};
	bool named = !cgroup_detect(CGROUP_MOUNTINFO, "", &summary->hierarchy);
	int err;

	summary->symbols = symbols_new(SYMBOLS_KALLSYMS);
	if (!summary->model || !summary->symbols) {
		message_error("out of memory");
		return -ENOMEM;
	}
	err = targets_find(summary->options, named ? &summary->hierarchy : NULL, filter);
	if (err)
		return err;
	err = source_open(&summary->source, filter, named && summary->hierarchy.v1, &intake);
	if (err)
		return err;
	if (named)
		summary->cgroups = cgroup_paths_new(&summary->hierarchy, CGROUP_REFRESH_NS);
	if (summary->cgroups)
		cgroup_path(summary->cgroups, 0); /* now: some may be gone at the end */
	return 0;
}

static int exit_code(int err)
{
	if (err == -EOPNOTSUPP)
		return EXIT_KERNEL;
	return err == -EPERM ? EXIT_PERMISSION : EXIT_FAILED;
}

int cmd_summary(const struct options *options)
{
	struct summary summary __attribute__((cleanup(summary_clear))) = {.options = options};
	struct source_filter filter = options->filter;
	uint64_t began = clock_mono();
	int err;

	if (output_open(&summary.output, options->output))
		return EXIT_FAILED;
	err = prepare(&summary, &filter);
	if (err)
		return exit_code(err);
	message_detail(1, "start: %llu us", (unsigned long long)(clock_mono() - began) / 1000);
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
	return output_commit(&summary.output) ? EXIT_FAILED : EXIT_DONE;
}
