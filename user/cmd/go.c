/* SPDX-License-Identifier: GPL-2.0-only */
/* dwell go: reads Go programs from outside, once or again and again, and writes what they hold. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/message.h"
#include "base/output.h"
#include "base/privilege.h"
#include "cmd/commands.h"
#include "cmd/go_look.h"
#include "cmd/go_sites.h"
#include "cmd/go_targets.h"
#include "cmd/go_watch.h"
#include "cmd/session.h"
#include "go/baseline.h"
#include "go/process.h"
#include "host/proc_file.h"
#include "sink/go.h"

#define PROCESSES_MAX 1000
#define CALL_MAX_NS 10000000000ULL /* for one read of memory, which takes milliseconds at most */

/* All zeros is empty. Ended by run_clear(). */
struct run {
	const struct options *options;
	struct go_view view;
	bool several; /* snapshots */
	struct output output, pprof, save;
	FILE *baseline_file;
	struct go_baseline *baseline;
	struct go_targets targets;
	struct go_subject *subject; /* owned */
	size_t subjects;
	size_t forbidden; /* processes that may not be read, which nobody named */
	bool denied;	  /* a named one may not be read */
	size_t grown;	  /* rows, of all processes */
	bool told;	  /* at least one process was, in all other files at least */
};

static void run_clear(struct run *run)
{
	while (run->subjects)
		go_subject_clear(&run->subject[--run->subjects]);
	free(run->subject);
	free(run->targets.pid);
	go_baseline_free(run->baseline);
	if (run->baseline_file)
		fclose(run->baseline_file);
	output_discard(&run->output);
	output_discard(&run->pprof);
	output_discard(&run->save);
}

/* ---- before anything is read --------------------------------------------------------- */

static int open_files(struct run *run)
{
	const struct options *options = run->options;

	if (output_open(&run->output, options->output))
		return EXIT_FAILED;
	if (options->go.pprof && output_open(&run->pprof, options->go.pprof))
		return EXIT_FAILED;
	if (options->go.save && output_open(&run->save, options->go.save))
		return EXIT_FAILED;
	if (!options->go.baseline)
		return EXIT_DONE;
	run->baseline_file = fopen(options->go.baseline, "re");
	if (run->baseline_file)
		return EXIT_DONE;
	message_error("cannot read %s: %s", options->go.baseline, strerror(errno));
	return EXIT_FAILED;
}

/* Gives up what is not needed to read other processes: what comes from them may be anything. */
static int drop_privileges(const struct run *run)
{
	const struct options *options = run->options;
	unsigned int kept = PRIVILEGE_KEEP_MEMORY;
	int err;

	if (options->output || options->go.pprof || options->go.save)
		kept |= PRIVILEGE_KEEP_FILES;
	err = privileges_drop(kept);
	if (!err)
		return EXIT_DONE;
	message_error("cannot give up privileges: %s", strerror(-err));
	return EXIT_FAILED;
}

/* Ends dwell: the thread that reads process @pid takes no signal any more. */
static void give_up(void *context, uint32_t pid)
{
	struct run *run = context;

	message_error("reading the memory of process %u does not end: it holds back a part of it",
		      pid);
	message_hint("name other processes with -p");
	output_discard(&run->output);
	output_discard(&run->pprof);
	output_discard(&run->save);
	_exit(EXIT_FAILED);
}

/* An enum exit_code, whose reason has been said on stderr. */
static int watch(struct run *run)
{
	int err = go_watch_start(CALL_MAX_NS, give_up, run);

	if (!err)
		return EXIT_DONE;
	message_error("cannot start a thread: %s", strerror(-err));
	return EXIT_FAILED;
}

static int read_baseline(struct run *run)
{
	const char *why;

	if (!run->baseline_file || !go_baseline_read(run->baseline_file, &run->baseline, &why))
		return EXIT_DONE;
	message_error("cannot use %s as a baseline: %s", run->options->go.baseline, why);
	message_hint("write one with dwell go -p PID --save FILE");
	return EXIT_FAILED;
}

/* ---- opening processes ----------------------------------------------------------------- */

/* Says why process @pid is not told of, unless nobody asked. 0 or a negative errno of writing. */
static int refuse(struct run *run, uint32_t pid, enum go_refusal refusal)
{
	const bool named = run->targets.named;
	char comm[DWELL_COMM_LEN + 1];

	if (!named && (refusal == GO_REFUSED_NOT_GO || refusal == GO_REFUSED_EXITED))
		return 0;
	if (!named && refusal == GO_REFUSED_FORBIDDEN) {
		run->forbidden++;
		return 0;
	}
	run->denied |= refusal == GO_REFUSED_FORBIDDEN;
	proc_file_comm(pid, comm, sizeof(comm));
	message_error("process %u (%s) is not told of: %s", pid, comm, go_refusal_text(refusal));
	return run->options->json ? go_json_refused(run->output.file, pid, comm, refusal) : 0;
}

static int open_process(struct run *run, uint32_t pid)
{
	struct go_subject *subject = &run->subject[run->subjects];
	enum go_refusal refusal = go_process_open(pid, &subject->process);

	if (refusal != GO_READ)
		return refuse(run, pid, refusal);
	run->subjects++;
	if (!run->several)
		return 0;
	subject->course = go_course_new(&run->view);
	return subject->course ? 0 : -ENOMEM;
}

static int open_processes(struct run *run)
{
	int err = 0;

	run->subject = calloc(PROCESSES_MAX, sizeof(*run->subject));
	if (!run->subject)
		return -ENOMEM;
	for (size_t i = 0; i < run->targets.count && !err && !session_stop; i++) {
		if (run->subjects == PROCESSES_MAX) {
			message_error("only the first %d Go processes are told of", PROCESSES_MAX);
			break;
		}
		err = open_process(run, run->targets.pid[i]);
	}
	return err;
}

/* Whether there is something to tell. An enum exit_code, whose reason has been said on stderr. */
static int check_subjects(const struct run *run)
{
	const struct go_options *go = &run->options->go;
	const bool chosen = run->options->filter.nr_comms || run->options->nr_cgroups;
	const bool forbidden = run->forbidden || run->denied;

	if (!run->subjects) {
		if (!run->targets.named)
			message_error("no Go program %s", forbidden ? "here may be read" :
							  chosen    ? "here matches" :
								      "runs here");
		if (forbidden)
			message_hint(geteuid() ? "run it as root, for it reads other processes' "
						 "memory" :
						 "root without CAP_SYS_PTRACE may not, nor if a "
						 "security module forbids it");
		return forbidden ? EXIT_PERMISSION : EXIT_FAILED;
	}
	if (run->subjects > 1 && (go->sites || go->pprof || go->save || go->baseline)) {
		message_error("%s is for one process, and %zu Go programs match",
			      go->sites ? "--sites" :
			      go->pprof ? "--pprof" :
			      go->save	? "--save" :
					  "--baseline",
			      run->subjects);
		message_hint("name one with -p");
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* ---- writing ------------------------------------------------------------------------------ */

static struct go_report report_of(const struct run *run, const struct go_subject *subject)
{
	const struct go_image *image = go_process_image(subject->process);
	struct go_report report = {
		.pid = go_process_pid(subject->process),
		.comm = go_process_comm(subject->process),
		.version = image->version,
		.build_id = image->build_id,
		.layout_known = go_process_layout(subject->process)->known,
		.symbols = go_process_symbols(subject->process),
		.snapshot = &subject->snapshot,
		.view = &run->view,
		.rows = &subject->rows,
		.time = subject->time,
		.several = run->several,
		.exited = subject->ended == GO_REFUSED_EXITED,
		.stacks = run->options->verbose > 0,
	};

	report.semantics = go_process_semantics(subject->process, &report.semantics_why);
	if (run->baseline) {
		report.baseline_build_id = go_baseline_build_id(run->baseline);
		report.baseline_version = go_baseline_version(run->baseline);
	}
	return report;
}

/* Judges and ranks the rows, as far as more than one snapshot or a baseline is there. */
static void finish_rows(struct run *run, struct go_subject *subject)
{
	if (!run->several && !run->baseline)
		return;
	if (run->several)
		go_course_judge(subject->course, &subject->rows);
	run->grown += subject->rows.grown;
	if (run->baseline)
		run->grown += go_baseline_compare(run->baseline, &subject->rows);
	go_rows_rank(&subject->rows, &run->options->go.view);
}

static struct report host_report(struct session_heading *heading)
{
	struct utsname kernel;
	struct report report = {.version = DWELL_VERSION};

	uname(&kernel);
	snprintf(heading->kernel, sizeof(heading->kernel), "%s", kernel.release);
	heading->host[0] = '\0';
	gethostname(heading->host, sizeof(heading->host) - 1);
	report.host = heading->host;
	report.kernel = heading->kernel;
	report.cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	clock_gettime(CLOCK_REALTIME, &report.time);
	return report;
}

/* Writes what the output begins with. 0 or a negative errno. */
static int write_header(const struct run *run)
{
	struct session_heading heading;
	const struct report host = host_report(&heading);

	return run->options->json ? go_json_header(run->output.file, &host, run->view.by) :
				    go_text_header(run->output.file, &host);
}

/* Writes all of the process as a baseline. 0 or a negative errno. */
static int write_save(const struct run *run, const struct go_subject *subject)
{
	const struct go_view view = {.by = GO_BY_SITE};
	struct go_report report = report_of(run, subject);
	struct session_heading heading;
	const struct report host = host_report(&heading);
	struct go_rows rows;
	int err = go_rows_make(&subject->snapshot, report.symbols, &view, &rows);

	if (err)
		return err;
	report.view = &view;
	report.rows = &rows;
	report.several = false;
	report.baseline_build_id = NULL;
	err = go_json_header(run->save.file, &host, view.by);
	if (!err)
		err = go_json(run->save.file, &report);
	go_rows_free(&rows);
	return err;
}

static int write_subject(struct run *run, struct go_subject *subject)
{
	struct go_report report;
	int err = 0;

	if (!subject->seen)
		return refuse(run, go_process_pid(subject->process), subject->ended);
	if (run->options->go.save)
		err = write_save(run, subject);
	finish_rows(run, subject);
	report = report_of(run, subject);
	if (!err && run->options->go.pprof)
		err = go_pprof(run->pprof.file, &report, DWELL_VERSION);
	if (err)
		return err;
	run->told = true;
	return run->options->json ? go_json(run->output.file, &report) :
				    go_text(run->output.file, &report);
}

static int write_subjects(struct run *run)
{
	int err = run->options->json ? 0 : write_header(run);

	for (size_t i = 0; i < run->subjects && !err; i++)
		err = write_subject(run, &run->subject[i]);
	if (!err && run->forbidden)
		message_error("%zu process%s may not be read, and may be%s", run->forbidden,
			      run->forbidden == 1 ? "" : "es",
			      run->forbidden == 1 ? " a Go program" : " Go programs");
	return err;
}

/* ---- the command ---------------------------------------------------------------------------- */

/* Puts the files in their places. An enum exit_code. */
static int commit(struct run *run)
{
	if (run->options->go.save && output_commit(&run->save))
		return EXIT_FAILED;
	if (run->options->go.pprof && output_commit(&run->pprof))
		return EXIT_FAILED;
	if (output_commit(&run->output))
		return EXIT_FAILED;
	if (!run->told)
		return run->denied ? EXIT_PERMISSION : EXIT_FAILED;
	return run->options->exit_code && run->grown ? EXIT_OUTLIERS : EXIT_DONE;
}

/* Says what went wrong. An enum exit_code. */
static int fail(int err)
{
	if (err == -EPIPE) /* the reader went away, which is no failure */
		return EXIT_DONE;
	message_error("cannot tell of Go programs: %s", strerror(-err));
	return EXIT_FAILED;
}

static int look(struct run *run)
{
	const struct options *options = run->options;

	return run->several ? go_look_again(run->subject, run->subjects, &run->view,
					    options->go.interval_ns, options->duration_ns) :
			      go_look(run->subject, run->subjects, &run->view);
}

static int run_go(struct run *run)
{
	/* In JSON refusals are lines too. */
	int status, err = run->options->json ? write_header(run) : 0;

	if (!err)
		err = open_processes(run);
	if (err)
		return fail(err);
	status = check_subjects(run);
	if (status != EXIT_DONE)
		return status;
	err = look(run);
	if (!err)
		err = write_subjects(run);
	/* Files that were asked for are written even if the reader of the rest went away. */
	return err && !(err == -EPIPE && run->told) ? fail(err) : commit(run);
}

/* Watches one process instead of looking at all. An enum exit_code. */
static int run_sites(struct run *run)
{
	struct session_heading heading;
	const struct report host = host_report(&heading);
	/* In JSON refusals are lines too. */
	int status, err = run->options->json ? write_header(run) : 0;

	if (!err)
		err = open_processes(run);
	if (err)
		return fail(err);
	status = check_subjects(run);
	if (status == EXIT_DONE)
		status = go_sites_command(run->subject[0].process, run->options, &host,
					  run->output.file);
	return status == EXIT_DONE && output_commit(&run->output) ? EXIT_FAILED : status;
}

int cmd_go(const struct options *options)
{
	struct run run __attribute__((cleanup(run_clear))) = {
		.options = options,
		.view = options->go.view,
		.several = !options->go.sites && options->go.lasting,
	};
	int status = open_files(&run);

	/* Rows are judged and compared before they are cut to what is shown. */
	run.view.coarse = options->go.baseline;
	if (run.several || options->go.baseline) {
		run.view.limit = 0;
		run.view.leaks = false;
	}
	if (status != EXIT_DONE)
		return status;
	limits_raise_files();
	if (go_targets_find(options, &run.targets))
		return EXIT_FAILED;
	session_catch_signals();
	status = watch(&run);
	if (status == EXIT_DONE && options->go.sites)
		return run_sites(&run);
	if (status == EXIT_DONE)
		status = drop_privileges(&run);
	if (status == EXIT_DONE)
		status = read_baseline(&run);
	return status == EXIT_DONE ? run_go(&run) : status;
}
