/* SPDX-License-Identifier: GPL-2.0-only */
/* The table: commands, options, and the words that options take as values. */
#include "options/table.h"

#include <stdio.h>
#include <string.h>

#include "model/timer_column.h"
#include "options/values.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL
#define DURATION_MAX_NS (365 * 86400 * NS_PER_S)
#define THRESHOLD_MIN_NS 1000
#define INTERVAL_MIN_NS NS_PER_S
#define INTERVAL_MAX_NS (3600 * NS_PER_S) /* a file older than this is stale to its reader */
#define LINES_MAX 1000000000
#define TABLE_MIN 64
#define TABLE_MAX 262144 /* 300 MB */
#define SENSITIVITY_MAX 100
#define GROUPS_MAX 10000
#define GO_PROCESSES_MAX 1000
#define ID_MAX 4194304 /* PID_MAX_LIMIT of 64-bit kernels */

/* Columns keep a table readable. */
/* clang-format off */
const struct command_spec command_specs[COMMANDS] = {
	[COMMAND_NONE] = {
		.name = "",
		.help = "",
		.description =
			"dwell measures on a running host, for every task and without touching it: "
			"how many timers it arms and how late they fire, how long it waits for a "
			"CPU, how long it is blocked, and how long it takes from being woken until "
			"it blocks again.",
	},
#define X(ID, name, help, description) [COMMAND_##ID] = {#name, help, description},
	COMMAND_LIST(X)
#undef X
};

const char *const section_titles[SECTIONS] = {
	[SECTION_TASKS] = "Which tasks are measured (all of them if none is named)",
	[SECTION_VIEW] = "What is shown",
	[SECTION_TIMERS] = "What is told of timers",
	[SECTION_OUTLIERS] =
		"What is an outlier (TIME: all beyond it; auto: unusual ones; off: none)",
	[SECTION_EXPORT] = "What the service exports",
	[SECTION_LIMITS] = "How much dwell may take",
	[SECTION_OUTPUT] = "Where it goes",
	[SECTION_GENERAL] = "General",
};

const char *const section_names[SECTIONS] = {
	[SECTION_TASKS] = "filter",
	[SECTION_OUTLIERS] = "outliers",
	[SECTION_EXPORT] = "export",
	[SECTION_LIMITS] = "limits",
};

#define BIT(number) (1U << (number))

#define ALL (BIT(COMMANDS) - 1)
#define RUNS (ALL & ~BIT(COMMAND_NONE))
#define SUMMARY BIT(COMMAND_SUMMARY)
#define OUTLIERS BIT(COMMAND_OUTLIERS)
#define TIMERS BIT(COMMAND_TIMERS)
#define DAEMON BIT(COMMAND_DAEMON)
#define JUDGES (SUMMARY | OUTLIERS | DAEMON)
#define VIEWS (SUMMARY | TIMERS)
#define GO BIT(COMMAND_GO)
#define MEASURES (SUMMARY | OUTLIERS | TIMERS)
#define REPORTS (RUNS & ~DAEMON)

#define AT(field) \
	.offset = offsetof(struct options, field), .size = sizeof(((struct options *)0)->field)
#define THRESHOLD(which, unusual) \
	SECTION_OUTLIERS, JUDGES, value_threshold, .value = { "auto", AT(outlier) }, \
	.min = THRESHOLD_MIN_NS, .max = DURATION_MAX_NS, .measures = which, .unusual_ns = unusual

/* Letter, name, argument; help; section, commands, reader; other fields by name. */
const struct option_spec option_specs[] = {
	{ 'p', "pid", "PID,...",
	  "only these processes, with all their threads",
	  SECTION_TASKS, MEASURES | GO, value_pids, .value = { AT(filter.pids) },
	  .min = 1, .max = ID_MAX },
	{ 't', "tid", "TID,...",
	  "only these tasks (threads)",
	  SECTION_TASKS, MEASURES, value_tids, .value = { AT(filter.tids) },
	  .min = 1, .max = ID_MAX },
	{ 'c', "comm", "NAME,...",
	  "only tasks of these names, at most 15 bytes each; \\, is a comma in a name",
	  SECTION_TASKS, MEASURES | DAEMON | GO, value_comms, .value = { AT(filter.comms) } },
	{ 'g', "cgroup", "CGROUP",
	  "only tasks in this cgroup or below it: its path, from the root of the hierarchy "
	  "or in the file system",
	  SECTION_TASKS, MEASURES | DAEMON | GO, value_cgroup, .value = { AT(nr_cgroups) } },
	{ 'd', "duration", "TIME",
	  "how long to measure, such as 250ms, 10s or 5m; 0 = until Ctrl-C",
	  SECTION_VIEW, MEASURES | GO, value_duration, .value = { "10s", AT(duration_ns) },
	  .max = DURATION_MAX_NS,
	  .variant = {
		{ .commands = OUTLIERS | DAEMON, .value = { "0", AT(duration_ns) } },
		{ GO, { AT(duration_ns) },
		  "for how long to look again and again, such as 10m; 0 = until Ctrl-C, as with -i "
		  "alone; without -d and -i it looks once", SECTION_VIEW } } },
	{ 'b', "by", "GROUP",
	  "one line for each task, process, comm or cgroup; timers also by callback or api",
	  SECTION_VIEW, VIEWS | GO, value_word, .value = { "task", by_names, AT(view.by) },
	  .variant = {
		{ .commands = TIMERS, .value = { "process", timer_by_names, AT(timer_view.by) } },
		{ GO, { "site", go_by_names, AT(go.view.by) },
		  "one line for each kind, site or creator", SECTION_VIEW } } },
	{ 's', "sort", "KEY",
	  "what to sort by, largest first; names and ids ascending",
	  SECTION_VIEW, VIEWS | GO, value_word,
	  .value = { "runqueue", .column = row_sort_key, AT(view.sort) },
	  .variant = {
		{ .commands = TIMERS,
		  .value = { "armed", .column = timer_sort_key, AT(timer_view.sort) } },
		{ GO, { "count", go_sort_names, AT(go.view.sort) },
		  "what to sort by, what matters most first", SECTION_VIEW } } },
	{ 'n', "top", "COUNT",
	  "at most so many lines; 0 = all",
	  SECTION_VIEW, VIEWS | GO, value_count, .value = { "30", AT(view.limit) },
	  .max = LINES_MAX,
	  .variant = {
		{ GO, { "10", AT(go.view.limit) },
		  "at most so many rows of timers, and of goroutines; 0 = all", SECTION_VIEW } } },
	{ 0, "timers", NULL,
	  "also the ledger of timers, as `dwell timers` tells it",
	  SECTION_TIMERS, SUMMARY, value_flag, .value = { AT(ledger.wanted) } },
	{ 0, "leaks", NULL,
	  "only what leaks: timers that stay armed, more and more of them",
	  SECTION_TIMERS, TIMERS | GO, value_flag, .value = { AT(timer_view.leaks) },
	  .variant = {
		{ GO, { AT(go.view.leaks) },
		  "only what keeps growing; it takes -i or -d to see that", SECTION_VIEW } } },
	{ 0, "sites", NULL,
	  "also where the timers are armed, as stacks of the kernel and the program",
	  SECTION_TIMERS, TIMERS | GO, value_flag, .value = { AT(ledger.sites) },
	  .variant = {
		{ GO, { AT(go.sites) },
		  "who creates timers, and what becomes of them: puts probes on one program, for 30s "
		  "or as --duration says", SECTION_VIEW } } },
	{ 0, "wheel", NULL,
	  "also the timers of the timer wheel: of sockets, drivers and the kernel's waits",
	  SECTION_TIMERS, VIEWS, value_flag, .value = { AT(ledger.wheel) } },
	{ 0, "table", "COUNT",
	  "room for so many armed timers, and for so many lines of a ledger by task",
	  SECTION_LIMITS, VIEWS | DAEMON, value_count, .value = { "16384", AT(ledger.table) },
	  .min = TABLE_MIN, .max = TABLE_MAX },
	{ 0, "runqueue", "TIME",
	  "waits for a CPU beyond TIME (auto: unusual ones beyond 2ms)",
	  THRESHOLD(BIT(DWELL_WOKEN) | BIT(DWELL_PREEMPTED), 2 * NS_PER_MS) },
	{ 0, "throttled", "TIME",
	  "waits for a CPU quota beyond TIME (auto: unusual ones beyond 20ms)",
	  THRESHOLD(BIT(DWELL_THROTTLED), 20 * NS_PER_MS) },
	{ 0, "blocked", "TIME",
	  "blocks beyond TIME (auto: unusual ones beyond 1s)",
	  THRESHOLD(BIT(DWELL_BLOCKED), NS_PER_S) },
	{ 0, "dwell", "TIME",
	  "from being woken until blocked again (auto: unusual ones beyond 100ms)",
	  THRESHOLD(BIT(DWELL_DWELL), 100 * NS_PER_MS) },
	{ 0, "lateness", "TIME",
	  "timers that fire later (auto: unusual ones beyond 2ms)",
	  THRESHOLD(BIT(DWELL_LATENESS), 2 * NS_PER_MS) },
	{ 0, "timer-latency", "TIME",
	  "from a timer's due time until its task has a CPU (auto: unusual ones beyond 2ms)",
	  THRESHOLD(BIT(DWELL_TIMER_LATENCY), 2 * NS_PER_MS) },
	{ 0, "sensitivity", "COUNT",
	  "unusual is what is so many mean deviations beyond the mean",
	  SECTION_OUTLIERS, JUDGES, value_count, .value = { "4", AT(sensitivity) },
	  .min = 1, .max = SENSITIVITY_MAX },
	{ 0, "user-stacks", NULL,
	  "also where in the program a task blocked; each block costs more",
	  SECTION_OUTLIERS, OUTLIERS, value_flag, .value = { AT(user_stacks) } },
	{ 0, "exit-code", NULL,
	  "end with status 10 if there was any",
	  SECTION_OUTLIERS, OUTLIERS | GO, value_flag, .value = { AT(exit_code) },
	  .variant = {
		{ GO, { AT(exit_code) },
		  "end with status 10 if anything grew, since the baseline or while it looked",
		  SECTION_VIEW } } },
	{ 0, "textfile-dir", "DIR",
	  "where the node exporter looks for metrics (dwell.prom is written there); off = nowhere",
	  SECTION_EXPORT, DAEMON, value_directory,
	  .value = { "/var/lib/prometheus/node-exporter", AT(daemon.textfile_dir) },
	  .reloadable = true },
	{ 'i', "interval", "TIME",
	  "how often the metrics are written, from 1s to 1h",
	  SECTION_EXPORT, DAEMON | GO, value_interval, .value = { "15s", AT(daemon.interval_ns) },
	  .min = INTERVAL_MIN_NS, .max = INTERVAL_MAX_NS, .reloadable = true,
	  .variant = {
		{ GO, { AT(go.interval_ns) },
		  "look again so often, from 1s to 1h, and show what grew (with -d alone at most 10s)",
		  SECTION_VIEW } } },
	{ 0, "groups", "GROUP",
	  "what has metrics of its own: all tasks of one comm, or of one cgroup",
	  SECTION_EXPORT, DAEMON, value_word,
	  /* only groups: they outlive tasks */
	  .value = { "comm", &by_names[ROW_BY_COMM], AT(daemon.groups) }, .min = ROW_BY_COMM },
	{ 0, "log", "WHERE",
	  "where outliers are written: journal (without one, as stderr), stderr, off",
	  SECTION_EXPORT, DAEMON, value_word, .value = { "journal", log_names, AT(daemon.log) } },
	{ 0, "go", "WORD",
	  "on: also timers and goroutines of Go programs, for which it reads their memory "
	  "(the service: see go.conf); or off",
	  SECTION_EXPORT, DAEMON, value_word, .value = { "off", go_names, AT(daemon.go) } },
	{ 0, "max-groups", "COUNT",
	  "at most so many groups have metrics of their own, the others one line together",
	  SECTION_LIMITS, DAEMON, value_count, .value = { "20", AT(daemon.max_groups) },
	  .min = 1, .max = GROUPS_MAX },
	{ 0, "max-go", "COUNT",
	  "at most so many Go processes are read; others are only counted",
	  SECTION_LIMITS, DAEMON, value_count, .value = { "20", AT(daemon.max_go) },
	  .min = 1, .max = GO_PROCESSES_MAX, .reloadable = true },
	{ 0, "max-overhead", "PERCENT",
	  "at most so much of the machine's CPU time, such as 0.5; off = however much",
	  SECTION_LIMITS, DAEMON, value_percent, .value = { "1", AT(daemon.max_overhead_ppm) },
	  .min = PPM_PER_PERCENT / 100, .max = 100 * PPM_PER_PERCENT, .reloadable = true },
	{ 'j', "json", NULL,
	  "one JSON object a line, times in nanoseconds",
	  SECTION_OUTPUT, REPORTS, value_flag, .value = { AT(json) } },
	{ 'o', "output", "FILE",
	  "write to this file instead of the standard output",
	  SECTION_OUTPUT, REPORTS, value_file, .value = { AT(output) } },
	{ 0, "pprof", "FILE",
	  "also write one process's timers and goroutines to this file, for go tool pprof",
	  SECTION_OUTPUT, GO, value_file, .value = { AT(go.pprof) } },
	{ 0, "save", "FILE",
	  "also write all of one process to this file, as a baseline",
	  SECTION_OUTPUT, GO, value_file, .value = { AT(go.save) } },
	{ 0, "baseline", "FILE",
	  "show only what is new or has grown since this file was saved",
	  SECTION_VIEW, GO, value_file, .value = { AT(go.baseline) } },
	{ 0, "config", "FILE",
	  "read options from this file",
	  SECTION_GENERAL, DAEMON, value_file,
	  .value = { "/etc/dwell/dwell.conf", AT(daemon.config) } },
	{ 'v', "verbose", NULL,
	  "say more on the standard error; twice: even more",
	  SECTION_GENERAL, RUNS, value_repeated, .value = { AT(verbose) },
	  .variant = {
		{ GO, { AT(verbose) },
		  "also the stacks; say more on the standard error", SECTION_VIEW } } },
	{ 'V', "version", NULL,
	  "print the version",
	  SECTION_GENERAL, ALL, value_version, .value = { AT(action) } },
	{ 'h', "help", NULL,
	  "print this help",
	  SECTION_GENERAL, ALL, value_help, .value = { AT(action) } },
};
/* clang-format on */

const size_t option_specs_count = LENGTH(option_specs);
_Static_assert(LENGTH(option_specs) <= OPTIONS_MAX, "options.given has no bit for the last one");

const struct named_value timer_by_names[TIMER_BY_API + 2] = {
	[TIMER_BY_TASK] = {"task", "a task's timers of one API and callback"},
	[TIMER_BY_PROCESS] = {"process", "the same of a process"},
	[TIMER_BY_COMM] = {"comm", "the same of all tasks of one name"},
	[TIMER_BY_CGROUP] = {"cgroup", "the same of all tasks of one cgroup"},
	[TIMER_BY_CALLBACK] = {"callback", "all timers of one API and callback"},
	[TIMER_BY_API] = {"api", "all timers of one API"},
};

const struct named_value by_names[ROW_BY_CGROUP + 2] = {
	[ROW_BY_TASK] = {"task", "a task (thread)"},
	[ROW_BY_PROCESS] = {"process", "a process with all its threads"},
	[ROW_BY_COMM] = {"comm", "all tasks of one name"},
	[ROW_BY_CGROUP] = {"cgroup", "all tasks of one cgroup"},
};

const struct named_value go_by_names[GO_BY_CREATOR + 2] = {
	[GO_BY_KIND] = {"kind", "timers of one kind and period; goroutines of one state"},
	[GO_BY_SITE] = {"site", "timers of one kind, period and owner; goroutines of one creator "
				"that wait at one place"},
	[GO_BY_CREATOR] = {"creator", "what waits in goroutines that one function created"},
};

const struct named_value go_sort_names[GO_SORT_AGE + 2] = {
	[GO_SORT_COUNT] = {"count", "how many there are, most first"},
	[GO_SORT_GROWTH] = {"growth", "how fast they become more, the fastest first"},
	[GO_SORT_OVERDUE] = {"overdue", "how late the latest timer is, the latest first"},
	[GO_SORT_NEXT] = {"next", "when the next timer is due, the soonest first"},
	[GO_SORT_LAST] = {"last", "when the last timer is due, the furthest first"},
	[GO_SORT_AGE] = {"age", "how long the oldest goroutine waits, the longest first"},
};

const struct named_value log_names[DAEMON_LOG_OFF + 2] = {
	[DAEMON_LOG_JOURNAL] = {"journal", "the journal; the standard error if there is none"},
	[DAEMON_LOG_STDERR] = {"stderr", "the standard error, one line each"},
	[DAEMON_LOG_OFF] = {"off", "nowhere"},
};

const struct named_value go_names[DAEMON_GO_ON + 2] = {
	[DAEMON_GO_OFF] = {"off", "no memory of another process is read"},
	[DAEMON_GO_ON] = {"on", "timers and goroutines of Go programs are exported too"},
};

char *option_forms(const struct option_spec *option, char text[OPTION_FORMS_LEN])
{
	int used = 0;

	if (option->letter)
		used = snprintf(text, OPTION_FORMS_LEN, "-%c, ", option->letter);
	snprintf(text + used, OPTION_FORMS_LEN - used, "--%s", option->name);
	return text;
}

const struct option_spec *option_named(const char *name, size_t length)
{
	for (size_t i = 0; i < option_specs_count; i++)
		if (strlen(option_specs[i].name) == length &&
		    !strncmp(option_specs[i].name, name, length))
			return &option_specs[i];
	return NULL;
}

bool option_in_file(const struct option_spec *option)
{
	return option_takes(option, COMMAND_DAEMON) && section_names[option->section];
}
