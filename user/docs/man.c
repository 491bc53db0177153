/* SPDX-License-Identifier: GPL-2.0-only */
/* The manual in the language of man(7): a template, filled in from the table of options. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "docs/gendocs.h"
#include "model/timer_column.h"
#include "options/table.h"

#define LINE_WIDTH 75 /* mandoc's style wants less than 80 */

static void put_character(char c, bool literal)
{
	if (c == '\\')
		fputs("\\e", stdout);
	else if (c == '-' && literal)
		fputs("\\-", stdout);
	else if (c == '\'')
		fputs("\\(aq", stdout);
	else
		putchar(c);
}

/* Writes @text on the current line, as it is typed or printed. */
static void put_literal(const char *text)
{
	for (; *text; text++)
		put_character(*text, true);
}

/*
 * Writes @text as running text from the start of a line: lines are short, and a sentence begins
 * its own. Text between two * is as it is typed or printed, in bold.
 */
static void put_text(const char *text)
{
	bool ended = false, bold = false;
	size_t column = 0;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (column && (ended || column + length > LINE_WIDTH)) {
			putchar('\n');
			column = 0;
		} else if (column) {
			putchar(' ');
		}
		/* At the start of a line a dot would be a command. */
		if (!column && *text == '.')
			fputs("\\&", stdout);
		column += length + 1;
		ended = length && text[length - 1] == '.';
		for (; length; length--, text++) {
			if (*text != '*') {
				put_character(*text, bold);
				continue;
			}
			bold = !bold;
			fputs(bold ? "\\fB" : "\\fR", stdout);
		}
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void put_bold(const char *text)
{
	fputs("\\fB", stdout);
	put_literal(text);
	fputs("\\fR", stdout);
}

/* Writes @text as one sentence. */
static void put_sentence(const char *text)
{
	char sentence[512];

	snprintf(sentence, sizeof(sentence), "%c%s.", toupper((unsigned char)text[0]), text + 1);
	put_text(sentence);
}

/* Writes an entry of a list: a name in bold, and its meaning. */
static void put_entry(const char *name, const char *meaning)
{
	fputs(".TP\n", stdout);
	put_bold(name);
	putchar('\n');
	put_sentence(meaning);
}

/* Writes a line for each command, with its own options. */
static void put_synopsis(void)
{
	int command;
	size_t i;

	for (command = COMMAND_NONE; command < COMMANDS; command++) {
		if (command != COMMAND_NONE)
			fputs(".br\n", stdout);
		printf(".B dwell%s%s\n", command == COMMAND_NONE ? "" : " ",
		       command_specs[command].name);
		for (i = 0; i < option_specs_count; i++) {
			const struct option_spec *option = &option_specs[i];

			if (!option_takes(option, command) ||
			    (command != COMMAND_NONE && option_takes(option, COMMAND_NONE)))
				continue;
			if (option->letter)
				printf(".RB [ \\-%c", option->letter);
			else
				printf(".RB [ \\-\\-%s", option->name);
			if (option->argument)
				/* \& keeps the dots of "PID,..." from ending a sentence. */
				printf("\n.IR %s ]\\&\n", option->argument);
			else
				fputs(" ]\n", stdout);
		}
	}
}

static void put_commands(void)
{
	int command;

	for (command = COMMAND_NONE + 1; command < COMMANDS; command++) {
		fputs(".TP\n", stdout);
		put_bold(command_specs[command].name);
		putchar('\n');
		put_text(command_specs[command].description);
	}
}

/* Says which commands take @option, unless all do. */
static void put_takers(const struct option_spec *option)
{
	bool all = true, first = true;
	int command;

	for (command = COMMAND_NONE + 1; command < COMMANDS; command++)
		all &= option_takes(option, command);
	if (all)
		return;
	fputs("Taken by ", stdout);
	for (command = COMMAND_NONE + 1; command < COMMANDS; command++) {
		if (!option_takes(option, command))
			continue;
		fputs(first ? "" : ", ", stdout);
		put_bold(command_specs[command].name);
		first = false;
	}
	fputs(".\n", stdout);
}

/* Says what @option is, and starts as, for the commands of @variant. */
static void put_variant(const struct option_variant *variant)
{
	const char *initial = variant->value.initial;
	char text[512];

	if (!variant->commands || (!variant->help && !initial))
		return;
	fputs("For\n", stdout);
	put_bold(command_specs[__builtin_ctz(variant->commands)].name);
	fputs(variant->help ? ":\n" : "\n", stdout);
	if (variant->help) {
		snprintf(text, sizeof(text), initial ? "%s;" : "%s.", variant->help);
		put_text(text);
	}
	if (!initial)
		return;
	fputs("the default is ", stdout);
	put_bold(initial);
	fputs(".\n", stdout);
}

static void put_option(const struct option_spec *option)
{
	fputs(".TP\n\\fB", stdout);
	if (option->letter)
		printf("\\-%c\\fR, \\fB", option->letter);
	fputs("\\-\\-", stdout);
	put_literal(option->name);
	fputs("\\fR", stdout);
	if (option->argument) {
		fputs(" \\fI", stdout);
		put_literal(option->argument);
		fputs("\\fR", stdout);
	}
	putchar('\n');
	put_sentence(option->help);
	if (option->value.initial) {
		fputs("The default is ", stdout);
		put_bold(option->value.initial);
		fputs(".\n", stdout);
	}
	for (size_t i = 0; i < OPTION_VARIANTS; i++)
		put_variant(&option->variant[i]);
	put_takers(option);
}

static void put_options(void)
{
	int section;
	size_t i;

	for (section = 0; section < SECTIONS; section++) {
		printf(".SS %s\n", section_titles[section]);
		for (i = 0; i < option_specs_count; i++)
			if ((int)option_specs[i].section == section)
				put_option(&option_specs[i]);
	}
}

static void put_named_values(const struct named_value *value)
{
	for (; value->name; value++)
		put_entry(value->name, value->help);
}

static void put_sort_keys(const struct column *(*key)(size_t at))
{
	for (size_t i = 0; key(i); i++)
		put_entry(key(i)->word, key(i)->help);
}

static void put_row_sort_keys(void)
{
	put_sort_keys(row_sort_key);
}

static void put_timer_sort_keys(void)
{
	put_sort_keys(timer_sort_key);
}

/*
 * Writes the headings of a table as entries of a list. A heading without a text shares the entry
 * of the next one with a text.
 */
static void put_table(const struct column *columns, size_t count)
{
	const char *group = NULL;
	bool first = true;

	for (const struct column *column = columns; column < columns + count; column++) {
		if (!column->heading || (column->manual && !*column->manual))
			continue;
		fputs(first ? ".TP\n.B " : ", ", stdout);
		if (column->group && column->group != group) {
			put_literal(column->group);
			putchar(' ');
		}
		put_literal(column->heading);
		group = column->group;
		first = column->manual;
		if (!first)
			continue;
		putchar('\n');
		put_text(column->manual);
		group = NULL;
	}
}

static void put_row_columns(void)
{
	put_table(row_columns, row_columns_count);
}

static void put_timer_columns(void)
{
	put_table(timer_columns, timer_columns_count);
}

static void put_losses(void)
{
#define X(id, name, text) put_entry(name, text);
	DWELL_LOSS_LIST(X)
#undef X
}

/* Replacements of template lines that consist of a marker. */
static const struct {
	const char *marker;
	void (*put)(void);		  /* NULL: @values are written */
	const struct named_value *values; /* written as a list if @put is NULL */
} generated[] = {
	{"@SYNOPSIS@\n", put_synopsis, NULL},
	{"@COMMANDS@\n", put_commands, NULL},
	{"@OPTIONS@\n", put_options, NULL},
	{"@SORT_KEYS@\n", put_row_sort_keys, NULL},
	{"@GROUPS@\n", NULL, by_names},
	{"@LOSSES@\n", put_losses, NULL},
	{"@TIMER_SORT_KEYS@\n", put_timer_sort_keys, NULL},
	{"@COLUMNS@\n", put_row_columns, NULL},
	{"@TIMER_COLUMNS@\n", put_timer_columns, NULL},
	{"@TIMER_GROUPS@\n", NULL, timer_by_names},
	{"@GO_GROUPS@\n", NULL, go_by_names},
	{"@GO_SORT_KEYS@\n", NULL, go_sort_names},
};

#define GENERATED (sizeof(generated) / sizeof(generated[0]))

/* Copies @line, with the version instead of its marker. */
static void put_line(const char *line)
{
	static const char marker[] = "@VERSION@";
	const char *at = strstr(line, marker);

	if (at)
		printf("%.*s%s%s", (int)(at - line), line, DWELL_VERSION, at + strlen(marker));
	else
		fputs(line, stdout);
}

int man_write(FILE *in)
{
	unsigned int seen[GENERATED] = {0};
	char line[1024];
	size_t i;

	while (fgets(line, sizeof(line), in)) {
		for (i = 0; i < GENERATED && strcmp(line, generated[i].marker) != 0; i++)
			;
		if (i == GENERATED) {
			put_line(line);
			continue;
		}
		if (generated[i].put)
			generated[i].put();
		else
			put_named_values(generated[i].values);
		seen[i]++;
	}
	for (i = 0; i < GENERATED; i++) {
		if (seen[i] == 1)
			continue;
		fprintf(stderr, "gendocs: the template has %u lines %s", seen[i],
			generated[i].marker);
		return -EINVAL;
	}
	return 0;
}
