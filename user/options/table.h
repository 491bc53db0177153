/* SPDX-License-Identifier: GPL-2.0-only */
/* The table: commands, options, and the words that options take as values. */
#ifndef DWELL_OPTIONS_TABLE_H
#define DWELL_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/options.h"

#define OPTIONS_MAX 64 /* as many as options.given has bits */

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

extern const struct option_spec option_specs[];
extern const size_t option_specs_count; /* at most OPTIONS_MAX */
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

/* The option whose long form is the @length bytes of @name; NULL: there is none. */
const struct option_spec *option_named(const char *name, size_t length);

/* "-d, --duration" or "--runqueue", in @text, which is long enough for any. Returns @text. */
#define OPTION_FORMS_LEN 40
char *option_forms(const struct option_spec *option, char text[OPTION_FORMS_LEN]);

/* The value of @option when it is not given to @command; NULL: none. */
const char *option_initial(const struct option_spec *option, enum command command);

/* The names that an option of that form takes with @command; NULL: any value. */
const struct named_value *option_names(enum option_form form, enum command command);

/* Whether the configuration file may have @option. */
bool option_in_file(const struct option_spec *option);

static inline bool option_takes(const struct option_spec *option, enum command command)
{
	return option->commands & (1U << command);
}

static inline bool option_has_letter(const struct option_spec *option)
{
	return option->letter < OPTION_RUNQUEUE;
}

/* The bit of @option, one of option_specs, in the options' @given. */
static inline uint64_t option_bit(const struct option_spec *option)
{
	return 1ULL << (option - option_specs);
}

#endif
