/* SPDX-License-Identifier: GPL-2.0-only */
/* The table: commands, options, and the words that options take as values. */
#include "options/table.h"

#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A table is read by its columns. */
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
	[COMMAND_SUMMARY] = {
		.name = "summary",
		.help = "measure for a while, then print one table of tasks or groups",
		.description =
			"Measures until the duration has passed or Ctrl-C is pressed, then prints "
			"one table: timers and their lateness, run-queue latency, blocked "
			"durations and dwell, a line for each task or group.",
	},
	[COMMAND_OUTLIERS] = {
		.name = "outliers",
		.help = "write each wait, block or late timer that is out of the ordinary",
		.description =
			"Writes a line for each interval beyond its threshold when it ends, or "
			"when it is found to go on: how long it took, how long such an interval "
			"takes that task otherwise, and whose fault it was. Those of one cause "
			"within a second are one line, unless -v or -j asks for each.",
	},
	[COMMAND_TIMERS] = {
		.name = "timers",
		.help = "tell who arms which timers, through which call, and which stay armed",
		.description =
			"Measures until the duration has passed or Ctrl-C is pressed, then prints "
			"the ledger of timers: a line for each process, system call and callback, "
			"with what it armed, for how long, what became of it and what is armed "
			"yet.",
	},
	[COMMAND_DAEMON] = {
		.name = "daemon",
		.help = "measure as a service: metrics for Prometheus, outliers in the journal",
		.description =
			"Measures until it is told to end (SIGTERM, Ctrl-C). Each interval it "
			"writes metrics of groups of tasks into a file for Prometheus' node "
			"exporter, and outliers into the journal as they come. Options come "
			"from a configuration file too; the command line goes before it. SIGHUP "
			"has the file read again, SIGUSR1 a summary logged.",
	},
	[COMMAND_CHECK] = {
		.name = "check",
		.help = "tell what this kernel and these privileges allow",
		.description =
			"Lists each feature and privilege that dwell needs: whether it is there, "
			"what is lost without it, and how to get it. Measures nothing.",
	},
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

#define ALL ((1U << COMMANDS) - 1)
#define RUNS (ALL & ~(1U << COMMAND_NONE))
#define SUMMARY (1U << COMMAND_SUMMARY)
#define OUTLIERS (1U << COMMAND_OUTLIERS)
#define TIMERS (1U << COMMAND_TIMERS)
#define DAEMON (1U << COMMAND_DAEMON)
#define JUDGES (SUMMARY | OUTLIERS | DAEMON)
#define VIEWS (SUMMARY | TIMERS)
#define MEASURES (SUMMARY | OUTLIERS | TIMERS)
#define REPORTS (RUNS & ~DAEMON)

/* Letter, name, argument, initial values; help; form, section, commands and others. */
const struct option_spec option_specs[] = {
	{ 'p', "pid", "PID,...", NULL, NULL,
	  "only these processes, with all their threads",
	  FORM_PIDS, SECTION_TASKS, MEASURES, 0 },
	{ 't', "tid", "TID,...", NULL, NULL,
	  "only these tasks (threads)",
	  FORM_TIDS, SECTION_TASKS, MEASURES, 0 },
	{ 'c', "comm", "NAME,...", NULL, NULL,
	  "only tasks of these names, at most 15 bytes each; \\, is a comma in a name",
	  FORM_COMMS, SECTION_TASKS, MEASURES | DAEMON, 0 },
	{ 'g', "cgroup", "CGROUP", NULL, NULL,
	  "only tasks in this cgroup or below it: its path, from the root of the hierarchy "
	  "or in the file system",
	  FORM_CGROUP, SECTION_TASKS, MEASURES | DAEMON, 0 },
	{ 'd', "duration", "TIME", "10s", "0",
	  "how long to measure, such as 250ms, 10s or 5m; 0 = until Ctrl-C",
	  FORM_DURATION, SECTION_VIEW, MEASURES, OUTLIERS | DAEMON },
	{ 'b', "by", "GROUP", "task", "process",
	  "one line for each task, process, comm or cgroup; timers also by callback or api",
	  FORM_BY, SECTION_VIEW, VIEWS, TIMERS },
	{ 's', "sort", "KEY", "runqueue", "armed",
	  "what to sort by, largest first; names and ids ascending",
	  FORM_SORT, SECTION_VIEW, VIEWS, TIMERS },
	{ 'n', "top", "COUNT", "30", NULL,
	  "at most so many lines; 0 = all",
	  FORM_NUMBER, SECTION_VIEW, VIEWS, 0 },
	{ OPTION_TIMERS, "timers", NULL, NULL, NULL,
	  "also the ledger of timers, as `dwell timers` tells it",
	  FORM_FLAG, SECTION_TIMERS, SUMMARY, 0 },
	{ OPTION_LEAKS, "leaks", NULL, NULL, NULL,
	  "only what leaks: timers that stay armed, more and more of them",
	  FORM_FLAG, SECTION_TIMERS, TIMERS, 0 },
	{ OPTION_SITES, "sites", NULL, NULL, NULL,
	  "also where the timers are armed, as stacks of the kernel and the program",
	  FORM_FLAG, SECTION_TIMERS, TIMERS, 0 },
	{ OPTION_WHEEL, "wheel", NULL, NULL, NULL,
	  "also the timers of the timer wheel: of sockets, drivers and the kernel's waits",
	  FORM_FLAG, SECTION_TIMERS, VIEWS, 0 },
	{ OPTION_TABLE, "table", "COUNT", "16384", NULL,
	  "room for so many armed timers, and for so many lines of a ledger by task",
	  FORM_TABLE, SECTION_LIMITS, VIEWS | DAEMON, 0 },
	{ OPTION_RUNQUEUE, "runqueue", "TIME", "auto", NULL,
	  "waits for a CPU beyond TIME (auto: unusual ones beyond 2ms)",
	  FORM_THRESHOLD, SECTION_OUTLIERS, JUDGES, 0 },
	{ OPTION_THROTTLED, "throttled", "TIME", "auto", NULL,
	  "waits for a CPU quota beyond TIME (auto: unusual ones beyond 20ms)",
	  FORM_THRESHOLD, SECTION_OUTLIERS, JUDGES, 0 },
	{ OPTION_BLOCKED, "blocked", "TIME", "auto", NULL,
	  "blocks beyond TIME (auto: unusual ones beyond 1s)",
	  FORM_THRESHOLD, SECTION_OUTLIERS, JUDGES, 0 },
	{ OPTION_DWELL, "dwell", "TIME", "auto", NULL,
	  "from being woken until blocked again (auto: unusual ones beyond 100ms)",
	  FORM_THRESHOLD, SECTION_OUTLIERS, JUDGES, 0 },
	{ OPTION_LATENESS, "lateness", "TIME", "auto", NULL,
	  "timers that fire later (auto: unusual ones beyond 2ms)",
	  FORM_THRESHOLD, SECTION_OUTLIERS, JUDGES, 0 },
	{ OPTION_TIMER_LATENCY, "timer-latency", "TIME", "auto", NULL,
	  "from a timer's due time until its task has a CPU (auto: unusual ones beyond 2ms)",
	  FORM_THRESHOLD, SECTION_OUTLIERS, JUDGES, 0 },
	{ OPTION_SENSITIVITY, "sensitivity", "COUNT", "4", NULL,
	  "unusual is what is so many mean deviations beyond the mean",
	  FORM_SENSITIVITY, SECTION_OUTLIERS, JUDGES, 0 },
	{ OPTION_USER_STACKS, "user-stacks", NULL, NULL, NULL,
	  "also where in the program a task blocked; each block costs more",
	  FORM_FLAG, SECTION_OUTLIERS, OUTLIERS, 0 },
	{ OPTION_EXIT_CODE, "exit-code", NULL, NULL, NULL,
	  "end with status 10 if there was any",
	  FORM_FLAG, SECTION_OUTLIERS, OUTLIERS, 0 },
	{ OPTION_TEXTFILE_DIR, "textfile-dir", "DIR", "/var/lib/prometheus/node-exporter", NULL,
	  "where the node exporter looks for metrics (dwell.prom is written there); off = nowhere",
	  FORM_DIRECTORY, SECTION_EXPORT, DAEMON, 0 },
	{ OPTION_INTERVAL, "interval", "TIME", "15s", NULL,
	  "how often the metrics are written, from 1s to 1h",
	  FORM_INTERVAL, SECTION_EXPORT, DAEMON, 0 },
	{ OPTION_GROUPS, "groups", "GROUP", "comm", NULL,
	  "what has metrics of its own: all tasks of one comm, or of one cgroup",
	  FORM_GROUPS, SECTION_EXPORT, DAEMON, 0 },
	{ OPTION_LOG, "log", "WHERE", "journal", NULL,
	  "where outliers are written: journal (without one, as stderr), stderr, off",
	  FORM_LOG, SECTION_EXPORT, DAEMON, 0 },
	{ OPTION_MAX_GROUPS, "max-groups", "COUNT", "20", NULL,
	  "at most so many groups have metrics of their own, the others one line together",
	  FORM_MAX_GROUPS, SECTION_LIMITS, DAEMON, 0 },
	{ OPTION_MAX_OVERHEAD, "max-overhead", "PERCENT", "1", NULL,
	  "at most so much of the machine's CPU time, such as 0.5; off = however much",
	  FORM_PERCENT, SECTION_LIMITS, DAEMON, 0 },
	{ 'j', "json", NULL, NULL, NULL,
	  "one JSON object a line, times in nanoseconds",
	  FORM_FLAG, SECTION_OUTPUT, REPORTS, 0 },
	{ 'o', "output", "FILE", NULL, NULL,
	  "write to this file instead of the standard output",
	  FORM_FILE, SECTION_OUTPUT, REPORTS, 0 },
	{ OPTION_CONFIG, "config", "FILE", "/etc/dwell/dwell.conf", NULL,
	  "read options from this file",
	  FORM_CONFIG, SECTION_GENERAL, DAEMON, 0 },
	{ 'v', "verbose", NULL, NULL, NULL,
	  "say more on the standard error; twice: even more",
	  FORM_FLAG, SECTION_GENERAL, RUNS, 0 },
	{ 'V', "version", NULL, NULL, NULL,
	  "print the version",
	  FORM_FLAG, SECTION_GENERAL, ALL, 0 },
	{ 'h', "help", NULL, NULL, NULL,
	  "print this help",
	  FORM_FLAG, SECTION_GENERAL, ALL, 0 },
};
/* clang-format on */

const size_t option_specs_count = LENGTH(option_specs);
_Static_assert(LENGTH(option_specs) <= OPTIONS_MAX, "options.given has no bit for the last one");

const struct named_value sort_keys[ROW_KEYS + 1] = {
	[ROW_KEY_RUNQUEUE] = {"runqueue", "time spent waiting for a CPU, in all"},
	[ROW_KEY_RUNQUEUE_MAX] = {"runqueue-max", "longest run-queue latency"},
	[ROW_KEY_RUNQUEUE_P99] = {"runqueue-p99", "99th percentile of run-queue latency"},
	[ROW_KEY_THROTTLED] = {"throttled", "time held back by a CPU quota, in all"},
	[ROW_KEY_ARMED] = {"armed", "timers armed"},
	[ROW_KEY_CANCELLED] = {"cancelled", "timers cancelled"},
	[ROW_KEY_EXPIRED] = {"expired", "timers expired"},
	[ROW_KEY_OUTSTANDING] = {"outstanding", "timers that are armed at the end"},
	[ROW_KEY_LATENESS_P99] = {"lateness-p99", "99th percentile of timer lateness"},
	[ROW_KEY_LATENESS_MAX] = {"lateness-max", "largest timer lateness"},
	[ROW_KEY_TIMER_LATENCY_P99] = {"timer-latency-p99", "99th percentile of timer latency"},
	[ROW_KEY_TIMER_LATENCY_MAX] = {"timer-latency-max", "largest timer latency"},
	[ROW_KEY_BLOCKED] = {"blocked", "time spent blocked, in all"},
	[ROW_KEY_BLOCKED_MAX] = {"blocked-max", "longest blocked duration"},
	[ROW_KEY_UNINTERRUPTIBLE] = {"uninterruptible", "time spent in uninterruptible blocks (D)"},
	[ROW_KEY_DWELL_P99] = {"dwell-p99", "99th percentile of dwell"},
	[ROW_KEY_DWELL_MAX] = {"dwell-max", "longest dwell"},
	[ROW_KEY_ONCPU] = {"oncpu", "time spent on a CPU"},
	[ROW_KEY_SWITCHES] = {"switches", "context switches, voluntary and involuntary"},
	[ROW_KEY_TASKS] = {"tasks", "number of tasks in the group"},
	[ROW_KEY_PID] = {"pid", "process id, smallest first"},
	[ROW_KEY_TID] = {"tid", "task id, smallest first"},
	[ROW_KEY_COMM] = {"comm", "name, in alphabetical order"},
	[ROW_KEY_CGROUP] = {"cgroup", "cgroup id, smallest first"},
};

const struct named_value timer_sort_keys[TIMER_KEYS + 1] = {
	[TIMER_KEY_ARMED] = {"armed", "timers armed, re-arms included"},
	[TIMER_KEY_REARMED] = {"rearmed", "timers armed again while they were armed"},
	[TIMER_KEY_CANCELLED] = {"cancelled", "timers cancelled"},
	[TIMER_KEY_EXPIRED] = {"expired", "timers expired"},
	[TIMER_KEY_OUTSTANDING] = {"outstanding", "timers that are armed at the end"},
	[TIMER_KEY_OLDEST] = {"oldest", "age of the oldest of them"},
	[TIMER_KEY_TIMEOUT] = {"timeout", "median of the time asked for, shortest first"},
	[TIMER_KEY_SLACK] = {"slack", "slack used, in all"},
	[TIMER_KEY_LATENESS_P99] = {"lateness-p99", "99th percentile of lateness"},
	[TIMER_KEY_LATENESS_MAX] = {"lateness-max", "largest lateness"},
	[TIMER_KEY_WOKE] = {"woke", "expiries that woke a task"},
	[TIMER_KEY_CALLBACK] = {"callback", "time spent in callbacks"},
	[TIMER_KEY_GROWTH] = {"growth", "how fast it keeps growing"},
	[TIMER_KEY_PID] = {"pid", "process id, smallest first"},
	[TIMER_KEY_TID] = {"tid", "task id, smallest first"},
	[TIMER_KEY_COMM] = {"comm", "name, in alphabetical order"},
	[TIMER_KEY_API] = {"api", "API, in alphabetical order"},
};

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

const struct named_value log_names[DAEMON_LOG_OFF + 2] = {
	[DAEMON_LOG_JOURNAL] = {"journal", "the journal; the standard error if there is none"},
	[DAEMON_LOG_STDERR] = {"stderr", "the standard error, one line each"},
	[DAEMON_LOG_OFF] = {"off", "nowhere"},
};

/* The service counts in groups only: they outlive tasks. */
static const struct named_value *const group_names = &by_names[ROW_BY_COMM];

const struct named_value *option_names(enum option_form form, enum command command)
{
	if (form == FORM_SORT)
		return command == COMMAND_TIMERS ? timer_sort_keys : sort_keys;
	if (form == FORM_BY)
		return command == COMMAND_TIMERS ? timer_by_names : by_names;
	if (form == FORM_GROUPS)
		return group_names;
	if (form == FORM_LOG)
		return log_names;
	return NULL;
}

char *option_forms(const struct option_spec *option, char text[OPTION_FORMS_LEN])
{
	int used = 0;

	if (option_has_letter(option))
		used = snprintf(text, OPTION_FORMS_LEN, "-%c, ", option->letter);
	snprintf(text + used, OPTION_FORMS_LEN - used, "--%s", option->name);
	return text;
}

const char *option_initial(const struct option_spec *option, enum command command)
{
	return option->others & (1U << command) ? option->other : option->initial;
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
