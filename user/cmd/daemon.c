// SPDX-License-Identifier: GPL-2.0-only
/* dwell daemon: measures without an end, exports for Prometheus, and logs outliers. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/notify.h"
#include "base/privilege.h"
#include "cmd/collection.h"
#include "cmd/commands.h"
#include "cmd/daemon_go.h"
#include "cmd/plan.h"
#include "export/budget.h"
#include "export/journal.h"
#include "export/prom.h"
#include "export/series.h"
#include "export/textfile.h"
#include "findings/incident.h"
#include "options/config.h"
#include "sink/summary.h"

#define STEP_NS 250000000ULL /* the longest time between two checks of signals and the watchdog */
#define SUMMARY_ROWS 10

#define SHED_EXPORTS_FACTOR 4 /* the interval of exports is so many times longer */

struct service {
	const struct options *given; /* the command line's */
	struct options options;	     /* the configuration file's added */
	struct collection collection;
	struct series *series;
	struct daemon_go go;
	struct textfile textfile;
	struct notify notify;
	struct journal journal;
	struct incidents *incidents;

	uint64_t next_export, next_alive; /* mono */
	uint64_t export_ns;		  /* how long the last export took */

	struct budget budget;
	uint64_t bpf_runs; /* of the kernel side's programs, at the last budget update */
};

static volatile sig_atomic_t wants_reload, wants_summary;

static void on_hangup(int number)
{
	(void)number;
	wants_reload = 1;
}

static void on_user(int number)
{
	(void)number;
	wants_summary = 1;
}

static void catch_requests(void)
{
	struct sigaction reload = {.sa_handler = on_hangup}, summary = {.sa_handler = on_user};

	sigaction(SIGHUP, &reload, NULL);
	sigaction(SIGUSR1, &summary, NULL);
}

static void service_clear(struct service *service)
{
	collection_clear(&service->collection);
	series_free(service->series);
	daemon_go_close(&service->go);
	textfile_close(&service->textfile);
	notify_close(&service->notify);
	journal_close(&service->journal);
	incidents_free(service->incidents);
	options_clear(&service->options);
}

static bool exports(const struct service *service)
{
	return service->options.daemon.textfile_dir[0];
}

/* ---- outliers ------------------------------------------------------------------ */

static int log_incident(void *context, const struct incident *incident)
{
	struct service *service = context;
	const struct naming naming = session_naming(&service->collection.session);
	const struct outlier_clock clock = session_clock();
	struct explanation worst;

	explain(&worst, incident->worst, &naming);
	journal_incident(&service->journal, incident, &worst, &clock);
	return 0;
}

static void take_outlier(void *context, const struct dwell_outlier *outlier)
{
	struct service *service = context;
	const struct naming naming = session_naming(&service->collection.session);

	series_count_outlier(service->series, outlier);
	if (service->options.daemon.log == DAEMON_LOG_OFF)
		return;
	if (incidents_take(service->incidents, outlier, &naming, clock_mono(), log_incident,
			   service))
		service->journal.failed++;
}

/* With @all also tells incidents whose second is not over. */
static void log_incidents(struct service *service, bool all)
{
	if (all || incidents_due(service->incidents, clock_mono()))
		incidents_tell(service->incidents, log_incident, service);
}

/* ---- what it costs --------------------------------------------------------------- */

/* Compares the cost since the last time with its limit. */
static void keep_budget(struct service *service)
{
	struct budget *budget = &service->budget;
	struct source *source = service->collection.session.source;
	struct budget_spent spent = {
		.at = clock_mono(),
		.cpu_ns = clock_now(CLOCK_PROCESS_CPUTIME_ID) + daemon_go_cpu_ns(&service->go),
	};
	const struct budget before = *budget;
	bool worse;

	source_sampled_cost(source, &spent.bpf_ns, &service->bpf_runs);
	if (!budget_update(budget, &spent))
		return;
	source_shed(source, budget->shed);
	worse = budget->shed > before.shed || budget->snapshots > before.snapshots;
	journal_message(&service->journal, worse ? LOG_WARNING : LOG_NOTICE,
			"dwell took %.2f %% of the machine: %s", 100 * budget->overhead,
			budget_step(budget));
}

/* ---- the export -------------------------------------------------------------------- */

static int update_series(struct service *service)
{
	struct rows rows;
	int err = collection_sample(&service->collection);

	if (!err)
		err = model_rows_unranked(service->collection.model, service->options.daemon.groups,
					  &rows);
	if (err)
		return err;
	series_update(service->series, &rows, clock_mono());
	rows_free(&rows);
	return 0;
}

static int write_prom(FILE *out, void *context)
{
	struct service *service = context;
	struct collection *collection = &service->collection;
	struct source_program programs[SOURCE_PROGRAMS_MAX];
	struct prom_program shown[SOURCE_PROGRAMS_MAX];
	struct prom prom = {
		.version = DWELL_VERSION,
		.series = service->series,
		.hidden_tasks = source_hidden_tasks(collection->session.source),
		.bpf_ns = service->budget.last.bpf_ns,
		.bpf_runs = service->bpf_runs,
		.cpu_ns = service->budget.last.cpu_ns,
		.rss_bytes = session_resident_bytes(),
		.overhead_ratio = service->budget.overhead,
		.shed_level = service->budget.shed,
		.export_ns = service->export_ns,
		.export_errors = service->textfile.errors,
		.journal_full = service->journal.full,
		.journal_failed = service->journal.failed,
		.reductions = &collection->session.reductions,
		.unmeasured = source_unmeasured(collection->session.source),
		.programs = shown,
	};

	memcpy(prom.outliers, collection->outliers, sizeof(prom.outliers));
	model_losses(collection->model, service->options.daemon.groups, prom.losses);
	prom.nr_programs =
		source_programs(collection->session.source, programs, SOURCE_PROGRAMS_MAX);
	for (size_t i = 0; i < prom.nr_programs; i++)
		shown[i] = (struct prom_program){programs[i].name, programs[i].attached};
	daemon_go_tell(&service->go, &prom);
	clock_gettime(CLOCK_REALTIME, &prom.exported);
	return prom_write(out, &prom);
}

static void tell_status(const struct service *service)
{
	const struct model *model = service->collection.model;

	notify_status(
		&service->notify, "%llu tasks, %llu journal entries, export took %.0f ms%s",
		(unsigned long long)model_live_tasks(model),
		(unsigned long long)service->journal.written, (double)service->export_ns / 1e6,
		service->budget.shed ? "; some is left undone, for dwell costs too much" : "");
}

static uint64_t interval(const struct service *service)
{
	return service->options.daemon.interval_ns *
	       (service->budget.shed >= DWELL_SHED_EXPORTS ? SHED_EXPORTS_FACTOR : 1);
}

/* Errors of writing are left to the text file, for the next export may succeed. */
static int export(struct service *service)
{
	const uint64_t began = clock_mono();
	int err = update_series(service);

	if (err)
		return err;
	daemon_go_update(&service->go, &service->options,
			 budget_for_snapshots(&service->budget, interval(service)),
			 interval(service));
	keep_budget(service);
	if (exports(service))
		textfile_write(&service->textfile, write_prom, service);
	service->export_ns = clock_mono() - began;
	tell_status(service);
	return 0;
}

/* ---- requests ---------------------------------------------------------------------- */

/* Compares inodes, for one directory may have many names. */
static bool is_same_directory(const char *one, const char *other)
{
	struct stat first, second;

	return !stat(one, &first) && !stat(other, &second) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/*
 * Moves to another directory, and removes the file from the old one. 0; -EBUSY: another process
 * has the new directory, and the old one stays; -ENOMEM.
 */
static int move_textfile(struct service *service, const char *directory)
{
	struct textfile moved = {0};
	int err = 0;

	if (is_same_directory(service->options.daemon.textfile_dir, directory))
		return 0;
	if (*directory)
		err = textfile_open(&moved, directory);
	if (err)
		return err;
	if (exports(service))
		textfile_remove(&service->textfile);
	textfile_close(&service->textfile);
	service->textfile = moved;
	memcpy(service->options.daemon.textfile_dir, directory,
	       sizeof(service->options.daemon.textfile_dir));
	return 0;
}

static int reload(struct service *service)
{
	struct daemon_options *daemon = &service->options.daemon;
	struct options fresh __attribute__((cleanup(options_clear))) = {0};
	char error[OPTIONS_ERROR_LEN] = "";
	int err = config_read(service->given, &fresh, error);

	if (err) {
		journal_message(&service->journal, LOG_ERR, "%s; the old settings stay",
				err == -ENOMEM ? "out of memory" : error);
		return 0;
	}
	if (options_need_restart(&service->options, &fresh))
		journal_message(&service->journal, LOG_WARNING,
				"only interval, textfile-dir, max-overhead and max-go change while "
				"dwell runs: restart it for the rest");
	if (strcmp(daemon->textfile_dir, fresh.daemon.textfile_dir)) {
		err = move_textfile(service, fresh.daemon.textfile_dir);
		if (err == -EBUSY)
			journal_message(&service->journal, LOG_ERR,
					"another dwell writes to %s: textfile-dir stays %s",
					fresh.daemon.textfile_dir, daemon->textfile_dir);
	}
	daemon->interval_ns = fresh.daemon.interval_ns;
	daemon->max_go = fresh.daemon.max_go;
	service->budget.limit = fresh.daemon.max_overhead_ppm / 1e6;
	service->next_export = 0;
	journal_message(&service->journal, LOG_INFO, "the settings were read again");
	return err == -EBUSY ? 0 : err;
}

/* Logs the table of a summary, an entry for each line. */
static int log_summary(struct service *service)
{
	struct session_heading heading;
	struct report report = {0};
	char *text = NULL, *line, *rest;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	int err = out ? collection_sample(&service->collection) : -ENOMEM;

	service->collection.session.end = clock_mono();
	collection_describe(&service->collection, &heading, &report);
	report.worst = NULL;
	if (!err)
		err = model_rows(service->collection.model, &report.view, &report.rows);
	if (!err)
		err = summary_text(out, &report);
	rows_free(&report.rows);
	if (out)
		fclose(out);
	rest = text;
	while (!err && (line = strsep(&rest, "\n")))
		if (*line)
			journal_message(&service->journal, LOG_INFO, "%s", line);
	free(text);
	return err;
}

static int answer_requests(struct service *service)
{
	int err = 0;

	if (wants_reload) {
		wants_reload = 0;
		notify_reloading(&service->notify);
		err = reload(service);
		notify_ready(&service->notify);
	}
	if (!err && wants_summary) {
		wants_summary = 0;
		err = log_summary(service);
	}
	return err;
}

/* ---- the service ------------------------------------------------------------------------ */

static int step(struct service *service)
{
	uint64_t now = clock_mono();
	int err = 0;

	if (now >= service->next_export) {
		err = export(service);
		/* A late export is left out, not caught up with. */
		service->next_export = clock_mono() + interval(service);
	}
	if (!err)
		err = answer_requests(service);
	if (!err && service->notify.watchdog_ns && now >= service->next_alive) {
		notify_alive(&service->notify);
		service->next_alive = now + service->notify.watchdog_ns / 4;
	}
	return err;
}

static int serve(struct service *service)
{
	struct session *session = &service->collection.session;
	const unsigned int memory = service->go.reader ? PRIVILEGE_KEEP_MEMORY : 0;
	int err = session_start(session, PRIVILEGE_KEEP_FILES | memory);
	bool ready = false;

	if (!err)
		err = update_series(service); /* no group is named yet */
	while (!err && !session_stop) {
		err = step(service);
		if (!err && !ready)
			notify_ready(&service->notify);
		ready = true;
		if (!err)
			err = source_run(session->source, clock_mono() + STEP_NS, &session_stop);
		log_incidents(service, false);
	}
	log_incidents(service, true);
	notify_stopping(&service->notify);
	return err;
}

struct plan daemon_plan(const struct options *options)
{
	return (struct plan){
		.options = options,
		.ledger = options->ledger,
		.samples_cost = true,
		.names_meanwhile = true,
		.lasting = true,
		/* A service keeps groups of tasks, which outlive tasks. */
		.view = {.by = options->daemon.groups, .limit = SUMMARY_ROWS},
	};
}

/* 0 or -ENOMEM. */
static int prepare_go(struct service *service)
{
	struct daemon_go *go = &service->go;
	int err = daemon_go_open(go, &service->options, &service->collection.session.reductions);

	service->budget.takes_snapshots = go->reader;
	if (!err && go->wanted && !go->reader)
		journal_message(&service->journal, LOG_WARNING,
				"Go programs are not read: it takes CAP_SYS_PTRACE and "
				"CAP_DAC_READ_SEARCH, and a /proc of dwell's own pid namespace; "
				"see go.conf");
	return err;
}

static int prepare(struct service *service)
{
	const struct options *options = &service->options;
	const struct plan plan = daemon_plan(options);
	struct collection *collection = &service->collection;
	int status, err;

	if (notify_open(&service->notify))
		message_error("the environment says nothing sensible of a service manager");
	err = journal_open(&service->journal,
			   options->daemon.log == DAEMON_LOG_STDERR ? NULL : JOURNAL_SOCKET);
	if (err)
		message_error("cannot open the journal: %s", strerror(-err));
	if (exports(service) && textfile_open(&service->textfile, options->daemon.textfile_dir))
		return EXIT_FAILED;
	service->incidents = incidents_new();
	if (!service->incidents) {
		message_error("out of memory");
		return EXIT_FAILED;
	}
	collection->take_outlier = take_outlier;
	collection->context = service;
	status = collection_open(collection, &plan);
	if (status != EXIT_DONE)
		return status;
	service->series = series_new(&(struct series_options){
		.by = options->daemon.groups,
		.limit = options->daemon.max_groups,
		.naming = session_naming(&collection->session),
	});
	if (service->series && !prepare_go(service))
		return EXIT_DONE;
	message_error("out of memory");
	return EXIT_FAILED;
}

int cmd_daemon(const struct options *given)
{
	struct service service __attribute__((cleanup(service_clear))) = {
		.given = given,
		.notify.fd = -1,
		.journal.fd = -1,
	};
	char error[OPTIONS_ERROR_LEN] = "";
	int status, err = config_read(given, &service.options, error);

	if (err) {
		message_error("%s", err == -ENOMEM ? "out of memory" : error);
		return err == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
	}
	service.budget = (struct budget){
		.limit = service.options.daemon.max_overhead_ppm / 1e6,
		.cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.overhead = NAN,
	};
	catch_requests();
	status = prepare(&service);
	if (status != EXIT_DONE)
		return status;
	err = serve(&service);
	if (exports(&service))
		textfile_remove(&service.textfile);
	if (!err)
		return EXIT_DONE;
	message_error("cannot go on: %s", strerror(-err));
	return EXIT_FAILED;
}
