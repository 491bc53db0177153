/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of the help: it lists what a command takes, within a terminal's width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/column.h"
#include "options/help.h"
#include "options/table.h"

static char *help_text(enum command command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	help_print(out, command, "/beside/dwell.8");
	fclose(out);
	return text;
}

static void help_lists_what_a_command_takes(void **state)
{
	char name[OPTION_FORMS_LEN + 8], forms[OPTION_FORMS_LEN], *text, *line, *rest;
	int command;
	size_t i;

	(void)state;
	for (command = COMMAND_NONE; command < COMMANDS; command++) {
		text = help_text((enum command)command);
		for (i = 0; i < option_specs_count; i++) {
			snprintf(name, sizeof(name), "  %s ",
				 option_forms(&option_specs[i], forms));
			assert_int_equal(strstr(text, name) != NULL,
					 (option_specs[i].commands >> command) & 1);
		}
		assert_non_null(strstr(text, "\n  man /beside/dwell.8\n"));
		for (rest = text; (line = strsep(&rest, "\n"));)
			if (strlen(line) > 80)
				fail_msg("wider than 80 columns: %s", line);
		free(text);
	}
	text = help_text(COMMAND_NONE);
	for (command = COMMAND_NONE + 1; command < COMMANDS; command++)
		assert_non_null(strstr(text, command_specs[command].name));
	free(text);
	text = help_text(COMMAND_SUMMARY);
	for (i = 0; row_sort_key(i); i++)
		assert_non_null(strstr(text, row_sort_key(i)->word));
	assert_in_range(i, 20, 99);
	assert_non_null(strstr(text, "(default: 10s)"));
	free(text);
	text = help_text(COMMAND_OUTLIERS);
	assert_non_null(strstr(text, "(default: 0)"));
	assert_null(strstr(text, "(default: 10s)"));
	free(text);
	text = help_text(COMMAND_CHECK);
	assert_null(strstr(text, row_sort_key(0)->word));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_lists_what_a_command_takes),
	};

	return cmocka_run_group_tests_name("help", tests, NULL, NULL);
}
