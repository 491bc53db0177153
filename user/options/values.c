/* SPDX-License-Identifier: GPL-2.0-only */
/* Values: reads the values of options into struct options. */
#include "options/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/text.h"
#include "model/column.h"

#define NS_PER_S 1000000000ULL
#define NS_PER_DAY (86400 * NS_PER_S)

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

/* ---- fields ------------------------------------------------------------- */

static const struct option_value *kept(const struct parser *parser)
{
	return option_value(parser->option, parser->options->command);
}

static void *field(const struct parser *parser)
{
	return (char *)parser->options + kept(parser)->offset;
}

static void set_number(const struct parser *parser, uint64_t number)
{
	const uint32_t narrow = (uint32_t)number;

	if (kept(parser)->size == sizeof(narrow))
		memcpy(field(parser), &narrow, sizeof(narrow));
	else
		memcpy(field(parser), &number, sizeof(number));
}

static bool within_bounds(const struct option_spec *option, uint64_t number)
{
	return number >= option->min && number <= option->max;
}

/* ---- flags --------------------------------------------------------------- */

int value_flag(struct parser *parser, const char *value)
{
	(void)value;
	*(bool *)field(parser) = true;
	return 0;
}

int value_repeated(struct parser *parser, const char *value)
{
	(void)value;
	++*(unsigned int *)field(parser);
	return 0;
}

int value_help(struct parser *parser, const char *value)
{
	(void)value;
	parser->options->action = ACTION_HELP;
	return 0;
}

int value_version(struct parser *parser, const char *value)
{
	(void)value;
	parser->options->action = ACTION_VERSION;
	return 0;
}

/* ---- numbers and words ----------------------------------------------------- */

int value_count(struct parser *parser, const char *value)
{
	const struct option_spec *option = parser->option;
	uint64_t number;

	if (text_parse_number(value, option->max, &number) || !within_bounds(option, number))
		return parser_refuse(parser,
				     "'%.64s' is not a count: give a number from %" PRIu64
				     "%s to %" PRIu64,
				     value, option->min, option->min ? "" : " (all)", option->max);
	set_number(parser, number);
	return 0;
}

bool option_word(const struct option_value *value, size_t at, struct named_value *word)
{
	const struct column *column = value->column ? value->column(at) : NULL;

	if (column)
		*word = (struct named_value){column->word, column->help};
	else if (value->words && value->words[at].name)
		*word = value->words[at];
	else
		return false;
	return true;
}

/* Sets *@at to the position of the word @value. 0, or -EINVAL with the error written. */
static int find_word(struct parser *parser, const char *value, size_t *at)
{
	char list[OPTIONS_ERROR_LEN / 2];
	struct named_value word;
	size_t used = 0, i;

	for (i = 0; option_word(kept(parser), i, &word); i++) {
		*at = i;
		if (!strcmp(value, word.name))
			return 0;
	}
	for (i = 0; option_word(kept(parser), i, &word) && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 word.name);
	/* A long value is cut, to leave room for the list. */
	return parser_refuse(parser, "there is no '%.64s': give one of %s", value, list);
}

int value_word(struct parser *parser, const char *value)
{
	size_t at;
	int err = find_word(parser, value, &at);

	if (err)
		return err;
	if (kept(parser)->column)
		*(const struct column **)field(parser) = kept(parser)->column(at);
	else
		set_number(parser, parser->option->min + at);
	return 0;
}

/* Reads a duration. 0; -ERANGE: too long to count; -EINVAL, with the error written. */
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

int value_duration(struct parser *parser, const char *value)
{
	const uint64_t max = parser->option->max;
	uint64_t ns;
	int err = parse_duration(parser, value, &ns);

	if (err == -EINVAL)
		return err;
	if (err || ns > max)
		return parser_refuse(parser,
				     "'%.64s' is too long: give at most %" PRIu64
				     "d, or 0 to go on until Ctrl-C",
				     value, (uint64_t)(max / NS_PER_DAY));
	set_number(parser, ns);
	return 0;
}

int value_interval(struct parser *parser, const char *value)
{
	const struct option_spec *option = parser->option;
	uint64_t ns;
	int err = parse_duration(parser, value, &ns);

	if (err == -EINVAL)
		return err;
	if (err || !within_bounds(option, ns))
		return parser_refuse(parser,
				     "'%.64s' is no interval: give one from %" PRIu64
				     "s to %" PRIu64 "m",
				     value, (uint64_t)(option->min / NS_PER_S),
				     (uint64_t)(option->max / (60 * NS_PER_S)));
	set_number(parser, ns);
	return 0;
}

/* The least value is a hundredth of a percent: more digits would mean nothing. */
int value_percent(struct parser *parser, const char *value)
{
	const struct option_spec *option = parser->option;
	uint64_t ppm = 0;

	if (strcmp(value, "off") != 0 &&
	    (text_parse_decimal(value, PPM_PER_PERCENT, &ppm) || !within_bounds(option, ppm)))
		return parser_refuse(parser,
				     "'%.64s' is no share: give a percentage from %g to %g, such "
				     "as 0.5, or off",
				     value, (double)option->min / PPM_PER_PERCENT,
				     (double)option->max / PPM_PER_PERCENT);
	set_number(parser, ppm);
	return 0;
}

/* ---- paths ---------------------------------------------------------------- */

int value_file(struct parser *parser, const char *value)
{
	if (!*value)
		return parser_refuse(parser, "the file name is empty: give one, or leave it out");
	*(const char **)field(parser) = value;
	return 0;
}

int value_directory(struct parser *parser, const char *value)
{
	const size_t size = kept(parser)->size;

	if (!strcmp(value, "off"))
		value = "";
	else if (*value != '/')
		return parser_refuse(parser, "'%.64s' is no absolute path: give one, or off",
				     value);
	if (strlen(value) >= size)
		return parser_refuse(parser,
				     "'%.64s' is longer than any path: give one of at most %zu "
				     "bytes",
				     value, size - 1);
	strcpy(field(parser), value);
	return 0;
}

/* ---- the filter ------------------------------------------------------------- */

static void free_string(char **string)
{
	free(*string);
}

static int refuse_too_many(struct parser *parser)
{
	return parser_refuse(parser, "more than %d are too many: name fewer, or measure without it",
			     SOURCE_FILTER_MAX);
}

static int add_id(struct parser *parser, const char *item, const char *whose, uint32_t *ids,
		  unsigned int *count)
{
	const struct option_spec *option = parser->option;
	uint64_t id;

	if (text_parse_number(item, option->max, &id) || !within_bounds(option, id))
		return parser_refuse(parser,
				     "'%.64s' is not a %s id: give a number from %" PRIu64
				     " to %" PRIu64,
				     item, whose, option->min, option->max);
	if (*count == SOURCE_FILTER_MAX)
		return refuse_too_many(parser);
	ids[(*count)++] = (uint32_t)id;
	return 0;
}

static int add_pid(struct parser *parser, const char *item)
{
	struct source_filter *filter = &parser->options->filter;

	return add_id(parser, item, "process", filter->pids, &filter->nr_pids);
}

static int add_tid(struct parser *parser, const char *item)
{
	struct source_filter *filter = &parser->options->filter;

	return add_id(parser, item, "thread", filter->tids, &filter->nr_tids);
}

static int add_comm(struct parser *parser, const char *item)
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
	/* The kernel side relies on zeros in the rest of the array. */
	memcpy(filter->comms[filter->nr_comms++], item, length);
	return 0;
}

/* Gives each part of @value between commas to @add. With @escapes "\\," is a comma in a part. */
static int add_list(struct parser *parser, const char *value, bool escapes,
		    int (*add)(struct parser *parser, const char *item))
{
	int err = 0;

	while (value && !err) {
		char *item __attribute__((cleanup(free_string))) = NULL;

		err = list_take(&value, escapes, &item);
		if (err == -EINVAL)
			return parser_refuse(parser, "\\x00 is in no name: they end before it");
		if (!err)
			err = add(parser, item);
	}
	return err;
}

int value_pids(struct parser *parser, const char *value)
{
	return add_list(parser, value, false, add_pid);
}

int value_tids(struct parser *parser, const char *value)
{
	return add_list(parser, value, false, add_tid);
}

int value_comms(struct parser *parser, const char *value)
{
	return add_list(parser, value, true, add_comm);
}

int value_cgroup(struct parser *parser, const char *value)
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

/* ---- thresholds -------------------------------------------------------------- */

int value_threshold(struct parser *parser, const char *value)
{
	const struct option_spec *option = parser->option;
	const bool judges = option_takes(option, parser->options->command);
	const bool automatic = !strcmp(value, "auto");
	struct outlier_rule rule = {.floor_ns = UINT64_MAX};

	if (!automatic && strcmp(value, "off") != 0) {
		if (text_parse_duration(value, &rule.floor_ns) || rule.floor_ns > option->max)
			return parser_refuse(parser,
					     "'%.64s' is no threshold: give a duration such as "
					     "10ms, auto or off",
					     value);
		if (rule.floor_ns < option->min)
			return parser_refuse(parser,
					     "'%.64s' is too short: give at least %" PRIu64 "us",
					     value, option->min / 1000);
	}
	/* All commands read the initial value: it is off for those that look for no outliers. */
	if (automatic && judges)
		rule = (struct outlier_rule){.floor_ns = option->unusual_ns, .adaptive = true};
	for (int i = 0; i < DWELL_MEASURES; i++)
		if (option->measures & (1U << i))
			parser->options->outlier[i] = rule;
	return 0;
}
