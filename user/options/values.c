/* SPDX-License-Identifier: GPL-2.0-only */
/* Values: what an option is given, read into the options. */
#include "options/values.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
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

int parser_refuse(struct parser *parser, const char *format, ...)
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
	return parser_refuse(parser, "more than %d are too many: name fewer, or measure without it",
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
		return parser_refuse(parser, "'%.64s' is not a %s id: give a number from 1 to %d",
				     item, threads ? "thread" : "process", ID_MAX);
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
		return parser_refuse(parser,
				     "a name is empty: give the names of tasks, such as bash,sshd");
	if (length >= DWELL_COMM_LEN)
		return parser_refuse(
			parser,
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
		return parser_refuse(parser,
				     "the path is empty: give one such as /system.slice, or / for "
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
			return parser_refuse(parser, "\\x00 is in no name: they end before it");
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
		return parser_refuse(
			parser,
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
		return parser_refuse(
			parser, "'%.64s' is too long: give at most %dd, or 0 to go on until Ctrl-C",
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
		return parser_refuse(parser, "'%.64s' is no interval: give one from %ds to %dm",
				     value, INTERVAL_MIN_S, INTERVAL_MAX_S / 60);
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
	bool judges = option_takes(parser->option, parser->options->command);
	bool adaptive = !strcmp(value, "auto");
	uint64_t ns = UINT64_MAX;

	if (!adaptive && strcmp(value, "off") != 0) {
		if (text_parse_duration(value, &ns) || ns > DURATION_MAX_DAYS * NS_PER_DAY)
			return parser_refuse(
				parser,
				"'%.64s' is no threshold: give a duration such as 10ms, "
				"auto or off",
				value);
		if (ns < THRESHOLD_MIN_NS)
			return parser_refuse(parser, "'%.64s' is too short: give at least 1us",
					     value);
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
		return parser_refuse(parser, "'%.64s' is not a count: give a number from %d to %d",
				     value, min, max);
	*count = (unsigned int)number;
	return 0;
}

static int read_number(struct parser *parser, const char *value)
{
	uint64_t number;

	if (text_parse_number(value, NUMBER_MAX, &number))
		return parser_refuse(parser,
				     "'%.64s' is not a count: give a number from 0 (all) to %d",
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
		return parser_refuse(
			parser,
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
		return parser_refuse(parser, "'%.64s' is no absolute path: give one, or off",
				     value);
	if (strlen(value) >= sizeof(daemon->textfile_dir))
		return parser_refuse(parser,
				     "'%.64s' is longer than any path: give one of at most %zu "
				     "bytes",
				     value, sizeof(daemon->textfile_dir) - 1);
	strcpy(daemon->textfile_dir, value);
	return 0;
}

static int read_file(struct parser *parser, const char *value)
{
	if (!*value)
		return parser_refuse(parser, "the file name is empty: give one, or leave it out");
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
	return parser_refuse(parser, "there is no '%.64s': give one of %s", value, list);
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

int value_read(struct parser *parser, const char *value)
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
