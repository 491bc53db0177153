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

struct named_value {
	const char *name;
	const char *help;
};

/* Where the value of an option is kept, and what it is unless given. */
struct option_value {
	const char *initial;		 /* as typed; NULL: none, the field stays 0 */
	const struct named_value *words; /* all that can be given; NULL: what the reader takes */
	/* Or the columns whose words can be given, such as row_sort_key(). */
	const struct column *(*column)(size_t at);
	size_t offset, size; /* of the field in struct options */
};

struct column;
struct parser;

/* A row of the table: all that is known of an option. */
struct option_spec {
	int letter; /* of the short form; 0: there is none */
	const char *name;
	const char *argument; /* name of the value; NULL: takes none */
	const char *help;
	enum option_section section;
	unsigned int commands; /* a bit (1 << enum command) for each that takes it */
	int (*read)(struct parser *parser, const char *value); /* one of values.h */
	struct option_value value;
	unsigned int others;	   /* bits of the commands that have … */
	struct option_value other; /* … this in the place of @value */
	/* What @read takes, in the field's unit; of words: @min is what the first one is worth. */
	uint64_t min, max;
	unsigned int measures; /* of a threshold: bits (1 << enum dwell_measure) */
	uint64_t unusual_ns;   /* of a threshold: the floor that "auto" stands for */
	bool reloadable;       /* the service takes over another value while it runs */
};

extern const struct option_spec option_specs[];
extern const size_t option_specs_count; /* at most OPTIONS_MAX */
extern const char *const section_titles[SECTIONS];
/* What the configuration file calls them; NULL: its options are of the command line only. */
extern const char *const section_names[SECTIONS];
/* Each ends with an empty one. */
extern const struct named_value by_names[ROW_BY_CGROUP + 2];	  /* by enum row_by */
extern const struct named_value timer_by_names[TIMER_BY_API + 2]; /* by enum timer_by */
extern const struct named_value log_names[DAEMON_LOG_OFF + 2];	  /* by enum daemon_log */

/* The option whose long form is the @length bytes of @name; NULL: there is none. */
const struct option_spec *option_named(const char *name, size_t length);

/* "-d, --duration" or "--runqueue", in @text, which is long enough for any. Returns @text. */
#define OPTION_FORMS_LEN 40
char *option_forms(const struct option_spec *option, char text[OPTION_FORMS_LEN]);

/* Whether the configuration file may have @option. */
bool option_in_file(const struct option_spec *option);

static inline bool option_takes(const struct option_spec *option, enum command command)
{
	return option->commands & (1U << command);
}

/* What is kept of @option for @command. */
static inline const struct option_value *option_value(const struct option_spec *option,
						      enum command command)
{
	return option->others & (1U << command) ? &option->other : &option->value;
}

/* The bit of @option, one of option_specs, in the options' @given. */
static inline uint64_t option_bit(const struct option_spec *option)
{
	return 1ULL << (option - option_specs);
}

#endif
