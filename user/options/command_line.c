/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, read by the table. */
#include "options/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options/table.h"
#include "options/values.h"

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

static const struct option_spec *find_option(int letter)
{
	size_t i;

	for (i = 0; i < option_specs_count; i++)
		if (option_specs[i].letter == letter)
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
	const struct option_spec *option =
		letter ? find_option(letter) :
			 option_named(argument + 2, strcspn(argument + 2, "="));
	char shown[64];

	parser->option = NULL;
	if (letter && letter < OPTION_RUNQUEUE)
		snprintf(shown, sizeof(shown), "-%c", letter);
	else
		snprintf(shown, sizeof(shown), "%s", argument);
	/* It was taken but for a value that came with it, which only the long form can have. */
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

/* Fills in what getopt_long() wants to know about the options of @command. */
static void make_getopt_tables(enum command command, char letters[2 * OPTIONS_MAX + 3],
			       struct option names[OPTIONS_MAX + 1])
{
	const struct option_spec *option;

	/* Order as usual; a missing value is told apart from an unknown option. */
	if (command == COMMAND_NONE)
		*letters++ = '+';
	*letters++ = ':';
	for (option = option_specs; option < option_specs + option_specs_count; option++) {
		if (!option_takes(option, command))
			continue;
		if (option_has_letter(option))
			*letters++ = (char)option->letter;
		if (option_has_letter(option) && option->argument)
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
	struct option names[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	int found, err;

	make_getopt_tables(command, letters, names);
	opterr = 0;
	optind = 0; /* glibc: forget the last scan entirely */
	while ((found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (found == '?')
			return refuse_option(parser, argv[optind - 1], optopt);
		parser->option = find_option(found == ':' ? optopt : found);
		if (found == ':')
			return parser_refuse(parser, "the value is missing: give %s",
					     parser->option->argument);
		parser->options->given |= option_bit(parser->option);
		err = value_read(parser, optarg);
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

/* Gives every option that has one its initial value, read like any other. */
static int read_initial_values(struct parser *parser)
{
	size_t i;
	int err;

	for (i = 0; i < option_specs_count; i++) {
		parser->option = &option_specs[i];
		if (!parser->option->initial)
			continue;
		err = value_read(parser, option_initial(parser->option, parser->options->command));
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
		return err ? err : complete(&parser);
	}
	return parser_refuse(&parser, "there is no command '%.64s': '%s' lists the commands",
			     argv[1], help_of(COMMAND_NONE));
}
