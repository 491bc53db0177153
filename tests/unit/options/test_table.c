/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of the table: its rows and names, their bounds, what a reload may change. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "options/command_line.h"
#include "options/table.h"
#include "options/values.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool is_flag(const struct option_spec *option)
{
	return option->read == value_flag || option->read == value_repeated ||
	       option->read == value_help || option->read == value_version;
}

static void check_row(const struct option_spec *option)
{
	assert_true(!option->letter || isalpha(option->letter));
	assert_true(strlen(option->help) > 0);
	assert_true(islower((unsigned char)option->help[0]));
	assert_int_not_equal(option->help[strlen(option->help) - 1], '.');
	assert_true(option->commands != 0);
	assert_non_null(option->read);
	assert_int_equal(option->argument == NULL, is_flag(option));
	assert_int_equal(option->measures != 0, option->read == value_threshold);
	assert_true(option->min <= option->max || option->read == value_word);
}

/* That @value's field is of the size that its reader writes. */
static void check_field(const struct option_spec *option, const struct option_value *value)
{
	assert_int_equal(value->words || value->column, option->read == value_word);
	assert_true(value->size > 0 && value->offset + value->size <= sizeof(struct options));
	if (option->read == value_flag)
		assert_int_equal(value->size, sizeof(bool));
	if (option->read == value_word && value->column)
		assert_int_equal(value->size, sizeof(struct column *));
	if (option->read == value_repeated || (option->read == value_word && value->words) ||
	    option->read == value_percent)
		assert_int_equal(value->size, sizeof(unsigned int));
	if (option->read == value_duration || option->read == value_interval)
		assert_int_equal(value->size, sizeof(uint64_t));
	if (option->read == value_count)
		assert_true(value->size == sizeof(uint32_t) || value->size == sizeof(uint64_t));
	if (option->read == value_file)
		assert_int_equal(value->size, sizeof(char *));
}

/* No command has two variants, nor one of an option that it does not take. */
static void check_variants(const struct option_spec *option)
{
	unsigned int commands = 0;

	for (size_t i = 0; i < OPTION_VARIANTS; i++) {
		const struct option_variant *variant = &option->variant[i];

		assert_int_equal(variant->commands != 0, variant->value.size != 0);
		assert_int_equal(variant->commands & commands, 0);
		commands |= variant->commands;
		if (variant->commands)
			check_field(option, &variant->value);
		if (!variant->help)
			continue;
		assert_true(islower((unsigned char)variant->help[0]));
		assert_int_not_equal(variant->help[strlen(variant->help) - 1], '.');
		/* The configuration file has the row's own help and section. */
		assert_int_equal(variant->commands & (1U << COMMAND_DAEMON), 0);
	}
}

static void rows_are_consistent(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_specs_count; i++) {
		const struct option_spec *option = &option_specs[i];

		check_row(option);
		check_field(option, &option->value);
		check_variants(option);
		for (size_t k = 0; k < i; k++) {
			assert_true(!option->letter || option->letter != option_specs[k].letter);
			assert_string_not_equal(option->name, option_specs[k].name);
		}
	}
}

static void names_are_complete(void **state)
{
	size_t i;

	(void)state;
	for (i = COMMAND_NONE + 1; i < COMMANDS; i++) {
		assert_non_null(command_specs[i].name);
		assert_non_null(command_specs[i].help);
		assert_non_null(command_specs[i].description);
	}
	for (i = 0; i <= ROW_BY_CGROUP; i++)
		assert_non_null(by_names[i].name);
}

/* What reading @number as that of @option gives. */
static int read_number(const struct option_spec *option, uint64_t number, const char *unit)
{
	char text[32], error[OPTIONS_ERROR_LEN];
	struct options options = {0};
	struct parser parser = {
		.options = &options, .option = option, .dashes = "--", .error = error};

	snprintf(text, sizeof(text), "%" PRIu64 "%s", number, unit);
	return option->read(&parser, text);
}

static void bounds_are_the_rows(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < option_specs_count; i++) {
		const struct option_spec *option = &option_specs[i];
		const char *unit = option->read == value_count ? "" : "ns";

		if (option->read != value_count && option->read != value_duration &&
		    option->read != value_interval && option->read != value_threshold)
			continue;
		assert_int_equal(read_number(option, option->min, unit), 0);
		assert_int_equal(read_number(option, option->max, unit), 0);
		assert_int_equal(read_number(option, option->max + 1, unit), -EINVAL);
		if (option->min)
			assert_int_equal(read_number(option, option->min - 1, unit), -EINVAL);
		checked++;
	}
	assert_true(checked > 0);
}

/* Of what the file may have, these change while the service runs: it says so when it reloads. */
static void a_reload_takes_over_four_options(void **state)
{
	static const char *const reloadable[] = {"textfile-dir", "interval", "max-go",
						 "max-overhead"};
	char *argv[] = {"dwell", "daemon", NULL}, error[OPTIONS_ERROR_LEN];
	struct options running, fresh;
	size_t found = 0;

	(void)state;
	assert_int_equal(command_line_read(2, argv, &running, error), 0);
	assert_false(options_need_restart(&running, &running));
	for (size_t i = 0; i < option_specs_count; i++) {
		const struct option_spec *option = &option_specs[i];

		fresh = running;
		((char *)&fresh)[option->value.offset] ^= 1;
		assert_int_equal(options_need_restart(&running, &fresh),
				 option_in_file(option) && !option->reloadable);
		if (!option->reloadable)
			continue;
		assert_true(found < LENGTH(reloadable));
		assert_string_equal(option->name, reloadable[found++]);
	}
	assert_int_equal(found, LENGTH(reloadable));
	options_clear(&running);
}

static void another_cgroup_takes_a_restart(void **state)
{
	struct options running = {.nr_cgroups = 2, .cgroups = {(char[]){"/a"}, (char[]){"/b"}}};
	struct options fresh = {.nr_cgroups = 2, .cgroups = {(char[]){"/a"}, (char[]){"/b"}}};

	(void)state;
	assert_false(options_need_restart(&running, &fresh));
	fresh.cgroups[1] = (char[]){"/c"};
	assert_true(options_need_restart(&running, &fresh));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_consistent),
		cmocka_unit_test(names_are_complete),
		cmocka_unit_test(bounds_are_the_rows),
		cmocka_unit_test(a_reload_takes_over_four_options),
		cmocka_unit_test(another_cgroup_takes_a_restart),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
