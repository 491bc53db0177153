// SPDX-License-Identifier: GPL-2.0-only
/* A session: what every measuring command opens, takes names from, and reports at its end. */
#include "cmd/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/message.h"
#include "base/saturate.h"
#include "cmd/commands.h"
#include "model/syscalls.h"
#include "source/live.h"

volatile int session_stop;

static void on_signal(int signal)
{
	(void)signal;
	session_stop = 1;
}

void session_catch_signals(void)
{
	struct sigaction action = {
		.sa_handler = on_signal,
		/*
		 * A read of a map or an iterator has to go on: the loop around it checks
		 * session_stop.
		 */
		.sa_flags = SA_RESETHAND | SA_RESTART,
	};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool session_refuse_proc(struct reductions *reductions)
{
	const int err = task_names_refuse_proc(TASK_NAMES_PROC);

	if (err)
		reductions_add(reductions, err == ESRCH ? "/proc/self" : "/proc", err);
	return err;
}

/* Whether the output has stacks of programs. */
static bool names_programs(const struct session *session)
{
	return session->options->user_stacks || session->plan.ledger.sites;
}

/* Starts what reads programs' files, if that is wanted. An error only costs names. */
static void start_file_helper(struct session *session)
{
	int err = 0;

	if (names_programs(session))
		err = file_helper_start(&session->file_helper);
	if (err)
		message_error("functions of programs have no names: cannot start what reads their "
			      "files: %s",
			      strerror(-err));
}

/* Opens the sources of names for tasks and functions. 0 or -ENOMEM. */
static int open_names(struct session *session)
{
	const bool proc_refused = session_refuse_proc(&session->reductions);

	if (!proc_refused)
		start_file_helper(session);
	session->symbols = symbols_new(SYMBOLS_KALLSYMS);
	session->task_names = task_names_new(proc_refused ? NULL : TASK_NAMES_PROC);
	session->user_symbols = user_symbols_new(session->file_helper);
	if (session->symbols && session->task_names && session->user_symbols)
		return 0;
	message_error("out of memory");
	return -ENOMEM;
}

int session_open(struct session *session, const struct plan *plan, const struct intake *intake)
{
	const struct options *options = plan->options;
	struct source_outliers outliers = {
		.deviations = options->sensitivity,
		.user_stacks = options->user_stacks,
	};
	struct source_filter filter = options->filter;
	struct source_request request = {
		.filter = &filter,
		.outliers = &outliers,
		.ledger = plan->ledger,
		.reductions = &session->reductions,
		.outliers_alone = plan->outliers_alone,
		.sample_cost = plan->samples_cost,
	};
	bool named = !cgroup_detect(CGROUP_MOUNTINFO, "", &session->hierarchy);
	uint64_t began = clock_mono();
	int err;

	session->plan = *plan;
	session->options = options;
	limits_raise_files();
	memcpy(outliers.rule, options->outlier, sizeof(outliers.rule));
	err = open_names(session);
	if (err)
		return err;
	err = targets_find(options, named ? &session->hierarchy : NULL, &filter);
	if (err)
		return err;
	request.cgroup_v1 = named && session->hierarchy.v1;
	err = source_live_open(&session->source, &request, intake);
	if (err)
		return err;
	if (named)
		session->cgroups = cgroup_paths_new(&session->hierarchy, CGROUP_REFRESH_NS);
	if (session->cgroups)
		cgroup_path(session->cgroups, 0); /* read now, for some may be gone at the end */
	/*
	 * Read now: while it measures, reading symbols would take the CPU from the tasks it
	 * measures.
	 */
	if (plan->names_meanwhile)
		symbols_read(session->symbols);
	message_detail(1, "start: %llu us", (unsigned long long)(clock_mono() - began) / 1000);
	return 0;
}

void session_clear(struct session *session)
{
	source_close(session->source);
	symbols_free(session->symbols);
	task_names_free(session->task_names);
	user_symbols_free(session->user_symbols);
	file_helper_stop(session->file_helper);
	cgroup_paths_free(session->cgroups);
	output_discard(&session->output);
}

int session_start(struct session *session, unsigned int kept)
{
	int err;

	session_catch_signals();
	err = source_start(session->source, &session->start);
	if (err)
		return err;
	err = source_drop_privileges(session->source, kept);
	if (err)
		return err;
	getrusage(RUSAGE_SELF, &session->usage);
	session->helper_ns = file_helper_cpu_ns(session->file_helper);
	message_detail(1, "measuring");
	return 0;
}

uint64_t session_until(const struct session *session)
{
	uint64_t duration = session->options->duration_ns;

	return duration ? session->start + duration : UINT64_MAX;
}

int session_exit_code(int err)
{
	if (err == -EOPNOTSUPP)
		return EXIT_KERNEL;
	return err == -EPERM ? EXIT_PERMISSION : EXIT_FAILED;
}

/* ---- names ------------------------------------------------------------------ */

static const char *cgroup_name(void *context, uint64_t id)
{
	struct session *session = context;

	return session->cgroups ? cgroup_path(session->cgroups, id) : NULL;
}

/*
 * The name of the function at @address, in session->function if @err is 0. @err is the error of
 * the symbols; the kernel is asked where those are hidden. NULL: not known.
 */
static const char *symbol_or_kernel(struct session *session, uint64_t address, int err)
{
	char *name = session->function;

	if (err == -EPERM || (err && reductions_have(&session->reductions, "/proc")))
		err = source_function_name(session->source, address, name,
					   sizeof(session->function));
	return err ? NULL : name;
}

/* A callback's address is where its function begins. */
static const char *callback_name(void *context, uint64_t address)
{
	struct session *session = context;

	return symbol_or_kernel(session, address,
				symbols_name(session->symbols, address, session->function,
					     sizeof(session->function)));
}

static const char *function_name(void *context, uint64_t address)
{
	struct session *session = context;

	return symbol_or_kernel(session, address,
				symbols_covering(session->symbols, address, session->function,
						 sizeof(session->function)));
}

static const char *user_function_name(void *context, uint32_t pid, uint64_t address)
{
	struct session *session = context;

	if (user_symbols_name(session->user_symbols, pid, address, session->function,
			      sizeof(session->function)))
		return NULL;
	return session->function;
}

static const char *comm_name(void *context, uint32_t pid, uint32_t tid)
{
	struct session *session = context;

	return task_names_comm(session->task_names, pid, tid);
}

static double quota(void *context, uint64_t id, size_t *owner)
{
	struct session *session = context;
	const char *path = cgroup_name(session, id);

	return path ? cgroup_quota(&session->hierarchy, path, owner) : 0;
}

static const char *call_name(void *context, int number)
{
	(void)context;
	return syscall_name(number);
}

struct naming session_naming(struct session *session)
{
	return (struct naming){
		.comm = comm_name,
		.cgroup = cgroup_name,
		.quota = quota,
		.function = function_name,
		.callback = callback_name,
		.user_function = user_function_name,
		.syscall = call_name,
		.context = session,
	};
}

struct outlier_clock session_clock(void)
{
	struct outlier_clock clock = {.mono = clock_mono()};

	clock_gettime(CLOCK_REALTIME, &clock.real);
	return clock;
}

/* ---- what it cost ------------------------------------------------------------ */

static uint64_t cpu_ns(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000ULL +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000ULL;
}

uint64_t session_resident_bytes(void)
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

static void add_overhead(const struct session *session, struct overhead *overhead, double cpus)
{
	double window = session->end - session->start;
	struct source_cost cost;
	struct rusage usage;
	uint64_t helper_ns;

	getrusage(RUSAGE_SELF, &usage);
	helper_ns =
		saturating_subtract(file_helper_cpu_ns(session->file_helper), session->helper_ns);
	overhead->user_cpu_ratio =
		(cpu_ns(&usage) - cpu_ns(&session->usage) + helper_ns) / window / cpus;
	overhead->rss_bytes = session_resident_bytes();
	if (overhead->rss_bytes)
		overhead->rss_bytes += file_helper_resident_bytes(session->file_helper);
	source_cost(session->source, &cost);
	if (!cost.measured || !cost.bpf_events)
		return;
	overhead->bpf_measured = true;
	overhead->bpf_ns_per_event = (double)cost.bpf_ns / cost.bpf_events;
	overhead->bpf_cpu_ratio = (double)cost.bpf_ns / cost.measured_ns / cpus;
}

/* CLOCK_REALTIME at the mono time @mono in ns, or for 0 now. */
static struct timespec time_of(uint64_t mono)
{
	struct timespec time;
	uint64_t ns, ago = mono ? clock_mono() - mono : 0;

	clock_gettime(CLOCK_REALTIME, &time);
	ns = time.tv_sec * 1000000000ULL + time.tv_nsec - ago;
	return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

void session_describe(struct session *session, struct session_heading *heading,
		      struct report *report)
{
	struct utsname kernel;

	uname(&kernel);
	snprintf(heading->kernel, sizeof(heading->kernel), "%s", kernel.release);
	heading->host[0] = '\0';
	gethostname(heading->host, sizeof(heading->host) - 1);
	report->version = DWELL_VERSION;
	report->host = heading->host;
	report->kernel = heading->kernel;
	report->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	report->view = session->plan.view;
	report->timer_view = session->plan.timer_view;
	report->window_start = session->start;
	report->window_end = session->end;
	report->time = time_of(session->end);
	report->filters = targets_text(session->options, heading->filters);
	if (!report->filters && source_in_pid_namespace(session->source))
		report->filters = "dwell's own pid namespace";
	report->reductions = &session->reductions;
	report->unmeasured = source_unmeasured(session->source);
	report->hidden_tasks = source_hidden_tasks(session->source);
	report->naming = session_naming(session);
	report->clock = session_clock();
	if (names_programs(session))
		report->unnamed = user_symbols_unnamed(session->user_symbols);
	if (session->end > session->start)
		add_overhead(session, &report->overhead, report->cpus);
}
