/* SPDX-License-Identifier: GPL-2.0-only */
/* The completion for bash, made from the table of options. */
#include "docs/gendocs.h"
#include "options/table.h"
#include "options/values.h"

/* Writes @before, and the forms of @option with @between between them. */
static void put_forms(const struct option_spec *option, const char *before, const char *between)
{
	if (option->letter)
		printf("%s-%c%s--%s", before, option->letter, between, option->name);
	else
		printf("%s--%s", before, option->name);
}

/* Writes the options of @command as words. */
static void put_option_words(int command)
{
	size_t i;

	for (i = 0; i < option_specs_count; i++)
		if (option_takes(&option_specs[i], command))
			put_forms(&option_specs[i], " ", " ");
}

/* Writes the words that can be given as @value. */
static void put_words(const struct option_value *value)
{
	struct named_value word;

	for (size_t i = 0; option_word(value, i, &word); i++)
		printf(" %s", word.name);
}

/* Writes the case for an option that takes a value: what may follow it. */
static void put_value_case(const struct option_spec *option)
{
	put_forms(option, "\t", " | ");
	fputs(")\n", stdout);
	if (option->value.words || option->value.column) {
		fputs("\t\twords='", stdout);
		put_words(&option->value);
		for (size_t i = 0; i < OPTION_VARIANTS; i++)
			put_words(&option->variant[i].value);
		fputs("' ;;\n", stdout);
	} else if (option->read == value_file) {
		fputs("\t\tfiles=-f ;;\n", stdout);
	} else if (option->read == value_directory || option->read == value_cgroup) {
		fputs("\t\tfiles=-d ;;\n", stdout);
	} else {
		fputs("\t\treturn ;;\n", stdout);
	}
}

/* Writes the commands as words, and the options of each. */
static void put_commands(void)
{
	int command;

	fputs("\t*)\n"
	      "\t\tcase $COMP_CWORD,${COMP_WORDS[1]} in\n"
	      "\t\t1,*) words='",
	      stdout);
	for (command = COMMAND_NONE + 1; command < COMMANDS; command++)
		printf("%s%s", command == COMMAND_NONE + 1 ? "" : " ", command_specs[command].name);
	put_option_words(COMMAND_NONE);
	fputs("' ;;\n", stdout);
	for (command = COMMAND_NONE + 1; command < COMMANDS; command++) {
		printf("\t\t*,%s) words='", command_specs[command].name);
		put_option_words(command);
		fputs("' ;;\n", stdout);
	}
}

void completion_write(void)
{
	fputs("# Bash completion for dwell; made from its table of options.\n"
	      "_dwell()\n"
	      "{\n"
	      "\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal words= files=\n"
	      "\tCOMPREPLY=()\n"
	      "\t# \"--sort=key\" comes as three words.\n"
	      "\tif [[ $current == = ]]; then\n"
	      "\t\tcurrent=\n"
	      "\telif [[ $previous == = ]]; then\n"
	      "\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
	      "\tfi\n"
	      "\tcase $previous in\n",
	      stdout);
	for (size_t i = 0; i < option_specs_count; i++)
		if (option_specs[i].argument)
			put_value_case(&option_specs[i]);
	put_commands();
	fputs("\t\tesac ;;\n"
	      "\tesac\n"
	      "\tif [[ $files ]]; then\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen $files -- \"$current\")\n"
	      "\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _dwell dwell\n",
	      stdout);
}
