/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of the command line: what is read from it, what is refused and how. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/unit/records.h"
#include "model/timer_column.h"
#include "options/command_line.h"
#include "options/table.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define S 1000000000ULL
#define ARGUMENTS_MAX 40

static char error[OPTIONS_ERROR_LEN];

/* Reads @line, taken apart at blanks, as the arguments of dwell. */
static int parse(struct options *options, const char *line)
{
	static char words[PATH_MAX + 64]; /* --output points into it */
	char *argv[ARGUMENTS_MAX + 1] = {"dwell"}, *rest = words;
	int argc = 1;

	assert_true(strlen(line) < sizeof(words));
	strcpy(words, line);
	while (*line && rest && argc < ARGUMENTS_MAX)
		argv[argc++] = strsep(&rest, " ");
	return command_line_read(argc, argv, options, error);
}

static void accepts(struct options *options, const char *line)
{
	int err = parse(options, line);

	if (err)
		fail_msg("\"%s\" gave %d: %s", line, err, error);
	assert_string_equal(error, "");
}

/* @parts, up to a NULL, must all be in the error: what is wrong, and what to do. */
static void refuses(const char *line, ...)
{
	struct options options;
	const char *part;
	va_list parts;

	if (parse(&options, line) != -EINVAL)
		fail_msg("\"%s\" was not refused", line);
	assert_null(strchr(error, '\n'));
	va_start(parts, line);
	while ((part = va_arg(parts, const char *)))
		if (!strstr(error, part))
			fail_msg("\"%s\" gave \"%s\", without \"%s\"", line, error, part);
	va_end(parts);
	options_clear(&options);
}

/* ---- what is read ----------------------------------------------------------- */

static void initial_values(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "summary");
	assert_int_equal(options.action, ACTION_RUN);
	assert_int_equal(options.command, COMMAND_SUMMARY);
	assert_int_equal(options.duration_ns, 10 * S);
	assert_int_equal(options.view.limit, 30);
	assert_ptr_equal(options.view.sort, sort_by("runqueue"));
	assert_int_equal(options.view.by, ROW_BY_TASK);
	assert_false(options.json);
	assert_null(options.output);
	assert_int_equal(options.verbose, 0);
	assert_int_equal(options.filter.nr_pids + options.filter.nr_tids + options.filter.nr_comms +
				 options.filter.nr_cgroups + options.nr_cgroups,
			 0);
	options_clear(&options);
	accepts(&options, "check");
	assert_int_equal(options.command, COMMAND_CHECK);
	options_clear(&options);
}

static void outliers_are_what_is_unusual(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "outliers");
	assert_int_equal(options.command, COMMAND_OUTLIERS);
	assert_int_equal(options.duration_ns, 0);
	assert_int_equal(options.sensitivity, 4);
	assert_false(options.exit_code);
	for (int i = 0; i < DWELL_MEASURES; i++) {
		assert_true(options.outlier[i].adaptive);
		assert_in_range(options.outlier[i].floor_ns, S / 1000, S);
	}
	assert_int_equal(options.outlier[DWELL_WOKEN].floor_ns,
			 options.outlier[DWELL_PREEMPTED].floor_ns);
	options_clear(&options);
	accepts(&options, "check");
	for (int i = 0; i < DWELL_MEASURES; i++)
		assert_true(options.outlier[i].floor_ns == UINT64_MAX);
	options_clear(&options);
	accepts(&options, "summary --blocked off");
	assert_true(options.outlier[DWELL_BLOCKED].floor_ns == UINT64_MAX);
	assert_true(options.outlier[DWELL_WOKEN].adaptive);
	options_clear(&options);
}

static void outliers_are_what_is_asked_for(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "outliers --runqueue 10ms --throttled 1us --blocked=1d --dwell off "
			  "--lateness 5ms --timer-latency 1.5s --sensitivity 100 --exit-code -d 3");
	assert_int_equal(options.outlier[DWELL_WOKEN].floor_ns, S / 100);
	assert_int_equal(options.outlier[DWELL_PREEMPTED].floor_ns, S / 100);
	assert_int_equal(options.outlier[DWELL_THROTTLED].floor_ns, 1000);
	assert_int_equal(options.outlier[DWELL_BLOCKED].floor_ns, 86400 * S);
	assert_true(options.outlier[DWELL_DWELL].floor_ns == UINT64_MAX);
	assert_int_equal(options.outlier[DWELL_LATENESS].floor_ns, S / 200);
	assert_int_equal(options.outlier[DWELL_TIMER_LATENCY].floor_ns, 3 * S / 2);
	for (int i = 0; i < DWELL_MEASURES; i++)
		assert_false(options.outlier[i].adaptive);
	assert_int_equal(options.sensitivity, 100);
	assert_true(options.exit_code);
	assert_int_equal(options.duration_ns, 3 * S);
	options_clear(&options);

	refuses("outliers --runqueue 999ns", "--runqueue", "at least 1us", NULL);
	refuses("outliers --runqueue 0", "--runqueue", "at least 1us", NULL);
	refuses("outliers --blocked 366d", "--blocked", "off", NULL);
	refuses("outliers --blocked often", "--blocked", "often", "10ms", NULL);
	refuses("outliers --blocked", "--blocked", "TIME", NULL);
	refuses("outliers --sensitivity 0", "--sensitivity", "1 to 100", NULL);
	refuses("outliers --sensitivity 101", "--sensitivity", "1 to 100", NULL);
	refuses("outliers --exit-code=1", "--exit-code", "no value", NULL);
	refuses("check --runqueue 1ms", "--runqueue", "check", NULL);
	refuses("summary --exit-code", "--exit-code", "summary", NULL);
	refuses("--runqueue 1ms", "--runqueue", "COMMAND", NULL);
	refuses("outliers -n 3", "-n", "outliers", NULL);
}

static void thresholds_go_back_to_auto(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "outliers --runqueue 10ms --runqueue auto --blocked auto --dwell off");
	assert_true(options.outlier[DWELL_WOKEN].adaptive);
	assert_true(options.outlier[DWELL_PREEMPTED].adaptive);
	assert_int_equal(options.outlier[DWELL_WOKEN].floor_ns, 2 * S / 1000);
	assert_true(options.outlier[DWELL_BLOCKED].adaptive);
	assert_int_equal(options.outlier[DWELL_BLOCKED].floor_ns, S);
	assert_false(options.outlier[DWELL_DWELL].adaptive);
	options_clear(&options);
	accepts(&options, "timers");
	assert_false(options.outlier[DWELL_WOKEN].adaptive);
	assert_true(options.outlier[DWELL_WOKEN].floor_ns == UINT64_MAX);
	options_clear(&options);
}

/* Else it would tell of exited tasks as lost that none of its lines is of. */
static void the_service_has_options_of_its_own(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "daemon");
	assert_int_equal(options.command, COMMAND_DAEMON);
	assert_int_equal(options.duration_ns, 0);
	assert_string_equal(options.daemon.config, "/etc/dwell/dwell.conf");
	assert_string_equal(options.daemon.textfile_dir, "/var/lib/prometheus/node-exporter");
	assert_int_equal(options.daemon.interval_ns, 15 * S);
	assert_int_equal(options.daemon.groups, ROW_BY_COMM);
	assert_int_equal(options.daemon.max_groups, 20);
	assert_int_equal(options.daemon.max_overhead_ppm, 10000);
	assert_int_equal(options.daemon.log, DAEMON_LOG_JOURNAL);
	assert_int_equal(options.daemon.go, DAEMON_GO_OFF);
	assert_int_equal(options.daemon.max_go, 20);
	assert_true(options.outlier[DWELL_WOKEN].adaptive);
	assert_true(options.given == 0);
	options_clear(&options);

	accepts(&options,
		"daemon --config x.conf --textfile-dir off --interval 1h --groups cgroup "
		"--max-groups 10000 --max-overhead 0.25 --log off --table 64 -c sh -g /x");
	assert_string_equal(options.daemon.config, "x.conf");
	assert_string_equal(options.daemon.textfile_dir, "");
	assert_int_equal(options.daemon.interval_ns, 3600 * S);
	assert_int_equal(options.daemon.groups, ROW_BY_CGROUP);
	assert_int_equal(options.daemon.max_groups, 10000);
	assert_int_equal(options.daemon.max_overhead_ppm, 2500);
	assert_int_equal(options.daemon.log, DAEMON_LOG_OFF);
	assert_int_equal(options.ledger.table, 64);
	assert_int_equal(options.nr_cgroups, 1);
	assert_int_equal(__builtin_popcountll(options.given), 10);
	options_clear(&options);
	accepts(&options, "daemon --max-overhead off --textfile-dir /");
	assert_int_equal(options.daemon.max_overhead_ppm, 0);
	assert_string_equal(options.daemon.textfile_dir, "/");
	options_clear(&options);
	accepts(&options, "daemon --go on --max-go 1000");
	assert_int_equal(options.daemon.go, DAEMON_GO_ON);
	assert_int_equal(options.daemon.max_go, 1000);
	options_clear(&options);
}

static void the_service_refuses(void **state)
{
	char line[PATH_MAX + 64] = "daemon --textfile-dir /";

	(void)state;
	refuses("daemon --interval 999ms", "--interval", "'999ms'", "from 1s to 60m", NULL);
	refuses("daemon --interval 3601", "--interval", "from 1s to 60m", NULL);
	refuses("daemon --interval often", "--interval", "not a duration", NULL);
	refuses("daemon --groups task", "--groups", "'task'", "comm, cgroup", NULL);
	refuses("daemon --log file", "--log", "journal, stderr, off", NULL);
	refuses("daemon --max-groups 0", "--max-groups", "from 1 to 10000", NULL);
	refuses("daemon --go yes", "--go", "off, on", NULL);
	refuses("daemon --max-go 0", "--max-go", "from 1 to 1000", NULL);
	refuses("daemon --max-overhead 0", "--max-overhead", "0.01 to 100", NULL);
	refuses("daemon --max-overhead 100.01", "--max-overhead", "0.01 to 100", NULL);
	refuses("daemon --max-overhead 1%", "--max-overhead", "'1%'", "off", NULL);
	refuses("daemon --textfile-dir here", "--textfile-dir", "absolute", NULL);
	refuses("daemon --config ", "--config", "empty", NULL);
	refuses("daemon -p 1", "-p is no option of 'daemon'", NULL);
	refuses("daemon -j", "-j is no option of 'daemon'", NULL);
	refuses("summary --interval 1s", "--interval is no option of 'summary'", NULL);
	memset(line + strlen(line), 'x', PATH_MAX);
	refuses(line, "--textfile-dir", "at most 4095 bytes", NULL);
}

static void go_has_meanings_of_its_own(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "go");
	assert_int_equal(options.command, COMMAND_GO);
	assert_int_equal(options.go.view.by, GO_BY_SITE);
	assert_int_equal(options.go.view.sort, GO_SORT_COUNT);
	assert_int_equal(options.go.view.limit, 10);
	assert_int_equal(options.duration_ns, 0);
	assert_int_equal(options.go.interval_ns, 0);
	assert_null(options.go.baseline);
	assert_false(options.go.lasting);
	options_clear(&options);
	accepts(&options, "go -p 1,2 -c sh -g /x -b creator -s age -n 0 -i 5s -d 1m --leaks "
			  "--exit-code --pprof a --save b -j -o c -v");
	assert_int_equal(options.filter.nr_pids, 2);
	assert_int_equal(options.go.view.by, GO_BY_CREATOR);
	assert_int_equal(options.go.view.sort, GO_SORT_AGE);
	assert_int_equal(options.go.view.limit, 0);
	assert_true(options.go.view.leaks && options.exit_code);
	assert_int_equal(options.go.interval_ns, 5 * S);
	assert_int_equal(options.duration_ns, 60 * S);
	assert_string_equal(options.go.pprof, "a");
	assert_string_equal(options.go.save, "b");
	options_clear(&options);
	accepts(&options, "go -d 6s --leaks");
	assert_true(options.go.lasting);
	options_clear(&options);
	/* Until Ctrl-C is no single look. */
	accepts(&options, "go -d 0 --leaks");
	assert_true(options.go.lasting);
	options_clear(&options);
	accepts(&options, "go --baseline b --exit-code");
	assert_string_equal(options.go.baseline, "b");
	options_clear(&options);
	/* Of the service it is how often it exports. */
	accepts(&options, "daemon -i 5s");
	assert_int_equal(options.daemon.interval_ns, 5 * S);
	options_clear(&options);
}

static void go_refuses(void **state)
{
	(void)state;
	refuses("go -b task", "--by", "'task'", "kind, site, creator", NULL);
	refuses("go -s armed", "--sort", "count, growth, overdue, next, last, age", NULL);
	refuses("go -i 0", "--interval", "from 1s to 60m", NULL);
	refuses("go -t 1", "-t is no option of 'go'", NULL);
	refuses("go --leaks", "--leaks", "--interval", NULL);
	refuses("go --exit-code", "--exit-code", "--baseline", "--interval", NULL);
	refuses("go --baseline b --by kind", "--baseline", "--by", NULL);
	refuses("timers -i 5s", "-i is no option of 'timers'", NULL);
}

static void go_sites_refuses_what_tells_of_a_snapshot(void **state)
{
	static const char *const others[] = {"--interval 5s", "--leaks",    "--by kind",
					     "--sort age",    "--pprof a",  "--save a",
					     "--baseline a",  "--exit-code"};
	struct options options;

	(void)state;
	for (size_t i = 0; i < LENGTH(others); i++) {
		char line[64], name[32];

		snprintf(line, sizeof(line), "go --sites %s", others[i]);
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(others[i], " "), others[i]);
		refuses(line, "--sites", name, "do not go together", NULL);
	}
	/* These do, also where they say what holds without them. */
	accepts(&options, "go --sites -p 1 -d 1m -n 5 -j -o /x --by site --sort count");
	assert_true(options.go.sites);
	assert_int_equal(options.duration_ns, 60 * S);
	assert_int_equal(options.go.view.limit, 5);
	options_clear(&options);
}

static void a_copy_stands_alone(void **state)
{
	struct options options, copy;

	(void)state;
	accepts(&options, "daemon -g /a -g /b");
	assert_int_equal(options_copy(&options, &copy), 0);
	options_clear(&options);
	assert_int_equal(copy.nr_cgroups, 2);
	assert_string_equal(copy.cgroups[1], "/b");
	options_clear(&copy);
}

static void every_option_in_every_form(void **state)
{
	static const char *const lines[] = {
		"summary -p 1 -t 2 -c sh -g /x -d 5m -n 7 -s tid -b comm -j -o out -v -v",
		"summary -p1 -t2 -csh -g/x -d5m -n7 -stid -bcomm -jvvoout",
		"summary --pid 1 --tid 2 --comm sh --cgroup /x --duration 5m --top 7 "
		"--sort tid --by comm --json --output out --verbose --verbose",
		"summary --pid=1 --tid=2 --comm=sh --cgroup=/x --duration=5m --top=7 "
		"--sort=tid --by=comm --json --output=out -vv",
	};
	struct options options;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(lines); i++) {
		accepts(&options, lines[i]);
		assert_int_equal(options.filter.nr_pids, 1);
		assert_int_equal(options.filter.pids[0], 1);
		assert_int_equal(options.filter.nr_tids, 1);
		assert_int_equal(options.filter.tids[0], 2);
		assert_int_equal(options.filter.nr_comms, 1);
		assert_string_equal(options.filter.comms[0], "sh");
		assert_int_equal(options.filter.nr_cgroups, 0); /* names yet, no ids */
		assert_int_equal(options.nr_cgroups, 1);
		assert_string_equal(options.cgroups[0], "/x");
		assert_int_equal(options.duration_ns, 300 * S);
		assert_int_equal(options.view.limit, 7);
		assert_ptr_equal(options.view.sort, sort_by("tid"));
		assert_int_equal(options.view.by, ROW_BY_COMM);
		assert_true(options.json);
		assert_string_equal(options.output, "out");
		assert_int_equal(options.verbose, 2);
		options_clear(&options);
	}
}

static void the_last_one_counts(void **state)
{
	struct options options;

	(void)state;
	accepts(&options, "summary -d 1 -d 250us -n 5 -n 0 -s tid -s comm -o a -o b");
	assert_int_equal(options.duration_ns, 250000);
	assert_int_equal(options.view.limit, 0);
	assert_ptr_equal(options.view.sort, sort_by("comm"));
	assert_string_equal(options.output, "b");
	options_clear(&options);
	accepts(&options, "summary -d 0");
	assert_int_equal(options.duration_ns, 0);
	options_clear(&options);
	accepts(&options, "summary -d 365d");
	assert_int_equal(options.duration_ns, 365 * 86400 * S);
	options_clear(&options);
}

static void lists_and_repeats_add_up(void **state)
{
	struct options options;
	unsigned int i;

	(void)state;
	accepts(&options, "summary -p 10,11 -p 12 --pid=4194304 -c a,b -c 0123456789abcde "
			  "-g a,b -g c");
	assert_int_equal(options.filter.nr_pids, 4);
	assert_int_equal(options.filter.pids[1], 11);
	assert_int_equal(options.filter.pids[2], 12);
	assert_int_equal(options.filter.pids[3], 4194304);
	assert_int_equal(options.filter.nr_comms, 3);
	assert_string_equal(options.filter.comms[1], "b");
	assert_string_equal(options.filter.comms[2], "0123456789abcde");
	/* A comma is common in the path of a cgroup: "cpu,cpuacct". */
	assert_int_equal(options.nr_cgroups, 2);
	assert_string_equal(options.cgroups[0], "a,b");
	options_clear(&options);
	assert_int_equal(options.nr_cgroups, 0);

	accepts(&options, "summary -t 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16");
	assert_int_equal(options.filter.nr_tids, SOURCE_FILTER_MAX);
	for (i = 0; i < SOURCE_FILTER_MAX; i++)
		assert_int_equal(options.filter.tids[i], i + 1);
	options_clear(&options);
	refuses("summary -t 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "--tid", "16", NULL);
	refuses("summary -p 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -p 17", "--pid", "16", NULL);
	refuses("summary -c a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "--comm", "16", NULL);
	refuses("summary -g a -g b -g c -g d -g e -g f -g g -g h -g i -g j -g k -g l -g m "
		"-g n -g o -g p -g q",
		"--cgroup", "16", NULL);
}

static void names_may_be_any_bytes(void **state)
{
	char *argv[] = {"dwell", "summary", "-c", "a b\n\x1b\xff", "-c", "-x", NULL};
	struct options options;
	size_t i;

	(void)state;
	assert_int_equal(command_line_read(6, argv, &options, error), 0);
	assert_int_equal(options.filter.nr_comms, 2);
	assert_string_equal(options.filter.comms[0], "a b\n\x1b\xff");
	assert_string_equal(options.filter.comms[1], "-x");
	for (i = strlen("-x"); i < DWELL_COMM_LEN; i++)
		assert_int_equal(options.filter.comms[1][i], 0);
	options_clear(&options);
}

/* A name as dwell shows it may be given as it is shown, and so may one with a comma. */
static void commas_and_bytes_of_names_may_be_escaped(void **state)
{
	static const char *const names[] = {"a,b", "c\\", "d\\e", "\xe6\x97", " f", "\\x5", "g\\"};
	char *argv[] = {"dwell", "summary", "-c", "a\\,b,c\\\\,d\\e,\\xe6\\x97, \\x20f,\\x5,g\\",
			NULL};
	struct options options;

	(void)state;
	assert_int_equal(command_line_read(4, argv, &options, error), 0);
	assert_int_equal(options.filter.nr_comms, LENGTH(names));
	for (size_t i = 0; i < LENGTH(names); i++)
		assert_string_equal(options.filter.comms[i], names[i]);
	options_clear(&options);
	/* It is 15 bytes that a name may have, not 15 characters of the option. */
	accepts(&options, "summary -c \\x31\\x32\\x33\\x34\\x35\\x36\\x37\\x38\\x39abc\\,\\,\\,");
	assert_string_equal(options.filter.comms[0], "123456789abc,,,");
	options_clear(&options);
	refuses("summary -c a\\x00b", "--comm", "\\x00", NULL);
	/* Of numbers nothing is escaped. */
	refuses("summary -p 1\\,2", "--pid", "'1\\'", NULL);
}

static void every_name_is_read(void **state)
{
	const struct column *column;
	struct options options;
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; (column = row_sort_key(i)); i++) {
		snprintf(line, sizeof(line), "summary -s %s", column->word);
		accepts(&options, line);
		assert_ptr_equal(options.view.sort, column);
	}
	assert_in_range(i, 20, 99);
	for (i = 0; (column = timer_sort_key(i)); i++) {
		snprintf(line, sizeof(line), "timers -s %s", column->word);
		accepts(&options, line);
		assert_ptr_equal(options.timer_view.sort, column);
	}
	for (i = 0; i <= ROW_BY_CGROUP; i++) {
		snprintf(line, sizeof(line), "summary -b %s", by_names[i].name);
		accepts(&options, line);
		assert_int_equal(options.view.by, i);
	}
}

static void help_and_version(void **state)
{
	static const struct {
		const char *line;
		enum action action;
		enum command command;
	} cases[] = {
		{"", ACTION_HELP, COMMAND_NONE},
		{"-h", ACTION_HELP, COMMAND_NONE},
		{"--help", ACTION_HELP, COMMAND_NONE},
		{"-V", ACTION_VERSION, COMMAND_NONE},
		{"--version", ACTION_VERSION, COMMAND_NONE},
		{"summary -h", ACTION_HELP, COMMAND_SUMMARY},
		{"summary -n 3 --help --frob", ACTION_HELP, COMMAND_SUMMARY},
		{"check --help", ACTION_HELP, COMMAND_CHECK},
		{"check -V", ACTION_VERSION, COMMAND_CHECK},
	};
	struct options options;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		accepts(&options, cases[i].line);
		assert_int_equal(options.action, cases[i].action);
		assert_int_equal(options.command, cases[i].command);
		options_clear(&options);
	}
}

/* ---- what is refused -------------------------------------------------------- */

static void wrong_commands(void **state)
{
	(void)state;
	refuses("frob", "no command 'frob'", "dwell --help", NULL);
	refuses("summar", "no command", NULL);
	refuses(" ", "no command ''", NULL);
	refuses("-v summary", "-v", "behind a command", NULL);
	refuses("--json check", "--json", "behind a command", NULL);
	refuses("-x", "no option -x", "dwell --help", NULL);
	refuses("--frob", "no option --frob", "dwell --help", NULL);
	refuses("--", "command is missing", "dwell --help", NULL);
	refuses("-- summary", "command is missing", NULL);
}

static void wrong_options(void **state)
{
	(void)state;
	refuses("summary -x", "no option -x", "dwell summary --help", NULL);
	refuses("summary --frob", "no option --frob", "dwell summary --help", NULL);
	refuses("summary --frob=1", "no option --frob", NULL);
	refuses("summary --t 1", "no option --t", NULL); /* --tid or --top? */
	/* In a cluster behind a long option: the letter is meant, not that option. */
	refuses("summary --json -vx", "no option -x", NULL);
	refuses("summary --json=3", "--json takes no value", NULL);
	refuses("summary -d", "--duration", "missing", NULL);
	refuses("summary --output", "--output", "missing", "FILE", NULL);
	refuses("summary more", "'more'", "too many", NULL);
	refuses("summary -j -- -v", "'-v'", "too many", NULL);
	refuses("check -d 3", "-d is no option of 'check'", "dwell check --help", NULL);
	refuses("check --sort=tid", "is no option of 'check'", NULL);
	refuses("check check", "'check'", "too many", NULL);
}

static void wrong_values(void **state)
{
	(void)state;
	refuses("summary -d 12abc", "--duration", "'12abc'", "10s", NULL);
	refuses("summary -d -5s", "--duration", "'-5s'", NULL);
	refuses("summary -d ", "--duration", "''", NULL);
	refuses("summary -d 99999999999d", "--duration", "too long", "365d", NULL);
	refuses("summary -d 366d", "--duration", "too long", "365d", NULL);
	refuses("summary -n 12abc", "--top", "'12abc'", "0 (all)", NULL);
	refuses("summary -n -1", "--top", NULL);
	refuses("summary -n 1000000001", "--top", NULL);
	refuses("summary -p 0", "--pid", "process id", "from 1 to 4194304", NULL);
	refuses("summary -p 4194305", "--pid", NULL);
	refuses("summary -p 1x", "--pid", "'1x'", NULL);
	refuses("summary -p 1,", "--pid", "''", NULL);
	refuses("summary -t 1,,2", "--tid", "thread id", NULL);
	refuses("summary -c 0123456789abcdef", "--comm", "longer than 15 bytes", NULL);
	refuses("summary -c a,", "--comm", "empty", NULL);
	refuses("summary -g ", "--cgroup", "empty", NULL);
	refuses("summary -o ", "--output", "empty", NULL);
	refuses("summary -b pid", "--by", "'pid'", "task, process, comm, cgroup", NULL);
	refuses("summary -s runq", "--sort", "'runq'", "runqueue, runqueue-max", NULL);
}

static void an_unknown_key_lists_them_all(void **state)
{
	struct options options;
	char line[3000] = "summary -s ";
	size_t i;

	(void)state;
	/* However long it is: the list must not be cut off. */
	memset(line + strlen(line), 'x', 2000);
	assert_int_equal(parse(&options, line), -EINVAL);
	for (i = 0; row_sort_key(i); i++)
		assert_non_null(strstr(error, row_sort_key(i)->word));
	options_clear(&options);
}

static void what_to_do_survives_long_values(void **state)
{
	static const char *const starts[] = {"summary -d ",
					     "summary -c ",
					     "summary -p ",
					     "summary ",
					     "summary --",
					     "summary -n ",
					     ""};
	struct options options;
	char line[3000];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(starts); i++) {
		memset(line, 0, sizeof(line));
		strcpy(line, starts[i]);
		memset(line + strlen(line), 'x', 2000);
		assert_int_equal(parse(&options, line), -EINVAL);
		assert_in_range(strlen(error), 1, 300);
		assert_true(strstr(error, "give") || strstr(error, "--help"));
		options_clear(&options);
	}
}

static void random_words_do_no_harm(void **state)
{
	static const char *const words[] = {"summary", "check",	 "-p",	"1,2", "--pid=", "-c",
					    "a,b",     "-jv",	 "--",	"-",   "--sort", "comm",
					    "-d",      "1s",	 "-g",	"/x",  "-h",	 "--v",
					    "-\xff",   "--\xff", "-oo", "",    "-=",	 "--="};
	unsigned int seed = 3, round;
	struct options options;
	char line[512];
	int i;

	(void)state;
	for (round = 0; round < 20000; round++) {
		int count = rand_r(&seed) % 8, err;

		strcpy(line, rand_r(&seed) % 2 ? "summary" : "check");
		for (i = 0; i < count; i++) {
			strcat(line, " ");
			strcat(line, words[(size_t)rand_r(&seed) % LENGTH(words)]);
		}
		err = parse(&options, line);
		assert_true(err == 0 || err == -EINVAL);
		assert_int_equal(err == 0, error[0] == '\0');
		options_clear(&options);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_values),
		cmocka_unit_test(outliers_are_what_is_unusual),
		cmocka_unit_test(outliers_are_what_is_asked_for),
		cmocka_unit_test(thresholds_go_back_to_auto),
		cmocka_unit_test(the_service_has_options_of_its_own),
		cmocka_unit_test(the_service_refuses),
		cmocka_unit_test(go_has_meanings_of_its_own),
		cmocka_unit_test(go_refuses),
		cmocka_unit_test(go_sites_refuses_what_tells_of_a_snapshot),
		cmocka_unit_test(a_copy_stands_alone),
		cmocka_unit_test(every_option_in_every_form),
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(lists_and_repeats_add_up),
		cmocka_unit_test(names_may_be_any_bytes),
		cmocka_unit_test(commas_and_bytes_of_names_may_be_escaped),
		cmocka_unit_test(every_name_is_read),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(wrong_commands),
		cmocka_unit_test(wrong_options),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(an_unknown_key_lists_them_all),
		cmocka_unit_test(what_to_do_survives_long_values),
		cmocka_unit_test(random_words_do_no_harm),
	};

	return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
