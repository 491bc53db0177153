// SPDX-License-Identifier: GPL-2.0-only
/* dwell go --sites: probes on one Go process for a while, and never longer than it can bear. */
#include "cmd/go_sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "base/privilege.h"
#include "cmd/commands.h"
#include "cmd/go_sites_kernel.h"
#include "cmd/go_sites_private.h"
#include "cmd/session.h"
#include "go/sites.h"
#include "sink/go.h"
#include "source/go_probes.h"

#define STEP_NS 100000000ULL /* hits are looked at this often */
#define STEPS_A_SECOND 10
#define SNAPSHOTS_MAX 3 /* until one has missed no timer */

/* Most CPU time in ns to find the places of the probes, and to name all stacks. */
#define PLACES_NS 2000000000ULL
#define NAMES_NS 10000000000ULL

struct run {
	struct go_process *process;
	const struct go_sites_wish *wish;
	const volatile int *stop;
	struct go_sites sites;
	struct go_probes *probes;
	int file;	/* descriptor of the executable; -1: none */
	double trap_ns; /* see go_probes_trap_ns() */
	struct go_snapshot snapshot;
	struct go_sites_kernel kernel;
	uint64_t names_ns; /* of NAMES_NS: what is left */
	size_t named;	   /* sites whose functions were read */
	size_t begun;	   /* sites that were begun at the last step, and are whole by now */
	bool reconciled;   /* @snapshot holds each timer that was in a heap at the end */
};

/* ---- begin ------------------------------------------------------------------------ */

/* Says why the process gets no probes: @why, or what @err says. Returns the error. */
static int refuse(const struct run *run, int err, const char *why)
{
	message_error("no probes can be put on process %u: %s", go_process_pid(run->process),
		      *why	     ? why :
		      err == -ESRCH  ? "it has exited, or runs another program now" :
		      err == -ESTALE ? "its executable is not the file that it has mapped" :
		      err == -ETIME  ? "reading it takes too much CPU time" :
				       strerror(-err));
	/* -ENOTSUP would say that the kernel lacks something. */
	return err == -ENOTSUP ? -ENOEXEC : err == -EACCES ? -EPERM : err;
}

static enum go_probe probe_of(enum go_call_role role)
{
	static const enum go_probe probes[GO_CALL_ROLES] = {
		[GO_CALL_CREATE] = GO_PROBE_CREATE,
		[GO_CALL_STOP] = GO_PROBE_STOP,
		[GO_CALL_RESET] = GO_PROBE_RESET,
		[GO_CALL_FIRE] = GO_PROBE_FIRE,
		[GO_CALL_FIRE_UNAWAITED] = GO_PROBE_FIRE_UNAWAITED,
	};

	return probes[role];
}

/* Finds the places and loads the programs. 0, or a negative errno, after it said why. */
static int prepare(struct run *run)
{
	struct go_process *process = run->process;
	const struct go_image *image = go_process_image(process);
	struct go_sites_config config = {0};
	char why[GO_SITES_WHY_LEN] = "";
	int err;

	go_memory_limit(go_process_memory(process), PLACES_NS);
	err = go_sites_find(go_process_memory(process), image, go_process_layout(process),
			    go_process_symbols(process), &run->sites, why);
	if (err)
		return refuse(run, err, why);
	run->file = go_sites_file(go_process_pid(process), image);
	if (run->file < 0)
		return refuse(run, run->file, why);
	config.when = run->sites.when;
	config.heaps = run->sites.heaps;
	err = go_probes_open(go_process_pid(process), &config, &run->probes);
	if (!err)
		run->trap_ns = go_probes_trap_ns(run->probes);
	return err;
}

/* What comes from the process may be anything, and is read with few privileges. */
static int give_up_privileges(const struct run *run)
{
	int err = go_probes_drop_privileges(run->probes, PRIVILEGE_KEEP_MEMORY | run->wish->kept);

	if (err)
		message_error("cannot give up privileges: %s", strerror(-err));
	return err;
}

/*
 * Puts all probes on. Creation comes last: what becomes of a timer that was seen is seen too. 0,
 * or a negative errno, after it said why.
 */
static int attach(struct run *run)
{
	struct go_memory *memory = go_process_memory(run->process);
	char why[GO_SITES_WHY_LEN];
	int err;

	/* Loading took CPU time too. */
	go_memory_limit(memory, PLACES_NS);
	err = go_sites_check(memory, &run->sites, run->file, why);
	if (err)
		return refuse(run, err, why);
	for (size_t i = run->sites.calls; i-- > 0 && !err;) {
		const struct go_call *call = &run->sites.call[i];

		err = go_probes_attach(run->probes, probe_of(call->role), run->file, call->offset);
	}
	if (!err && !go_memory_same(memory))
		return refuse(run, -ESRCH, "");
	if (!err)
		err = give_up_privileges(run);
	return err;
}

/* ---- watch ------------------------------------------------------------------------ */

static int keep_name(void *context, uint64_t pc, const struct go_frame *frame)
{
	(void)context;
	(void)pc;
	(void)frame;
	return 0;
}

/* Has the functions of new stacks read, since they cannot be once the process has exited. */
static void learn_names(struct run *run)
{
	const struct go_sites_report report = {.symbols = go_process_symbols(run->process)};
	const uint64_t began = clock_now(CLOCK_PROCESS_CPUTIME_ID);
	const struct go_site *site;
	uint64_t spent;
	size_t sites;

	site = go_probes_sites(run->probes, &sites);
	go_process_renew(run->process);
	/* All names together have one limit, since the probes cost the process time meanwhile. */
	go_memory_limit(go_process_memory(run->process), run->names_ns);
	for (; run->named < run->begun; run->named++) {
		const struct go_sites_row row = {.key = site[run->named].key};

		go_sites_stack(&report, &row, keep_name, NULL);
	}
	run->begun = sites;
	spent = clock_now(CLOCK_PROCESS_CPUTIME_ID) - began;
	run->names_ns -= spent < run->names_ns ? spent : run->names_ns;
}

/* Waits until the time is over or something else ends it, and returns what. */
static enum go_sites_end watch(struct run *run, uint64_t until)
{
	const struct go_sites_totals *totals = go_probes_totals(run->probes);
	uint64_t second_ago[STEPS_A_SECOND] = {0};

	for (unsigned int step = 0;; step = (step + 1) % STEPS_A_SECOND) {
		const uint64_t hits = __atomic_load_n(&totals->hits, __ATOMIC_RELAXED);
		const uint64_t now = clock_mono();

		if (hits - second_ago[step] > run->wish->limit)
			return GO_SITES_END_GUARD;
		second_ago[step] = hits;
		if (*run->stop)
			return GO_SITES_END_INTERRUPTED;
		if (now >= until)
			return GO_SITES_END_DURATION;
		if (!go_memory_same(go_process_memory(run->process)))
			return GO_SITES_END_EXITED;
		learn_names(run);
		go_sites_kernel_run(&run->kernel, until - now < STEP_NS ? until : now + STEP_NS,
				    run->stop);
	}
}

static bool misses_timers(const struct go_snapshot *snapshot)
{
	return snapshot->lost[GO_LOSS_TIMERS_MOVED] || snapshot->lost[GO_LOSS_TIMERS_CAPPED];
}

/* Takes a snapshot with all timers that are in a heap, if it can. */
static void take_snapshot(struct run *run)
{
	enum go_refusal refusal = GO_READ;

	for (int i = 0; i < SNAPSHOTS_MAX && !run->reconciled && refusal == GO_READ; i++) {
		go_snapshot_clear(&run->snapshot);
		refusal = go_process_snapshot(run->process, &run->snapshot);
		run->reconciled = refusal == GO_READ && !misses_timers(&run->snapshot);
	}
}

/* Counts for the time that is asked for. Returns why it ended; sets *began and *ended. */
static enum go_sites_end count(struct run *run, uint64_t *began, uint64_t *ended)
{
	const uint64_t duration = run->wish->duration_ns;
	enum go_sites_end end;

	go_probes_count(run->probes, true);
	*began = clock_mono();
	message_detail(1, "measuring");
	end = watch(run, duration ? *began + duration : UINT64_MAX);
	/*
	 * The snapshot comes while it still counts: a timer that is created meanwhile is known to
	 * be newer. If there is no time for that, only the probes tell what is live.
	 */
	if (end == GO_SITES_END_DURATION || end == GO_SITES_END_INTERRUPTED)
		take_snapshot(run);
	go_probes_count(run->probes, false);
	*ended = clock_mono();
	go_probes_detach(run->probes);
	return end;
}

/* ---- end -------------------------------------------------------------------------- */

static int report(struct run *run, uint64_t began, uint64_t ended, struct go_sites_report *report)
{
	const struct go_sites_totals *totals = go_probes_totals(run->probes);

	report->pid = go_process_pid(run->process);
	report->comm = go_process_comm(run->process);
	report->version = go_process_image(run->process)->version;
	report->symbols = go_process_symbols(run->process);
	report->window_ns = ended - began;
	report->limit = run->wish->limit;
	report->probes = run->sites.calls;
	report->hits = totals->hits;
	if (totals->timed)
		report->run_ns = (double)totals->run_ns / (double)totals->timed;
	report->trap_ns = run->trap_ns;
	report->has_kernel = go_sites_kernel_end(&run->kernel, &report->kernel);
	memcpy(report->lost, totals->lost, sizeof(report->lost));
	report->lost[GO_SITES_LOSS_MISSED] += go_probes_missed(run->probes);
	return go_sites_fill(report, run->probes, run->reconciled ? &run->snapshot : NULL, ended,
			     run->wish->rows);
}

static int perform(struct run *run, struct go_sites_report *result)
{
	uint64_t began, ended;
	int err = prepare(run);

	/* Loading that takes longest: no probe waits for it. */
	if (!err)
		go_sites_kernel_begin(&run->kernel, go_process_pid(run->process));
	if (!err)
		err = attach(run);
	if (err)
		return err;
	result->end = count(run, &began, &ended);
	if (result->end == GO_SITES_END_GUARD)
		message_error(
			"the probes were taken off process %u after %llu ms: it met more than "
			"%llu of them a second",
			go_process_pid(run->process), (unsigned long long)(ended - began) / 1000000,
			(unsigned long long)run->wish->limit);
	err = report(run, began, ended, result);
	if (err)
		message_error("cannot read what the probes counted: %s", strerror(-err));
	return err;
}

int go_sites_run(struct go_process *process, const struct go_sites_wish *wish,
		 const volatile int *stop, struct go_sites_report *report)
{
	struct run run = {
		.process = process, .wish = wish, .stop = stop, .file = -1, .names_ns = NAMES_NS};
	int err;

	*report = (struct go_sites_report){0};
	err = perform(&run, report);
	go_probes_close(run.probes);
	go_snapshot_clear(&run.snapshot);
	go_sites_kernel_clear(&run.kernel);
	if (run.file >= 0)
		close(run.file);
	return err;
}

void go_sites_free(struct go_sites_report *report)
{
	free(report->row);
	dist_clear(&report->lateness);
	dist_clear(&report->kernel);
	*report = (struct go_sites_report){0};
}

int go_sites_command(struct go_process *process, const struct options *options,
		     const struct report *host, FILE *out)
{
	const struct go_sites_wish wish = {
		.duration_ns = options->go.lasting ? options->duration_ns : GO_SITES_DURATION_NS,
		.limit = GO_SITES_LIMIT,
		.rows = options->go.view.limit,
		.kept = options->output ? PRIVILEGE_KEEP_FILES : PRIVILEGE_KEEP_NONE,
	};
	struct go_sites_report report;
	int err = go_sites_run(process, &wish, &session_stop, &report);
	int status = err ? session_exit_code(err) : EXIT_DONE;

	if (!err && !options->json)
		err = go_text_header(out, host);
	if (!err)
		err = options->json ? go_sites_json(out, &report) : go_sites_text(out, &report);
	go_sites_free(&report);
	if (status != EXIT_DONE || !err || err == -EPIPE)
		return status;
	message_error("cannot write the report: %s", strerror(-err));
	return EXIT_FAILED;
}
