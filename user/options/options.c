/* SPDX-License-Identifier: GPL-2.0-only */
/* Options: the one table of commands and options, and all that is made from it. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "options/options.h"
#include "base/text.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define NS_PER_S 1000000000ULL
#define NS_PER_DAY (86400 * NS_PER_S)
#define DURATION_MAX_DAYS 365
#define NUMBER_MAX 1000000000
#define THRESHOLD_MIN_NS 1000
#define TABLE_MIN 64
#define TABLE_MAX 262144 /* 300 MB */
#define SENSITIVITY_MAX 100
#define INTERVAL_MIN_S 1
#define INTERVAL_MAX_S 3600 /* longer, and what reads the file takes it for stale */
#define GROUPS_MAX 10000
#define PPM_PER_PERCENT 10000
#define ID_MAX 4194304 /* PID_MAX_LIMIT of 64-bit kernels */

/* ---- the table ---------------------------------------------------------- */

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
_Static_assert(LENGTH(option_specs) <= 64, "options.given has no bit for the last one");

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

/* ---- reading values ----------------------------------------------------- */

/* What the readers of values share. */
struct parser {
	struct options *options;
	const struct option_spec *option; /* being read */
	const char *dashes;		  /* before its name */
	char *error;
};

/* Writes one line to the caller's buffer and returns -EINVAL. */
static int __attribute__((format(printf, 2, 3)))
refuse(struct parser *parser, const char *format, ...)
{
	va_list arguments;
	size_t used = 0;

	if (parser->option)
		used = (size_t)snprintf(parser->error, OPTIONS_ERROR_LEN, "%s%s: ", parser->dashes,
					parser->option->name);
	va_start(arguments, format);
	vsnprintf(parser->error + used, OPTIONS_ERROR_LEN - used, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static void free_string(char **string)
{
	free(*string);
}

static int refuse_too_many(struct parser *parser)
{
	return refuse(parser, "more than %d are too many: name fewer, or measure without it",
		      SOURCE_FILTER_MAX);
}

static int read_id(struct parser *parser, const char *item)
{
	bool threads = parser->option->form == FORM_TIDS;
	struct source_filter *filter = &parser->options->filter;
	unsigned int *count = threads ? &filter->nr_tids : &filter->nr_pids;
	uint32_t *ids = threads ? filter->tids : filter->pids;
	uint64_t id;

	if (text_parse_number(item, ID_MAX, &id) || !id)
		return refuse(parser, "'%.64s' is not a %s id: give a number from 1 to %d", item,
			      threads ? "thread" : "process", ID_MAX);
	if (*count == SOURCE_FILTER_MAX)
		return refuse_too_many(parser);
	ids[(*count)++] = (uint32_t)id;
	return 0;
}

static int read_comm(struct parser *parser, const char *item)
{
	struct source_filter *filter = &parser->options->filter;
	size_t length = strlen(item);

	if (!length)
		return refuse(parser,
			      "a name is empty: give the names of tasks, such as bash,sshd");
	if (length >= DWELL_COMM_LEN)
		return refuse(parser,
			      "'%.64s' is longer than 15 bytes: the kernel keeps the first 15 "
			      "bytes of a name, give those",
			      item);
	if (filter->nr_comms == SOURCE_FILTER_MAX)
		return refuse_too_many(parser);
	/* The rest of the array is zeros, which the kernel side relies on. */
	memcpy(filter->comms[filter->nr_comms++], item, length);
	return 0;
}

static int read_cgroup(struct parser *parser, const char *value)
{
	struct options *options = parser->options;

	if (!*value)
		return refuse(parser, "the path is empty: give one such as /system.slice, or / for "
				      "all");
	if (options->nr_cgroups == SOURCE_FILTER_MAX)
		return refuse_too_many(parser);
	options->cgroups[options->nr_cgroups] = strdup(value);
	if (!options->cgroups[options->nr_cgroups])
		return -ENOMEM;
	options->nr_cgroups++;
	return 0;
}

/* Hands each part of @value between commas to @read_item. Names may have commas: as "\,". */
static int read_list(struct parser *parser, const char *value,
		     int (*read_item)(struct parser *parser, const char *item))
{
	int err = 0;

	while (value && !err) {
		char *item __attribute__((cleanup(free_string))) = NULL;

		err = list_take(&value, parser->option->form == FORM_COMMS, &item);
		if (err == -EINVAL)
			return refuse(parser, "\\x00 is in no name: they end before it");
		if (!err)
			err = read_item(parser, item);
	}
	return err;
}

/* 0, -ERANGE (too long to count), or -EINVAL with the error written. */
static int parse_duration(struct parser *parser, const char *value, uint64_t *ns)
{
	int err = text_parse_duration(value, ns);

	if (err == -EINVAL)
		return refuse(parser,
			      "'%.64s' is not a duration: give a number and ns, us, ms, s, m, h "
			      "or d, such as 250ms or 10s",
			      value);
	return err;
}

static int read_duration(struct parser *parser, const char *value)
{
	uint64_t ns;
	int err = parse_duration(parser, value, &ns);

	if (err == -EINVAL)
		return err;
	if (err || ns > DURATION_MAX_DAYS * NS_PER_DAY)
		return refuse(parser,
			      "'%.64s' is too long: give at most %dd, or 0 to go on until Ctrl-C",
			      value, DURATION_MAX_DAYS);
	parser->options->duration_ns = ns;
	return 0;
}

static int read_interval(struct parser *parser, const char *value)
{
	uint64_t ns;
	int err = parse_duration(parser, value, &ns);

	if (err == -EINVAL)
		return err;
	if (err || ns < INTERVAL_MIN_S * NS_PER_S || ns > INTERVAL_MAX_S * NS_PER_S)
		return refuse(parser, "'%.64s' is no interval: give one from %ds to %dm", value,
			      INTERVAL_MIN_S, INTERVAL_MAX_S / 60);
	parser->options->daemon.interval_ns = ns;
	return 0;
}

/* The measures that a threshold is for; the first one tells of what kind it is. */
static const struct {
	int key; /* enum option_key */
	enum dwell_measure measure;
	uint64_t floor_ns; /* of what is unusual */
} thresholds[] = {
	/* clang-format off */
	{ OPTION_RUNQUEUE, DWELL_WOKEN, 2000000 },
	{ OPTION_RUNQUEUE, DWELL_PREEMPTED, 2000000 },
	{ OPTION_THROTTLED, DWELL_THROTTLED, 20000000 },
	{ OPTION_BLOCKED, DWELL_BLOCKED, 1000000000 },
	{ OPTION_DWELL, DWELL_DWELL, 100000000 },
	{ OPTION_LATENESS, DWELL_LATENESS, 2000000 },
	{ OPTION_TIMER_LATENCY, DWELL_TIMER_LATENCY, 2000000 },
	/* clang-format on */
};

/* Sets the rules of the option: @ns, or what is unusual beyond its floor. */
static void set_rules(struct parser *parser, uint64_t ns, bool adaptive)
{
	for (size_t i = 0; i < LENGTH(thresholds); i++)
		if (thresholds[i].key == parser->option->letter)
			parser->options->outlier[thresholds[i].measure] = (struct outlier_rule){
				.floor_ns = adaptive ? thresholds[i].floor_ns : ns,
				.adaptive = adaptive,
			};
}

static int read_threshold(struct parser *parser, const char *value)
{
	bool judges = JUDGES & (1U << parser->options->command);
	bool adaptive = !strcmp(value, "auto");
	uint64_t ns = UINT64_MAX;

	if (!adaptive && strcmp(value, "off") != 0) {
		if (text_parse_duration(value, &ns) || ns > DURATION_MAX_DAYS * NS_PER_DAY)
			return refuse(parser,
				      "'%.64s' is no threshold: give a duration such as 10ms, "
				      "auto or off",
				      value);
		if (ns < THRESHOLD_MIN_NS)
			return refuse(parser, "'%.64s' is too short: give at least 1us", value);
	}
	/* The initial value goes to all commands: off for those that look for none. */
	set_rules(parser, ns, adaptive && judges);
	return 0;
}

/* Reads a whole number from @min to @max. */
static int read_count(struct parser *parser, const char *value, int min, int max,
		      unsigned int *count)
{
	uint64_t number;

	if (text_parse_number(value, (uint64_t)max, &number) || number < (uint64_t)min)
		return refuse(parser, "'%.64s' is not a count: give a number from %d to %d", value,
			      min, max);
	*count = (unsigned int)number;
	return 0;
}

static int read_number(struct parser *parser, const char *value)
{
	uint64_t number;

	if (text_parse_number(value, NUMBER_MAX, &number))
		return refuse(parser, "'%.64s' is not a count: give a number from 0 (all) to %d",
			      value, NUMBER_MAX);
	parser->options->view.limit = number;
	return 0;
}

/* Hundredths of a percent are the least: more digits tell nothing. */
static int read_percent(struct parser *parser, const char *value)
{
	uint64_t ppm = 0;

	if (strcmp(value, "off") != 0 &&
	    (text_parse_decimal(value, PPM_PER_PERCENT, &ppm) || ppm < PPM_PER_PERCENT / 100 ||
	     ppm > 100 * PPM_PER_PERCENT))
		return refuse(parser,
			      "'%.64s' is no share: give a percentage from 0.01 to 100, such as "
			      "0.5, or off",
			      value);
	parser->options->daemon.max_overhead_ppm = (unsigned int)ppm;
	return 0;
}

static int read_directory(struct parser *parser, const char *value)
{
	struct daemon_options *daemon = &parser->options->daemon;

	if (!strcmp(value, "off"))
		value = "";
	else if (*value != '/')
		return refuse(parser, "'%.64s' is no absolute path: give one, or off", value);
	if (strlen(value) >= sizeof(daemon->textfile_dir))
		return refuse(parser,
			      "'%.64s' is longer than any path: give one of at most %zu "
			      "bytes",
			      value, sizeof(daemon->textfile_dir) - 1);
	strcpy(daemon->textfile_dir, value);
	return 0;
}

static int read_file(struct parser *parser, const char *value)
{
	if (!*value)
		return refuse(parser, "the file name is empty: give one, or leave it out");
	if (parser->option->form == FORM_CONFIG)
		parser->options->daemon.config = value;
	else
		parser->options->output = value;
	return 0;
}

/*
 * The position of @value among the names of the option; or -EINVAL, and an error
 * that lists them all.
 */
static int read_name(struct parser *parser, const char *value)
{
	const struct named_value *names =
		option_names(parser->option->form, parser->options->command);
	char list[OPTIONS_ERROR_LEN / 2];
	size_t used = 0, i;

	for (i = 0; names[i].name; i++)
		if (!strcmp(value, names[i].name))
			return (int)i;
	for (i = 0; names[i].name && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 names[i].name);
	/* Cut off, or a long value would leave no room for the list. */
	return refuse(parser, "there is no '%.64s': give one of %s", value, list);
}

static int read_sort(struct parser *parser, const char *value)
{
	int position = read_name(parser, value);

	if (position < 0)
		return position;
	if (parser->options->command == COMMAND_TIMERS)
		parser->options->timer_view.sort = (enum timer_key)position;
	else
		parser->options->view.sort = (enum row_key)position;
	return 0;
}

static int read_by(struct parser *parser, const char *value)
{
	int position = read_name(parser, value);

	if (position < 0)
		return position;
	if (parser->options->command == COMMAND_TIMERS)
		parser->options->timer_view.by = (enum timer_by)position;
	else
		parser->options->view.by = (enum row_by)position;
	return 0;
}

static int read_groups(struct parser *parser, const char *value)
{
	int position = read_name(parser, value);

	if (position < 0)
		return position;
	parser->options->daemon.groups = (enum row_by)(ROW_BY_COMM + position);
	return 0;
}

static int read_log(struct parser *parser, const char *value)
{
	int position = read_name(parser, value);

	if (position < 0)
		return position;
	parser->options->daemon.log = (enum daemon_log)position;
	return 0;
}

static int read_flag(struct parser *parser)
{
	struct options *options = parser->options;

	switch (parser->option->letter) {
	case 'j':
		options->json = true;
		break;
	case 'v':
		options->verbose++;
		break;
	case 'V':
		options->action = ACTION_VERSION;
		break;
	case 'h':
		options->action = ACTION_HELP;
		break;
	case OPTION_USER_STACKS:
		options->user_stacks = true;
		break;
	case OPTION_EXIT_CODE:
		options->exit_code = true;
		break;
	case OPTION_TIMERS:
		options->ledger.wanted = true;
		break;
	case OPTION_LEAKS:
		options->timer_view.leaks = true;
		break;
	case OPTION_SITES:
		options->ledger.sites = true;
		break;
	case OPTION_WHEEL:
		options->ledger.wheel = true;
		break;
	}
	return 0;
}

static int read_value(struct parser *parser, const char *value)
{
	struct options *options = parser->options;

	switch (parser->option->form) {
	case FORM_FLAG:
		return read_flag(parser);
	case FORM_PIDS:
	case FORM_TIDS:
		return read_list(parser, value, read_id);
	case FORM_COMMS:
		return read_list(parser, value, read_comm);
	case FORM_CGROUP:
		return read_cgroup(parser, value);
	case FORM_DURATION:
		return read_duration(parser, value);
	case FORM_THRESHOLD:
		return read_threshold(parser, value);
	case FORM_NUMBER:
		return read_number(parser, value);
	case FORM_SENSITIVITY:
		return read_count(parser, value, 1, SENSITIVITY_MAX, &options->sensitivity);
	case FORM_TABLE:
		return read_count(parser, value, TABLE_MIN, TABLE_MAX, &options->ledger.table);
	case FORM_SORT:
		return read_sort(parser, value);
	case FORM_BY:
		return read_by(parser, value);
	case FORM_FILE:
	case FORM_CONFIG:
		return read_file(parser, value);
	case FORM_DIRECTORY:
		return read_directory(parser, value);
	case FORM_INTERVAL:
		return read_interval(parser, value);
	case FORM_GROUPS:
		return read_groups(parser, value);
	case FORM_MAX_GROUPS:
		return read_count(parser, value, 1, GROUPS_MAX, &options->daemon.max_groups);
	case FORM_PERCENT:
		return read_percent(parser, value);
	case FORM_LOG:
		return read_log(parser, value);
	}
	return -EINVAL;
}

/* ---- reading the command line ------------------------------------------- */

static bool takes(enum command command, const struct option_spec *option)
{
	return option->commands & (1U << command);
}

/* How to get help on @command. */
static const char *help_of(enum command command)
{
	static const char *const help[COMMANDS] = {
		[COMMAND_NONE] = "dwell --help",
		[COMMAND_SUMMARY] = "dwell summary --help",
		[COMMAND_OUTLIERS] = "dwell outliers --help",
		[COMMAND_TIMERS] = "dwell timers --help",
		[COMMAND_DAEMON] = "dwell daemon --help",
		[COMMAND_CHECK] = "dwell check --help",
	};

	return help[command];
}

static bool has_letter(int letter)
{
	return letter && letter < OPTION_RUNQUEUE;
}

char *option_forms(const struct option_spec *option, char text[OPTION_FORMS_LEN])
{
	int used = 0;

	if (has_letter(option->letter))
		used = snprintf(text, OPTION_FORMS_LEN, "-%c, ", option->letter);
	snprintf(text + used, OPTION_FORMS_LEN - used, "--%s", option->name);
	return text;
}

const char *option_initial(const struct option_spec *option, enum command command)
{
	return option->others & (1U << command) ? option->other : option->initial;
}

/* The bit of @option in options.given. */
static uint64_t bit_of(const struct option_spec *option)
{
	return 1ULL << (option - option_specs);
}

static const struct option_spec *find_option(int letter)
{
	size_t i;

	for (i = 0; i < option_specs_count; i++)
		if (option_specs[i].letter == letter)
			return &option_specs[i];
	return NULL;
}

/* The option that @argument ("--name" or "--name=value") names in full. */
static const struct option_spec *find_long_option(const char *argument)
{
	size_t i, length;

	argument += 2;
	length = strcspn(argument, "=");
	for (i = 0; i < option_specs_count; i++)
		if (strlen(option_specs[i].name) == length &&
		    !strncmp(option_specs[i].name, argument, length))
			return &option_specs[i];
	return NULL;
}

/*
 * Says what is wrong with what getopt_long() did not take: the long option
 * @argument if @letter is 0, else the option @letter.
 */
static int refuse_option(struct parser *parser, const char *argument, int letter)
{
	enum command command = parser->options->command;
	const struct option_spec *option = letter ? find_option(letter) :
						    find_long_option(argument);
	char shown[64];

	parser->option = NULL;
	if (has_letter(letter))
		snprintf(shown, sizeof(shown), "-%c", letter);
	else
		snprintf(shown, sizeof(shown), "%s", argument);
	/* It was taken but for a value that came with it, which only the long form can have. */
	if (option && takes(command, option))
		return refuse(parser, "--%s takes no value: write it without '='", option->name);
	if (option && command == COMMAND_NONE)
		return refuse(parser, "%s belongs behind a command: 'dwell COMMAND %s'", shown,
			      shown);
	if (option)
		return refuse(parser, "%s is no option of '%s': '%s' lists its options", shown,
			      command_specs[command].name, help_of(command));
	return refuse(parser, "there is no option %s: '%s' lists the options", shown,
		      help_of(command));
}

/* Fills in what getopt_long() wants to know about the options of @command. */
static void make_getopt_tables(enum command command, char letters[2 * LENGTH(option_specs) + 3],
			       struct option names[LENGTH(option_specs) + 1])
{
	const struct option_spec *option;

	/* Order as usual; a missing value is told apart from an unknown option. */
	if (command == COMMAND_NONE)
		*letters++ = '+';
	*letters++ = ':';
	for (option = option_specs; option < option_specs + LENGTH(option_specs); option++) {
		if (!takes(command, option))
			continue;
		if (has_letter(option->letter))
			*letters++ = (char)option->letter;
		if (has_letter(option->letter) && option->argument)
			*letters++ = ':';
		*names++ = (struct option){
			.name = option->name,
			.has_arg = option->argument ? required_argument : no_argument,
			.val = option->letter,
		};
	}
	*letters = '\0';
	*names = (struct option){0};
}

/* Reads the options of a command; @argv[0] is its name. */
static int read_options(struct parser *parser, int argc, char **argv)
{
	enum command command = parser->options->command;
	struct option names[LENGTH(option_specs) + 1];
	char letters[2 * LENGTH(option_specs) + 3];
	int found, err;

	make_getopt_tables(command, letters, names);
	opterr = 0;
	optind = 0; /* glibc: forget the last scan entirely */
	while ((found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (found == '?')
			return refuse_option(parser, argv[optind - 1], optopt);
		parser->option = find_option(found == ':' ? optopt : found);
		if (found == ':')
			return refuse(parser, "the value is missing: give %s",
				      parser->option->argument);
		parser->options->given |= bit_of(parser->option);
		err = read_value(parser, optarg);
		if (err)
			return err;
		if (parser->options->action != ACTION_RUN)
			return 0;
	}
	parser->option = NULL;
	if (command == COMMAND_NONE)
		return refuse(parser, "the command is missing: '%s' lists the commands",
			      help_of(command));
	if (optind < argc)
		return refuse(parser, "'%.64s' is one word too many: '%s' lists what '%s' takes",
			      argv[optind], help_of(command), command_specs[command].name);
	return 0;
}

bool option_in_file(const struct option_spec *option)
{
	return takes(COMMAND_DAEMON, option) && section_names[option->section];
}

/* Gives every option that has one its initial value, read like any other. */
static int read_initial_values(struct parser *parser)
{
	size_t i;
	int err;

	for (i = 0; i < option_specs_count; i++) {
		parser->option = &option_specs[i];
		if (!parser->option->initial)
			continue;
		err = read_value(parser, option_initial(parser->option, parser->options->command));
		if (err)
			return err;
	}
	parser->option = NULL;
	return 0;
}

/* What follows from several options together. */
static int complete(struct parser *parser)
{
	static const enum timer_by by[] = {
		[ROW_BY_TASK] = TIMER_BY_TASK,
		[ROW_BY_PROCESS] = TIMER_BY_PROCESS,
		[ROW_BY_COMM] = TIMER_BY_COMM,
		[ROW_BY_CGROUP] = TIMER_BY_CGROUP,
	};
	struct options *options = parser->options;

	options->timer_view.limit = options->view.limit;
	options->ledger.alone = options->command == COMMAND_TIMERS;
	if (options->ledger.alone) {
		options->ledger.wanted = true;
		/* No line stands for a task's own counters: exited tasks need not be kept for them. */
		options->view.by = ROW_BY_PROCESS;
	} else {
		options->timer_view.by = by[options->view.by];
	}
	if (options->ledger.wheel && !options->ledger.wanted && options->action == ACTION_RUN)
		return refuse(parser, "--wheel tells of timers: give --timers too");
	return 0;
}

int options_parse(int argc, char **argv, struct options *options, char error[OPTIONS_ERROR_LEN])
{
	struct parser parser = {.options = options, .dashes = "--", .error = error};
	int err, command = COMMAND_NONE;

	memset(options, 0, sizeof(*options));
	error[0] = '\0';
	if (argc > 1 && argv[1][0] != '-')
		for (command = COMMAND_NONE + 1; command < COMMANDS; command++)
			if (!strcmp(argv[1], command_specs[command].name))
				break;
	options->command = command < COMMANDS ? (enum command)command : COMMAND_NONE;
	err = read_initial_values(&parser);
	if (err)
		return err;
	if (argc < 2) {
		options->action = ACTION_HELP;
		return 0;
	}
	if (command == COMMAND_NONE)
		return read_options(&parser, argc, argv);
	if (command < COMMANDS) {
		err = read_options(&parser, argc - 1, argv + 1);
		return err ? err : complete(&parser);
	}
	return refuse(&parser, "there is no command '%.64s': '%s' lists the commands", argv[1],
		      help_of(COMMAND_NONE));
}

void options_clear(struct options *options)
{
	while (options->nr_cgroups)
		free(options->cgroups[--options->nr_cgroups]);
}

int options_copy(const struct options *from, struct options *to)
{
	*to = *from;
	for (to->nr_cgroups = 0; to->nr_cgroups < from->nr_cgroups; to->nr_cgroups++) {
		to->cgroups[to->nr_cgroups] = strdup(from->cgroups[to->nr_cgroups]);
		if (!to->cgroups[to->nr_cgroups])
			return -ENOMEM;
	}
	return 0;
}

int options_read_value(struct options *options, const struct option_spec *option, const char *value,
		       char error[OPTIONS_ERROR_LEN])
{
	struct parser parser = {.options = options, .option = option, .dashes = "", .error = error};

	return read_value(&parser, value);
}

bool options_given(const struct options *options, const struct option_spec *option)
{
	return options->given & bit_of(option);
}

/* ---- help --------------------------------------------------------------- */

#define HELP_WIDTH 80
#define HELP_INDENT 27

/* Writes @text, broken at blanks; the first line goes on at @column, the others begin with @lead. */
static void print_wrapped(FILE *out, const char *text, size_t column, const char *lead)
{
	size_t length;
	bool first = true;

	while (*text) {
		length = strcspn(text, " ");
		if (!first && column + 1 + length > HELP_WIDTH) {
			fprintf(out, "\n%s", lead);
			column = strlen(lead);
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, length, out);
		column += length;
		text += length;
		text += strspn(text, " ");
		first = false;
	}
	fputc('\n', out);
}

/* Writes a line's @head, then @text from HELP_INDENT on. */
static void print_entry(FILE *out, const char *head, const char *text)
{
	char lead[HELP_INDENT + 1];
	int written = fprintf(out, "  %s", head);

	if (written + 2 > HELP_INDENT) {
		fputc('\n', out);
		written = 0;
	}
	fprintf(out, "%*s", HELP_INDENT - written, "");
	snprintf(lead, sizeof(lead), "%*s", HELP_INDENT, "");
	print_wrapped(out, text, HELP_INDENT, lead);
}

static void print_option(FILE *out, const struct option_spec *option, enum command command)
{
	const char *initial = option_initial(option, command);
	char head[64], text[256], forms[OPTION_FORMS_LEN];

	snprintf(head, sizeof(head), "%s%s%s", option_forms(option, forms),
		 option->argument ? " " : "", option->argument ? option->argument : "");
	snprintf(text, sizeof(text), initial ? "%s (default: %s)" : "%s", option->help, initial);
	print_entry(out, head, text);
}

static void print_options(FILE *out, enum command command)
{
	size_t i;
	int section;

	for (section = 0; section < SECTIONS; section++) {
		bool first = true;

		for (i = 0; i < option_specs_count; i++) {
			if ((int)option_specs[i].section != section ||
			    !takes(command, &option_specs[i]))
				continue;
			if (first)
				fprintf(out, "\n%s:\n", section_titles[section]);
			first = false;
			print_option(out, &option_specs[i], command);
		}
	}
}

static void print_commands(FILE *out)
{
	int command;

	fprintf(out, "\nCommands:\n");
	for (command = COMMAND_NONE + 1; command < COMMANDS; command++)
		print_entry(out, command_specs[command].name, command_specs[command].help);
}

/* Writes the names that --sort takes, where @command has that option. */
static void print_sort_keys(FILE *out, enum command command)
{
	const struct named_value *keys = option_names(FORM_SORT, command);
	char list[1024] = "";
	size_t used = 0, i;

	if (!takes(command, find_option('s')))
		return;
	for (i = 0; keys[i].name && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? " " : "",
					 keys[i].name);
	fprintf(out, "\nKeys to sort by:\n  ");
	print_wrapped(out, list, 2, "  ");
}

void options_print_help(FILE *out, enum command command, const char *manual)
{
	if (command == COMMAND_NONE)
		fprintf(out, "Usage: dwell COMMAND [OPTIONS]\n\n");
	else
		fprintf(out, "Usage: dwell %s [OPTIONS]\n\n", command_specs[command].name);
	print_wrapped(out, command_specs[command].description, 0, "");
	if (command == COMMAND_NONE)
		print_commands(out);
	print_options(out, command);
	print_sort_keys(out, command);
	if (command == COMMAND_NONE)
		fprintf(out, "\n'dwell COMMAND --help' tells more of a command.\n");
	fprintf(out, "\nWhat is measured, and every column:\n  man %s\n", manual);
}

/* ---- the configuration file ------------------------------------------------- */

static void print_comment(FILE *out, const char *text)
{
	fputs("# ", out);
	print_wrapped(out, text, 2, "# ");
}

static void print_key(FILE *out, const struct option_spec *option)
{
	const char *initial = option_initial(option, COMMAND_DAEMON);
	char text[256];

	fputc('\n', out);
	snprintf(text, sizeof(text), "%s: %s", option->argument, option->help);
	print_comment(out, text);
	fprintf(out, "#%s =%s%s\n", option->name, initial ? " " : "", initial ? initial : "");
}

void options_print_config(FILE *out)
{
	print_comment(out, "Configuration of dwell daemon, with the values that hold without it; "
			   "dwell(8) tells more of each.");
	fputs("#\n", out);
	print_comment(out,
		      "One key = value a line. A key without a value has its default. Comments "
		      "begin with # or ; at the start of a line, or with ; behind a blank. What "
		      "the command line gives goes before what stands here. After a change: "
		      "systemctl reload dwell");
	for (int section = 0; section < SECTIONS; section++) {
		if (!section_names[section])
			continue;
		fputc('\n', out);
		print_comment(out, section_titles[section]);
		fprintf(out, "[%s]\n", section_names[section]);
		for (size_t i = 0; i < option_specs_count; i++)
			if ((int)option_specs[i].section == section &&
			    option_in_file(&option_specs[i]))
				print_key(out, &option_specs[i]);
	}
}
