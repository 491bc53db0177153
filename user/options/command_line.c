/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, read by the table. */
#include "options/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options/table.h"
#include "options/values.h"

/* What getopt_long() returns for the long form of the first option; later options follow. */
#define LONG_FORM 256

/* The command line that asks for help on @command; valid until the next call. */
static const char *help_of(enum command command)
{
	static char text[64];
	const char *name = command_specs[command].name;

	snprintf(text, sizeof(text), "dwell %s%s--help", name, *name ? " " : "");
	return text;
}

/*
 * The option that getopt_long() means by @found, a letter or the number of a long form. NULL:
 * none.
 */
static const struct option_spec *find_option(int found)
{
	if (found >= LONG_FORM)
		return &option_specs[found - LONG_FORM];
	for (size_t i = 0; i < option_specs_count; i++)
		if (option_specs[i].letter == found)
			return &option_specs[i];
	return NULL;
}

/*
 * Says why getopt_long() refused an option: the long option @argument if @found is 0, else the
 * one that find_option() finds for @found. Returns -EINVAL.
 */
static int refuse_option(struct parser *parser, const char *argument, int found)
{
	enum command command = parser->options->command;
	const struct option_spec *option =
		found ? find_option(found) : option_named(argument + 2, strcspn(argument + 2, "="));
	char shown[64];

	parser->option = NULL;
	if (found && found < LONG_FORM)
		snprintf(shown, sizeof(shown), "-%c", found);
	else
		snprintf(shown, sizeof(shown), "%s", argument);
	/* The command takes the option, so only a value after '=' can have been refused. */
	if (option && option_takes(option, command))
		return parser_refuse(parser, "--%s takes no value: write it without '='",
				     option->name);
	if (option && command == COMMAND_NONE)
		return parser_refuse(parser, "%s belongs behind a command: 'dwell COMMAND %s'",
				     shown, shown);
	if (option)
		return parser_refuse(parser, "%s is no option of '%s': '%s' lists its options",
				     shown, command_specs[command].name, help_of(command));
	return parser_refuse(parser, "there is no option %s: '%s' lists the options", shown,
			     help_of(command));
}

/* Writes the tables of @command's options for getopt_long(). */
static void make_getopt_tables(enum command command, char letters[2 * OPTIONS_MAX + 3],
			       struct option names[OPTIONS_MAX + 1])
{
	const struct option_spec *option;

	/*
	 * '+' ends the options at the first other word; ':' tells a missing value from an
	 * unknown option.
	 */
	if (command == COMMAND_NONE)
		*letters++ = '+';
	*letters++ = ':';
	for (option = option_specs; option < option_specs + option_specs_count; option++) {
		if (!option_takes(option, command))
			continue;
		if (option->letter)
			*letters++ = (char)option->letter;
		if (option->letter && option->argument)
			*letters++ = ':';
		*names++ = (struct option){
			.name = option->name,
			.has_arg = option->argument ? required_argument : no_argument,
			.val = LONG_FORM + (int)(option - option_specs),
		};
	}
	*letters = '\0';
	*names = (struct option){0};
}

/* Reads the options of a command, whose name is @argv[0]. */
static int read_options(struct parser *parser, int argc, char **argv)
{
	enum command command = parser->options->command;
	struct option names[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	int found, err;

	make_getopt_tables(command, letters, names);
	opterr = 0;
	optind = 0; /* glibc: forget the last scan */
	while ((found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (found == '?')
			return refuse_option(parser, argv[optind - 1], optopt);
		parser->option = find_option(found == ':' ? optopt : found);
		if (found == ':')
			return parser_refuse(parser, "the value is missing: give %s",
					     parser->option->argument);
		parser->options->given |= option_bit(parser->option);
		err = parser->option->read(parser, optarg);
		if (err)
			return err;
		if (parser->options->action != ACTION_RUN)
			return 0;
	}
	parser->option = NULL;
	if (command == COMMAND_NONE)
		return parser_refuse(parser, "the command is missing: '%s' lists the commands",
				     help_of(command));
	if (optind < argc)
		return parser_refuse(parser,
				     "'%.64s' is one word too many: '%s' lists what '%s' takes",
				     argv[optind], help_of(command), command_specs[command].name);
	return 0;
}

/* Reads the initial values of all options that have one, as if they were given. */
static int read_initial_values(struct parser *parser)
{
	const enum command command = parser->options->command;
	int err = 0;

	for (size_t i = 0; i < option_specs_count && !err; i++) {
		const char *initial = option_value(&option_specs[i], command)->initial;

		parser->option = &option_specs[i];
		if (initial)
			err = parser->option->read(parser, initial);
	}
	parser->option = NULL;
	return err;
}

/* Probes tell of what happens, and all these of what is there. */
static int check_go_sites(struct parser *parser)
{
	const struct options *options = parser->options;
	const struct go_view *view = &options->go.view;
	const char *other = options->go.interval_ns	? "--interval" :
			    view->leaks			? "--leaks" :
			    view->by != GO_BY_SITE	? "--by" :
			    view->sort != GO_SORT_COUNT ? "--sort" :
			    options->go.pprof		? "--pprof" :
			    options->go.save		? "--save" :
			    options->go.baseline	? "--baseline" :
			    options->exit_code		? "--exit-code" :
							  NULL;

	return other ? parser_refuse(parser, "--sites and %s do not go together", other) : 0;
}

static int check_go(struct parser *parser)
{
	struct options *options = parser->options;
	const struct option_spec *duration = option_named("duration", strlen("duration"));
	const bool several = options->go.interval_ns || (options->given & option_bit(duration));

	options->go.lasting = several;
	if (options->go.sites)
		return check_go_sites(parser);
	if (options->go.view.leaks && !several)
		return parser_refuse(parser,
				     "--leaks needs several snapshots: give --interval too");
	if (options->exit_code && !several && !options->go.baseline)
		return parser_refuse(parser, "--exit-code tells of growth: give --baseline or "
					     "--interval too");
	if (options->go.baseline && options->go.view.by != GO_BY_SITE)
		return parser_refuse(parser, "--baseline compares sites: leave --by out");
	return 0;
}

/* Refuses options that do not go together. */
static int check_together(struct parser *parser)
{
	const struct options *options = parser->options;
	const struct option_spec *timers = option_named("timers", strlen("timers"));

	if (options->action == ACTION_RUN && options->command == COMMAND_GO)
		return check_go(parser);
	if (options->action == ACTION_RUN && options->ledger.wheel && !options->ledger.wanted &&
	    option_takes(timers, options->command))
		return parser_refuse(parser, "--wheel tells of timers: give --timers too");
	return 0;
}

int command_line_read(int argc, char **argv, struct options *options, char error[OPTIONS_ERROR_LEN])
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
		return err ? err : check_together(&parser);
	}
	return parser_refuse(&parser, "there is no command '%.64s': '%s' lists the commands",
			     argv[1], help_of(COMMAND_NONE));
}
