/* SPDX-License-Identifier: GPL-2.0-only */
/* Options: the one table of commands and options, and all that is made from it. */
#ifndef DWELL_OPTIONS_H
#define DWELL_OPTIONS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/model.h"
#include "model/timer_view.h"
#include "source/request.h"

enum command {
	COMMAND_NONE, /* dwell itself: what stands before a command */
	COMMAND_SUMMARY,
	COMMAND_OUTLIERS,
	COMMAND_TIMERS,
	COMMAND_DAEMON,
	COMMAND_CHECK,
	COMMANDS
};

/* What the command line asks for. */
enum action { ACTION_RUN, ACTION_HELP, ACTION_VERSION };

/* Where outliers are written as they come. */
enum daemon_log {
	DAEMON_LOG_JOURNAL, /* the journal; stderr on a host without one */
	DAEMON_LOG_STDERR,
	DAEMON_LOG_OFF,
};

/* What only the service takes. */
struct daemon_options {
	const char *config;	     /* file name, points into argv or to the default */
	char textfile_dir[PATH_MAX]; /* absolute; empty: no textfile is written */
	uint64_t interval_ns;	     /* between two exports */
	enum row_by groups;	     /* ROW_BY_COMM or ROW_BY_CGROUP */
	unsigned int max_groups;
	unsigned int max_overhead_ppm; /* millionths of the machine; 0: no limit */
	enum daemon_log log;
};

/* The command line, read. What a command does not take has its default value. */
struct options {
	enum action action;
	enum command command;
	uint64_t given;		     /* a bit for each of option_specs that the command line has */
	struct source_filter filter; /* its cgroups stay empty: they are names yet */
	char *cgroups[SOURCE_FILTER_MAX]; /* as typed; owned, freed by options_clear() */
	unsigned int nr_cgroups;
	uint64_t duration_ns; /* at most 365 days; 0: until Ctrl-C */
	struct view view;
	struct timer_view timer_view;
	struct source_ledger ledger;
	struct outlier_rule outlier[DWELL_MEASURES]; /* off where the command looks for none */
	unsigned int sensitivity;		     /* mean deviations beyond the mean */
	bool user_stacks;			     /* where programs block is kept */
	bool exit_code;				     /* the status tells whether there were any */
	bool json;
	const char *output;   /* file name, points into argv; NULL: stdout */
	unsigned int verbose; /* how often -v was given */
	struct daemon_options daemon;
};

#define OPTIONS_ERROR_LEN 1024

/*
 * Reads the command line into @options, which options_clear() has to clear
 * afterwards in any case. 0; -EINVAL with one line in @error that says what is
 * wrong and what to do (raw bytes of the arguments in it: not to be printed
 * unescaped); -ENOMEM. Not thread-safe: getopt has global state.
 */
int options_parse(int argc, char **argv, struct options *options, char error[OPTIONS_ERROR_LEN]);
void options_clear(struct options *options);

/*
 * Copies @from, cgroups included, to @to, which options_clear() has to clear in
 * any case. 0 or -ENOMEM.
 */
int options_copy(const struct options *from, struct options *to);

struct option_spec;

/*
 * Reads @value as that of @option, which is one of option_specs, into @options.
 * As options_parse(), but the error begins with the option's bare name.
 */
int options_read_value(struct options *options, const struct option_spec *option, const char *value,
		       char error[OPTIONS_ERROR_LEN]);

/* Whether the command line gave @option. */
bool options_given(const struct options *options, const struct option_spec *option);

/*
 * Writes the help of @command (COMMAND_NONE: of dwell) to @out; @manual is what man(1) is to be
 * asked for.
 */
void options_print_help(FILE *out, enum command command, const char *manual);

/* Writes the configuration file as it is shipped to @out: all keys, as comments. */
void options_print_config(FILE *out);

/* ---- the table, for the generator of the manual and the completion ---- */

/* Where help and manual list an option. */
enum option_section {
	SECTION_TASKS,
	SECTION_VIEW,
	SECTION_TIMERS,
	SECTION_OUTLIERS,
	SECTION_EXPORT,
	SECTION_LIMITS,
	SECTION_OUTPUT,
	SECTION_GENERAL,
	SECTIONS
};

/* How the value of an option is read. */
enum option_form {
	FORM_FLAG,   /* no value */
	FORM_PIDS,   /* process ids, separated by commas */
	FORM_TIDS,   /* thread ids, separated by commas */
	FORM_COMMS,  /* task names, separated by commas */
	FORM_CGROUP, /* one cgroup: commas are common in their paths ("cpu,cpuacct") */
	FORM_DURATION,
	FORM_THRESHOLD, /* a duration, "auto" or "off" */
	FORM_NUMBER,
	FORM_SENSITIVITY,
	FORM_TABLE, /* how many timers there is room for */
	FORM_SORT,  /* a name of the command's keys */
	FORM_BY,    /* a name of what the command's lines stand for */
	FORM_FILE,
	FORM_CONFIG,	/* a file to read options from */
	FORM_DIRECTORY, /* an absolute path, or "off" */
	FORM_INTERVAL,	/* a duration that is a period */
	FORM_GROUPS,	/* a name of what is exported of tasks */
	FORM_MAX_GROUPS,
	FORM_PERCENT, /* a decimal number, or "off" */
	FORM_LOG,     /* a name of where outliers go */
};

/* What options without a short form have instead of its letter. */
enum option_key {
	OPTION_RUNQUEUE = 256,
	OPTION_THROTTLED,
	OPTION_BLOCKED,
	OPTION_DWELL,
	OPTION_LATENESS,
	OPTION_TIMER_LATENCY,
	OPTION_SENSITIVITY,
	OPTION_USER_STACKS,
	OPTION_EXIT_CODE,
	OPTION_TIMERS,
	OPTION_LEAKS,
	OPTION_SITES,
	OPTION_WHEEL,
	OPTION_TABLE,
	OPTION_CONFIG,
	OPTION_TEXTFILE_DIR,
	OPTION_INTERVAL,
	OPTION_GROUPS,
	OPTION_LOG,
	OPTION_MAX_GROUPS,
	OPTION_MAX_OVERHEAD,
};

struct option_spec {
	int letter; /* of the short form, or an enum option_key; what parsing tells options apart by */
	const char *name;
	const char *argument; /* name of the value; NULL: takes none */
	const char *initial;  /* the value when not given, as typed; NULL: none */
	const char *other;    /* the same for some commands; NULL: as for the others */
	const char *help;
	enum option_form form;
	enum option_section section;
	unsigned int commands; /* a bit (1 << enum command) for each that takes it */
	unsigned int others;   /* the same for those whose value when not given is @other */
};

struct command_spec {
	const char *name;
	const char *help;	 /* one line */
	const char *description; /* a paragraph */
};

struct named_value {
	const char *name;
	const char *help;
};

/* "-d, --duration" or "--runqueue", in @text, which is long enough for any. Returns @text. */
#define OPTION_FORMS_LEN 40
char *option_forms(const struct option_spec *option, char text[OPTION_FORMS_LEN]);

/* The value of @option when it is not given to @command; NULL: none. */
const char *option_initial(const struct option_spec *option, enum command command);

/* Whether the configuration file may have @option. */
bool option_in_file(const struct option_spec *option);

extern const struct option_spec option_specs[];
extern const size_t option_specs_count;
extern const struct command_spec command_specs[COMMANDS];
extern const char *const section_titles[SECTIONS];
/* What the configuration file calls them; NULL: its options are of the command line only. */
extern const char *const section_names[SECTIONS];
/* Each ends with an empty one. */
extern const struct named_value sort_keys[ROW_KEYS + 1];	  /* by enum row_key */
extern const struct named_value by_names[ROW_BY_CGROUP + 2];	  /* by enum row_by */
extern const struct named_value timer_sort_keys[TIMER_KEYS + 1];  /* by enum timer_key */
extern const struct named_value timer_by_names[TIMER_BY_API + 2]; /* by enum timer_by */
extern const struct named_value log_names[DAEMON_LOG_OFF + 2];	  /* by enum daemon_log */

/* The names that an option of that form takes with @command; NULL: any value. */
const struct named_value *option_names(enum option_form form, enum command command);

#endif
