/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of manual.c: where man(1) finds the manual of a program that is not installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "options/manual.h"

static char directory[] = "/tmp/dwell-manual-XXXXXX";
static char program[sizeof(directory) + 16]; /* a link, as /proc/self/exe is one */
static char beside[2 * sizeof(directory)];   /* the manual beside what it leads to */
static char escaped[2 * sizeof(directory)];  /* as a terminal may see it */
static char inside[sizeof(directory) + 16];  /* a folder with an escape sequence */

static int prepare(void **state)
{
	char target[2 * sizeof(directory)];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(program, sizeof(program), "%s/exe", directory);
	snprintf(inside, sizeof(inside), "%s/\033[1m", directory);
	snprintf(target, sizeof(target), "%s/dwell", inside);
	snprintf(beside, sizeof(beside), "%s/dwell.8", inside);
	snprintf(escaped, sizeof(escaped), "%s/\\x1b[1m/dwell.8", directory);
	return symlink(target, program);
}

static int clear(void **state)
{
	(void)state;
	unlink(beside);
	unlink(program);
	rmdir(inside);
	return rmdir(directory);
}

static void lies_beside_the_program(void **state)
{
	char buffer[MANUAL_LEN];
	FILE *file;

	(void)state;
	assert_int_equal(mkdir(inside, 0700), 0);
	assert_string_equal(manual_find(buffer, program), "dwell");
	file = fopen(beside, "w");
	assert_non_null(file);
	fclose(file);
	assert_string_equal(manual_find(buffer, program), escaped);
}

static void is_the_installed_one_otherwise(void **state)
{
	char buffer[MANUAL_LEN];

	(void)state;
	assert_string_equal(manual_find(buffer, "/nonexistent"), "dwell");
	assert_string_equal(manual_find(buffer, directory), "dwell");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies_beside_the_program),
		cmocka_unit_test(is_the_installed_one_otherwise),
	};

	return cmocka_run_group_tests(tests, prepare, clear);
}
