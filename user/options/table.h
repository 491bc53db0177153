/* SPDX-License-Identifier: GPL-2.0-only */
/* The table: commands, options, and the words that options take as values. */
#ifndef DWELL_OPTIONS_TABLE_H
#define DWELL_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/options.h"

#define OPTIONS_MAX 64 /* the number of bits in options.given */

/* The section of help and manual that lists an option. */
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

/* An option's field, and its value unless it is given. */
struct option_value {
	const char *initial;		 /* as typed; NULL: none, and the field stays 0 */
	const struct named_value *words; /* the words that can be given; NULL: none */
	/* The columns whose words can be given, as row_sort_key() returns them; NULL: none. */
	const struct column *(*column)(size_t at);
	size_t offset, size; /* of the field in struct options, in bytes */
};

/* What differs of an option for some commands. */
struct option_variant {
	unsigned int commands;	     /* a bit (1 << enum command) for each; 0: the list ends */
	struct option_value value;   /* in the place of the row's */
	const char *help;	     /* NULL: the row's help and section hold */
	enum option_section section; /* means nothing without @help */
};

#define OPTION_VARIANTS 2

struct column;
struct parser;

/* A row of the table: everything known of an option. */
struct option_spec {
	int letter; /* the short form; 0: none */
	const char *name;
	const char *argument; /* the value's name; NULL: the option takes none */
	const char *help;
	enum option_section section;
	unsigned int commands; /* a bit (1 << enum command) for each that takes it */
	int (*read)(struct parser *parser, const char *value); /* a reader of values.h */
	struct option_value value;
	struct option_variant variant[OPTION_VARIANTS];
	/*
	 * Bounds of the value, in the field's unit. For words @min is the number of the first
	 * one.
	 */
	uint64_t min, max;
	unsigned int measures; /* of a threshold: bits (1 << enum dwell_measure) */
	uint64_t unusual_ns;   /* of a threshold: the floor of "auto" */
	bool reloadable;       /* a running service takes over a new value */
};

extern const struct option_spec option_specs[];
extern const size_t option_specs_count; /* at most OPTIONS_MAX */
extern const char *const section_titles[SECTIONS];
/* Names of sections in the configuration file; NULL: their options are not in it. */
extern const char *const section_names[SECTIONS];
/* Each list ends with an empty element. */
extern const struct named_value by_names[ROW_BY_CGROUP + 2];	  /* by enum row_by */
extern const struct named_value timer_by_names[TIMER_BY_API + 2]; /* by enum timer_by */
extern const struct named_value go_by_names[GO_BY_CREATOR + 2];	  /* by enum go_by */
extern const struct named_value go_sort_names[GO_SORT_AGE + 2];	  /* by enum go_sort */
extern const struct named_value log_names[DAEMON_LOG_OFF + 2];	  /* by enum daemon_log */
extern const struct named_value go_names[DAEMON_GO_ON + 2];	  /* by enum daemon_go_mode */

/* The option whose long form is the @length bytes of @name; NULL: none. */
const struct option_spec *option_named(const char *name, size_t length);

/* Writes "-d, --duration" or "--runqueue" to @text, which has room for any. Returns @text. */
#define OPTION_FORMS_LEN 40
char *option_forms(const struct option_spec *option, char text[OPTION_FORMS_LEN]);

/* Whether the configuration file may have @option. */
bool option_in_file(const struct option_spec *option);

static inline bool option_takes(const struct option_spec *option, enum command command)
{
	return option->commands & (1U << command);
}

/* The variant of @option for @command; NULL: the row itself holds. */
static inline const struct option_variant *option_variant(const struct option_spec *option,
							  enum command command)
{
	for (size_t i = 0; i < OPTION_VARIANTS; i++)
		if (option->variant[i].commands & (1U << command))
			return &option->variant[i];
	return NULL;
}

/* The field and initial value of @option for @command. */
static inline const struct option_value *option_value(const struct option_spec *option,
						      enum command command)
{
	const struct option_variant *variant = option_variant(option, command);

	return variant ? &variant->value : &option->value;
}

/* What help says of @option for @command. */
static inline const char *option_help(const struct option_spec *option, enum command command)
{
	const struct option_variant *variant = option_variant(option, command);

	return variant && variant->help ? variant->help : option->help;
}

/* The section in which the help of @command lists @option. */
static inline enum option_section option_section(const struct option_spec *option,
						 enum command command)
{
	const struct option_variant *variant = option_variant(option, command);

	return variant && variant->help ? variant->section : option->section;
}

/* The bit in options.given of @option, which is one of option_specs. */
static inline uint64_t option_bit(const struct option_spec *option)
{
	return 1ULL << (option - option_specs);
}

#endif
