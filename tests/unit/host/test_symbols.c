/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of symbols.c: functions by address and by name, in files like /proc/kallsyms. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/privilege.h"
#include "host/symbols.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define KALLSYMS "tests/unit/fixtures/kallsyms"
#define HIDDEN "tests/unit/fixtures/kallsyms.hidden"

static char scratch[64];
static FILE *scratch_file;

static int set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(scratch, "/tmp/dwell-test-XXXXXX");
	fd = mkstemp(scratch);
	scratch_file = fd < 0 ? NULL : fdopen(fd, "w");
	return scratch_file ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	if (scratch_file)
		fclose(scratch_file);
	scratch_file = NULL;
	return unlink(scratch);
}

static void written(void)
{
	assert_int_equal(fclose(scratch_file), 0);
	scratch_file = NULL;
}

/* ---- addresses -> names ----------------------------------------------------- */

static void names_of_addresses(void **state)
{
	static const struct {
		uint64_t address;
		const char *name; /* NULL: unknown */
	} cases[] = {
		{0xffffffff81001010, "hrtimer_wakeup"},
		{0xffffffff81001000, "__pfx_hrtimer_wakeup"},
		{0xffffffff81001011, NULL}, /* inside, not at the start */
		{0xffffffff81001100, "tick_nohz_handler"},
		{0xffffffff81001200, "shared"},
		{0xffffffff81001400, "both"},
		{0xffffffff81001500, "part.part.0"}, /* not the function as a whole */
		{0xffffffff81001600, "cold.cold"},
		{0xffffffff81001700, "weak_function"},
		{0xffffffff81001800, ".llvm.odd"},  /* nothing would be left */
		{0xffffffff81000000, "startup_64"}, /* the first of three */
		{0xffffffffc0200000, "e1000_watchdog [e1000]"},
		{0xffffffffc0200100, "e1000_timer [e1000]"},
		{0xffffffffc0100000, "hrtimer_wakeup [copycat]"}, /* out of order in the file */
		{0xffffffff82000000, NULL},			  /* data */
		{0xffffffff82000200, NULL},
		{0, NULL},
		{UINT64_MAX, NULL},
	};
	struct symbols *symbols = symbols_new(KALLSYMS);
	char name[64];
	size_t i;

	(void)state;
	assert_non_null(symbols);
	for (i = 0; i < LENGTH(cases); i++) {
		strcpy(name, "untouched");
		assert_int_equal(symbols_name(symbols, cases[i].address, name, sizeof(name)),
				 cases[i].name ? 0 : -ENOENT);
		assert_string_equal(name, cases[i].name ? cases[i].name : "");
	}
	symbols_free(symbols);
	symbols_free(NULL);
}

static void functions_hold_addresses(void **state)
{
	static const struct {
		uint64_t address;
		const char *name; /* NULL: unknown */
	} cases[] = {
		{0xffffffff81000000, "startup_64"},
		{0xffffffff81000fff, "startup_64"},
		{0xffffffff81001010, "hrtimer_wakeup"},
		{0xffffffff810010ff, "hrtimer_wakeup"},
		{0xffffffff81001100, "tick_nohz_handler"},
		{0xffffffffc0200099, "e1000_watchdog [e1000]"},
		{0xffffffffc0300000 + SYMBOLS_LONGEST,
		 "bpf_prog_6deef7357e7b4530_sd_fw_egress [bpf]"},
		{0xffffffffc0300001 + SYMBOLS_LONGEST, NULL},
		{0xffffffff80ffffff, NULL},
		{0, NULL},
		{UINT64_MAX, NULL},
	};
	struct symbols *symbols = symbols_new(KALLSYMS);
	char name[64];

	(void)state;
	assert_non_null(symbols);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		strcpy(name, "untouched");
		assert_int_equal(symbols_covering(symbols, cases[i].address, name, sizeof(name)),
				 cases[i].name ? 0 : -ENOENT);
		assert_string_equal(name, cases[i].name ? cases[i].name : "");
	}
	symbols_free(symbols);
}

static void small_buffers_are_kept_to(void **state)
{
	struct symbols *symbols = symbols_new(KALLSYMS);
	char *name = malloc(5);

	(void)state;
	assert_non_null(symbols);
	assert_non_null(name);
	assert_int_equal(symbols_name(symbols, 0xffffffff81001010, name, 5), 0);
	assert_string_equal(name, "hrti");
	name[0] = 'x';
	assert_int_equal(symbols_name(symbols, 0xffffffff81001010, name, 0), 0);
	assert_int_equal(name[0], 'x');
	free(name);
	symbols_free(symbols);
}

static void hidden_addresses_are_eperm(void **state)
{
	static const char *const names[] = {"hrtimer_wakeup"};
	struct symbols *symbols = symbols_new(HIDDEN);
	uint64_t address = 42;
	char name[64] = "x";

	(void)state;
	assert_non_null(symbols);
	assert_int_equal(symbols_name(symbols, 0xffffffff81001010, name, sizeof(name)), -EPERM);
	assert_string_equal(name, "");
	assert_int_equal(symbols_name(symbols, 0, name, sizeof(name)), -EPERM);
	symbols_free(symbols);
	assert_int_equal(symbols_addresses(HIDDEN, names, &address, 1), -EPERM);
	assert_int_equal(address, 0);
}

static void missing_and_empty_files(void **state)
{
	static const char *const names[] = {"hrtimer_wakeup"};
	struct symbols *symbols = symbols_new("/nowhere");
	uint64_t address = 42;
	char name[64];

	(void)state;
	assert_non_null(symbols);
	assert_int_equal(symbols_name(symbols, 1, name, sizeof(name)), -ENOENT);
	symbols_free(symbols);
	assert_int_equal(symbols_addresses("/nowhere", names, &address, 1), -ENOENT);
	assert_int_equal(symbols_addresses("/tmp", names, &address, 1), -EISDIR);
	address = 42;
	written();
	assert_int_equal(symbols_addresses(scratch, names, &address, 1), 0);
	assert_int_equal(address, 0);
	symbols = symbols_new(scratch);
	assert_non_null(symbols);
	assert_int_equal(symbols_name(symbols, 1, name, sizeof(name)), -ENOENT);
	symbols_free(symbols);
}

/* ---- names -> addresses ----------------------------------------------------- */

static void addresses_of_names(void **state)
{
	static const char *const names[] = {
		"hrtimer_wakeup", "tick_nohz_handler", "missing",     "shared", "both",
		"jiffies_64",	  "hrtimer_wake",      "e1000_timer", "",	"hrtimer_wakeup",
	};
	static const uint64_t expected[] = {
		0xffffffff81001010,
		0xffffffff81001100,
		0,
		0xffffffff81001300,
		0xffffffff81001400,
		0,
		0,
		0xffffffffc0200100,
		0,
		0xffffffff81001010,
	};
	uint64_t addresses[LENGTH(names)];
	size_t i;

	(void)state;
	memset(addresses, 0xff, sizeof(addresses));
	assert_int_equal(symbols_addresses(KALLSYMS, names, addresses, LENGTH(names)), 0);
	for (i = 0; i < LENGTH(names); i++)
		assert_int_equal(addresses[i], expected[i]);
	assert_int_equal(symbols_addresses(KALLSYMS, names, addresses, 0), 0);
}

static void lines_of_other_forms_are_passed_over(void **state)
{
	static const char *const names[] = {"good", "last", "bad"};
	uint64_t addresses[LENGTH(names)];
	char *longest = malloc(600000);

	(void)state;
	assert_non_null(longest);
	memset(longest, 'x', 600000);
	fputs("\n \nffffffff81000000\nffffffff81000000 \nffffffff81000000 t\nffffffff81000000 t \n"
	      " ffffffff81000000 t bad\nxyz t bad\n1ffffffff81000000 t bad\n"
	      "ffffffff81000000t bad\nffffffff81000000 tt bad\nffffffff81000000 t bad2\n",
	      scratch_file);
	/* Longer than any buffer. */
	fputs("ffffffff81000000 t ", scratch_file);
	fwrite(longest, 1, 600000, scratch_file);
	fputs("\n00000000000000A1 T good\nffffffff81000077 t last", scratch_file);
	written();
	free(longest);
	assert_int_equal(symbols_addresses(scratch, names, addresses, LENGTH(names)), 0);
	assert_int_equal(addresses[0], 0xa1);
	assert_int_equal(addresses[1], 0xffffffff81000077); /* the end of the file ends the line */
	assert_int_equal(addresses[2], 0);
}

/* A name in the file ends where the file says, whatever bytes it has; ours at its NUL. */
static void bytes_in_names_are_compared(void **state)
{
	char *name = strdup("ab"), *longer = strdup("abcdefgh");
	const char *const names[] = {name, longer};
	uint64_t addresses[LENGTH(names)];

	(void)state;
	fputs("ffffffff81000010 t ab", scratch_file);
	fwrite("\0cdefghijklmnopqrstuvwxyz\n", 1, 26, scratch_file);
	fputs("ffffffff81000020 t abcdefg\nffffffff81000030 t abcdefghi\n", scratch_file);
	written();
	assert_int_equal(symbols_addresses(scratch, names, addresses, LENGTH(names)), 0);
	assert_int_equal(addresses[0], 0);
	assert_int_equal(addresses[1], 0);
	free(name);
	free(longer);
}

/* Each line across each border of the reader's buffer, and all of a large file found. */
static void large_files(void **state)
{
	struct symbols *symbols;
	const unsigned int count = 250000;
	char expected[64], name[64];
	unsigned int i;

	(void)state;
	/* Descending addresses: the reader has to sort. */
	for (i = 0; i < count; i++)
		fprintf(scratch_file, "%016" PRIx64 " t function_%u\n",
			0xffffffff81000000 + 16 * (uint64_t)(count - i), i);
	written();
	symbols = symbols_new(scratch);
	assert_non_null(symbols);
	for (i = 0; i < count; i++) {
		snprintf(expected, sizeof(expected), "function_%u", i);
		assert_int_equal(symbols_name(symbols,
					      0xffffffff81000000 + 16 * (uint64_t)(count - i), name,
					      sizeof(name)),
				 0);
		if (strcmp(name, expected) != 0)
			fail_msg("%s was found as %s", expected, name);
	}
	symbols_free(symbols);
}

static void random_bytes_do_no_harm(void **state)
{
	static const char *const names[] = {"a"};
	static const char pieces[] = "0000ffffaa  tT\t[].\n\n";
	unsigned int seed = 5, round, i;
	uint64_t address;
	char name[16];

	(void)state;
	for (round = 0; round < 300; round++) {
		struct symbols *symbols;
		unsigned int length = (unsigned int)rand_r(&seed) % 1000;
		int err;

		if (!scratch_file)
			scratch_file = fopen(scratch, "w");
		assert_non_null(scratch_file);
		for (i = 0; i < length; i++)
			fputc(rand_r(&seed) % 8 ? pieces[rand_r(&seed) % (sizeof(pieces) - 1)] :
						  rand_r(&seed),
			      scratch_file);
		written();
		symbols = symbols_new(scratch);
		assert_non_null(symbols);
		err = symbols_addresses(scratch, names, &address, 1);
		assert_true(err == 0 || err == -EPERM);
		err = symbols_name(symbols, 0xffffffffffff, name, sizeof(name));
		assert_true(err == -ENOENT || err == -EPERM || err == 0);
		symbols_free(symbols);
	}
}

/* The kernel's own file, where its addresses may be seen. */
static void live_kernel_agrees_with_itself(void **state)
{
	static const char *const names[] = {"hrtimer_wakeup", "no_such_function_anywhere"};
	struct symbols *symbols;
	uint64_t addresses[2];
	char name[64];
	int err;

	(void)state;
	err = symbols_addresses(SYMBOLS_KALLSYMS, names, addresses, 2);
	if (err == -EPERM || err == -ENOENT || err == -EACCES)
		skip();
	assert_int_equal(err, 0);
	assert_int_not_equal(addresses[0], 0);
	assert_int_equal(addresses[1], 0);
	symbols = symbols_new(SYMBOLS_KALLSYMS);
	assert_non_null(symbols);
	assert_int_equal(symbols_name(symbols, addresses[0], name, sizeof(name)), 0);
	assert_string_equal(name, "hrtimer_wakeup");
	symbols_free(symbols);
}

/* In a child: opens with the privileges there are, gives them up, then reads. */
static int read_after_drop(uint64_t address)
{
	struct symbols *symbols = symbols_new(SYMBOLS_KALLSYMS);
	char name[64];
	int err;

	if (!symbols || privileges_drop(PRIVILEGE_KEEP_NONE))
		return 1;
	err = symbols_name(symbols, address, name, sizeof(name));
	symbols_free(symbols);
	return err || strcmp(name, "hrtimer_wakeup") != 0;
}

static void privileges_may_be_dropped_before_reading(void **state)
{
	static const char *const names[] = {"hrtimer_wakeup"};
	uint64_t address;
	pid_t child;
	int status;

	(void)state;
	if (symbols_addresses(SYMBOLS_KALLSYMS, names, &address, 1) || !address)
		skip();
	child = fork();
	assert_true(child >= 0);
	if (!child)
		_exit(read_after_drop(address));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define WITH_SCRATCH(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_addresses),
		cmocka_unit_test(functions_hold_addresses),
		cmocka_unit_test(small_buffers_are_kept_to),
		cmocka_unit_test(hidden_addresses_are_eperm),
		WITH_SCRATCH(missing_and_empty_files),
		cmocka_unit_test(addresses_of_names),
		WITH_SCRATCH(lines_of_other_forms_are_passed_over),
		WITH_SCRATCH(bytes_in_names_are_compared),
		WITH_SCRATCH(large_files),
		WITH_SCRATCH(random_bytes_do_no_harm),
		cmocka_unit_test(live_kernel_agrees_with_itself),
		cmocka_unit_test(privileges_may_be_dropped_before_reading),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
