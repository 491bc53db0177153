/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of config.c: what a file sets beneath the command line, what is refused and how. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "options/command_line.h"
#include "options/config.h"
#include "options/help.h"
#include "options/table.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define S 1000000000ULL

static char path[] = "/tmp/dwell-config-XXXXXX";
static char error[OPTIONS_ERROR_LEN];

/* Writes the @length bytes of @text as the configuration file. */
static void write_bytes(const char *text, size_t length)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* Reads the file beneath the command line "dwell daemon --config FILE @arguments". */
static int load(struct options *options, char *const arguments[])
{
	char *argv[16] = {"dwell", "daemon", "--config", path};
	struct options given;
	int argc = 4, err;

	while (arguments && *arguments)
		argv[argc++] = *arguments++;
	assert_int_equal(command_line_read(argc, argv, &given, error), 0);
	err = config_read(&given, options, error);
	options_clear(&given);
	return err;
}

static void accepts_beneath(struct options *options, const char *text, char *const arguments[])
{
	int err;

	write_bytes(text, strlen(text));
	err = load(options, arguments);
	if (err)
		fail_msg("\"%s\" gave %d: %s", text, err, error);
	assert_string_equal(error, "");
}

static void accepts(struct options *options, const char *text)
{
	accepts_beneath(options, text, NULL);
}

/* @line is where the error is, @part what it says. */
static void refuses_bytes(const char *text, size_t length, unsigned int line, const char *part)
{
	char start[sizeof(path) + 16];
	struct options options;

	write_bytes(text, length);
	if (load(&options, NULL) != -EINVAL)
		fail_msg("\"%s\" was not refused", text);
	options_clear(&options);
	snprintf(start, sizeof(start), "%s:%u: ", path, line);
	if (strncmp(error, start, strlen(start)) != 0 || !strstr(error, part) ||
	    strchr(error, '\n'))
		fail_msg("\"%s\" gave \"%s\", not line %u with \"%s\"", text, error, line, part);
}

static void refuses(const char *text, unsigned int line, const char *part)
{
	refuses_bytes(text, strlen(text), line, part);
}

/* ---- what is read ----------------------------------------------------------- */

static void every_section_is_read(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "# all of it\n"
			  "[filter]\n"
			  "comm = sh, bash ; two\n"
			  "comm=nginx\r\n"
			  "cgroup = /a,b\n"
			  "cgroup = /c\n"
			  "[outliers]\n"
			  "runqueue: 10ms\n"
			  "blocked = off\n"
			  "dwell =\n"
			  "   sensitivity = 7\n"
			  "[export] # of metrics\n"
			  "interval = 30s\n"
			  "groups = cgroup\n"
			  "textfile-dir = /run/\xc3\xa4\n"
			  "log = stderr\n"
			  "[limits]\n"
			  "max-groups = 3\n"
			  "max-overhead = off\n"
			  "table = 64");
	assert_int_equal(options.filter.nr_comms, 3);
	assert_string_equal(options.filter.comms[1], "bash");
	assert_string_equal(options.filter.comms[2], "nginx");
	assert_int_equal(options.nr_cgroups, 2);
	assert_string_equal(options.cgroups[0], "/a,b");
	assert_int_equal(options.outlier[DWELL_WOKEN].floor_ns, S / 100);
	assert_false(options.outlier[DWELL_WOKEN].adaptive);
	assert_true(options.outlier[DWELL_BLOCKED].floor_ns == UINT64_MAX);
	assert_true(options.outlier[DWELL_DWELL].adaptive);
	assert_int_equal(options.sensitivity, 7);
	assert_int_equal(options.daemon.interval_ns, 30 * S);
	assert_int_equal(options.daemon.groups, ROW_BY_CGROUP);
	assert_string_equal(options.daemon.textfile_dir, "/run/\xc3\xa4");
	assert_int_equal(options.daemon.log, DAEMON_LOG_STDERR);
	assert_int_equal(options.daemon.max_groups, 3);
	assert_int_equal(options.daemon.max_overhead_ppm, 0);
	assert_int_equal(options.ledger.table, 64);
	options_clear(&options);
}

static void the_command_line_goes_before(void **state)
{
	static const char text[] = "[export]\ninterval = 30s\ngroups = cgroup\n"
				   "[filter]\ncgroup = /file\ncomm = sh\n";
	char *arguments[] = {"--interval", "5s", "-g", "/line", NULL};
	struct options options;

	(void)state;
	accepts_beneath(&options, text, arguments);
	assert_int_equal(options.daemon.interval_ns, 5 * S);
	assert_int_equal(options.daemon.groups, ROW_BY_CGROUP);
	assert_int_equal(options.nr_cgroups, 1);
	assert_string_equal(options.cgroups[0], "/line");
	assert_int_equal(options.filter.nr_comms, 1);
	options_clear(&options);

	/* What it hides must be right nevertheless: it may be gone next time. */
	write_bytes("[export]\ninterval = 0\n", strlen("[export]\ninterval = 0\n"));
	assert_int_equal(load(&options, arguments), -EINVAL);
	options_clear(&options);
}

static void nothing_is_fine(void **state)
{
	static const char *const texts[] = {"",
					    "\n\n",
					    "; comment\n\t# comment\n",
					    "[export]",
					    "\xef\xbb\xbf[export]\ninterval = 15s\n",
					    "  [limits]  ; comment\n"};
	struct options options;

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		accepts(&options, texts[i]);
		assert_int_equal(options.daemon.interval_ns, 15 * S);
		options_clear(&options);
	}
}

static void only_a_named_file_must_be_there(void **state)
{
	char *argv[] = {"dwell", "daemon", NULL};
	struct options given, options;

	(void)state;
	assert_int_equal(command_line_read(2, argv, &given, error), 0);
	given.daemon.config = "/nonexistent/dwell.conf";
	assert_int_equal(config_read(&given, &options, error), 0);
	assert_int_equal(options.daemon.interval_ns, 15 * S);
	options_clear(&options);
	given.daemon.config = "/tmp";
	assert_int_equal(config_read(&given, &options, error), -EISDIR);
	assert_string_equal(error, "/tmp: Is a directory");
	options_clear(&options);
	options_clear(&given);

	unlink(path);
	assert_int_equal(load(&options, NULL), -ENOENT);
	assert_non_null(strstr(error, "No such file"));
	options_clear(&options);
}

/* ---- what is refused -------------------------------------------------------- */

static void wrong_sections(void **state)
{
	(void)state;
	refuses("\n[exports]\n", 2,
		"no section [exports]: give one of [filter], [outliers], "
		"[export], [limits]");
	refuses("[]\n", 1, "no section []");
	refuses("[export\n", 1, "']'");
	refuses("[export] interval = 5s\n", 1, "'interval = 5s' stands behind a section");
	refuses("\xef\xbb\xbf[exports]\n", 1, "no section [exports]");
	refuses("interval = 5s\n", 1, "before any section: give one first, such as [export]");
	refuses("frob = 5s\n", 1, "'frob' stands before any section");
	refuses("[limits]\ninterval = 5s\n", 2, "interval is not of [limits]: move it to [export]");
}

static void wrong_keys(void **state)
{
	(void)state;
	refuses("[export]\n\nintervall = 5s\n", 3,
		"no 'intervall' in [export]: its keys are textfile-dir, interval, groups, log");
	refuses("[export]\nconfig = x\n", 2, "no 'config'");
	refuses("[export]\njson = yes\n", 2, "no 'json'");
	refuses("[export]\nInterval = 5s\n", 2, "no 'Interval'");
	refuses("[export]\n--interval = 5s\n", 2, "no '--interval'");
	refuses("[export]\n= 5s\n", 2, "no ''");
	refuses("[export]\ninterval\n", 2, "neither");
	/* The first of several is told. */
	refuses("[export]\ninterval\nfrob = 1\n", 2, "neither");
	refuses("[export]\nfrob = 1\ninterval\n", 2, "frob");
	refuses("[export]\ninterval\n[frob]\n", 2, "neither");
}

static void wrong_values(void **state)
{
	(void)state;
	refuses("[export]\ninterval = often\n", 2, ": interval: 'often' is not a duration");
	refuses("[export]\ninterval = 5s # often\n", 2, "'5s # often'");
	refuses("[export]\ntextfile-dir = here\n", 2, "absolute");
	refuses("[limits]\nmax-groups = 0\n", 2, "from 1 to 10000");
	refuses("[filter]\ncomm = 0123456789abcdef\n", 2, "15 bytes");
	refuses("[filter]\ncomm = a,b,c,d,e,f,g,h\ncomm = a,b,c,d,e,f,g,h\ncomm = q\n", 4, "16");
	refuses("[outliers]\nrunqueue = on\n", 2, "auto or off");
	/* An indented line does not go on with the value above. */
	refuses("[export]\ninterval = 5s\n  7s\n", 3, "neither");
}

static void wrong_bytes(void **state)
{
	static const char nul[] = "[export]\ninterval = 5s\0m\n";
	char longest[512] = "[export]\n#";

	(void)state;
	refuses_bytes(nul, sizeof(nul) - 1, 2, "NUL");
	refuses("[filter]\n# caf\xe9\n", 2, "UTF-8");
	memset(longest + strlen(longest), 'x', 400);
	refuses(longest, 2, "longer than");
	strcpy(longest, "[filter]\ncgroup = /");
	memset(longest + strlen(longest), 'x', 400);
	refuses(longest, 2, "longer than");
}

static void random_files_do_no_harm(void **state)
{
	static const char *const words[] = {"[export]", "[",  "]",    "interval", " = ",
					    "=",	"5s", "\n",   "\n",	  " ",
					    "#",	";",  "comm", "\xff",	  "a,b",
					    "[filter]", "\r", ":",    "off",	  "cgroup"};
	unsigned int seed = 5;
	struct options options;
	char text[512];

	(void)state;
	for (int round = 0; round < 5000; round++) {
		int count = rand_r(&seed) % 24, err;

		text[0] = '\0';
		for (int i = 0; i < count; i++)
			strcat(text, words[(size_t)rand_r(&seed) % LENGTH(words)]);
		write_bytes(text, strlen(text));
		err = load(&options, NULL);
		assert_true(err == 0 || err == -EINVAL);
		assert_int_equal(err == 0, error[0] == '\0');
		options_clear(&options);
	}
}

/* ---- the file as shipped ---------------------------------------------------- */

static char *shipped(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	help_print_config(out);
	fclose(out);
	return text;
}

static void check_defaults(const struct options *options)
{
	struct options defaults;

	write_bytes("", 0);
	assert_int_equal(load(&defaults, NULL), 0);
	assert_memory_equal(options, &defaults, sizeof(defaults));
	options_clear(&defaults);
}

static void shipped_file_is_the_default(void **state)
{
	struct options options;
	char *text = shipped();

	(void)state;
	accepts(&options, text);
	check_defaults(&options);
	options_clear(&options);
	/* The same with all keys: "#interval = 15s", while text stands behind "# ". */
	for (char *at = text; (at = strstr(at, "\n#")); at++)
		if (islower((unsigned char)at[2]))
			at[1] = ' ';
	accepts(&options, text);
	check_defaults(&options);
	options_clear(&options);
	free(text);
}

static void shipped_file_has_every_key(void **state)
{
	char *text = shipped(), key[64], header[64];

	(void)state;
	for (size_t i = 0; i < option_specs_count; i++) {
		const struct option_spec *option = &option_specs[i];
		const char *found;

		snprintf(key, sizeof(key), "\n#%s =", option->name);
		found = strstr(text, key);
		assert_int_equal(found != NULL, option_in_file(option));
		if (!found)
			continue;
		/* A flag would need a value for the file to say no with. */
		assert_non_null(option->argument);
		assert_null(strstr(found + 1, key));
		snprintf(header, sizeof(header), "\n[%s]\n", section_names[option->section]);
		assert_true(strstr(text, header) < found);
	}
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_in_range(strcspn(line, "\n"), 0, 80);
	free(text);
}

/* ---- */

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_section_is_read),
		cmocka_unit_test(the_command_line_goes_before),
		cmocka_unit_test(nothing_is_fine),
		cmocka_unit_test(only_a_named_file_must_be_there),
		cmocka_unit_test(wrong_sections),
		cmocka_unit_test(wrong_keys),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(wrong_bytes),
		cmocka_unit_test(random_files_do_no_harm),
		cmocka_unit_test(shipped_file_is_the_default),
		cmocka_unit_test(shipped_file_has_every_key),
	};

	return cmocka_run_group_tests_name("config", tests, make_file, remove_file);
}
