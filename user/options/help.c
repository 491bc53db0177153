/* SPDX-License-Identifier: GPL-2.0-only */
/* Help: what the program says of its options, and the configuration file as it is shipped. */
#include "options/help.h"

#include <string.h>

#include "base/wrap.h"
#include "options/table.h"
#include "options/values.h"

#define HELP_INDENT 27

/* Writes @head, and @text from column HELP_INDENT on. */
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
	wrap_put(out, text, HELP_INDENT, lead);
}

static void print_option(FILE *out, const struct option_spec *option, enum command command)
{
	const char *initial = option_value(option, command)->initial;
	char head[64], text[256], forms[OPTION_FORMS_LEN];

	snprintf(head, sizeof(head), "%s%s%s", option_forms(option, forms),
		 option->argument ? " " : "", option->argument ? option->argument : "");
	snprintf(text, sizeof(text), initial ? "%s (default: %s)" : "%s",
		 option_help(option, command), initial);
	print_entry(out, head, text);
}

static void print_options(FILE *out, enum command command)
{
	size_t i;
	int section;

	for (section = 0; section < SECTIONS; section++) {
		bool first = true;

		for (i = 0; i < option_specs_count; i++) {
			if (!option_takes(&option_specs[i], command) ||
			    (int)option_section(&option_specs[i], command) != section)
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

/* Writes the keys of --sort, if @command has that option. */
static void print_sort_keys(FILE *out, enum command command)
{
	const struct option_spec *sort = option_named("sort", strlen("sort"));
	char list[1024] = "";
	struct named_value key;
	size_t used = 0, i;

	if (!option_takes(sort, command))
		return;
	for (i = 0; option_word(option_value(sort, command), i, &key) && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? " " : "",
					 key.name);
	fprintf(out, "\nKeys to sort by:\n  ");
	wrap_put(out, list, 2, "  ");
}

void help_print(FILE *out, enum command command, const char *manual)
{
	if (command == COMMAND_NONE)
		fprintf(out, "Usage: dwell COMMAND [OPTIONS]\n\n");
	else
		fprintf(out, "Usage: dwell %s [OPTIONS]\n\n", command_specs[command].name);
	wrap_put(out, command_specs[command].description, 0, "");
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
	wrap_put(out, text, 2, "# ");
}

static void print_key(FILE *out, const struct option_spec *option)
{
	const char *initial = option_value(option, COMMAND_DAEMON)->initial;
	char text[256];

	fputc('\n', out);
	snprintf(text, sizeof(text), "%s: %s", option->argument, option->help);
	print_comment(out, text);
	fprintf(out, "#%s =%s%s\n", option->name, initial ? " " : "", initial ? initial : "");
}

void help_print_config(FILE *out)
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
