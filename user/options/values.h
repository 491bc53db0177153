/* SPDX-License-Identifier: GPL-2.0-only */
/* Values: what an option is given, read into the options. */
#ifndef DWELL_OPTIONS_VALUES_H
#define DWELL_OPTIONS_VALUES_H

#include "options/options.h"
#include "options/table.h"

/* A value on its way into the options. */
struct parser {
	struct options *options;
	const struct option_spec *option; /* whose value it is; NULL: an error names none */
	const char *dashes;		  /* before its name in an error */
	char *error;			  /* OPTIONS_ERROR_LEN bytes */
};

/* Writes one line to @parser->error, the option's name before it. Returns -EINVAL. */
int parser_refuse(struct parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Readers, of which a row of the table names one. Each reads @value as that of
 * @parser->option, within the row's bounds, into the field that the row names. 0; -EINVAL with
 * one line in @parser->error that says what is wrong and what to do; -ENOMEM.
 *
 * Of these @value is NULL:
 */
int value_flag(struct parser *parser, const char *value);     /* sets a bool */
int value_repeated(struct parser *parser, const char *value); /* counts, in an unsigned int */
int value_help(struct parser *parser, const char *value);
int value_version(struct parser *parser, const char *value);
/* A number, into a field of 4 or 8 bytes; where 0 is taken, it means all. */
int value_count(struct parser *parser, const char *value);
int value_word(struct parser *parser, const char *value);     /* an enum: @min and its position */
int value_column(struct parser *parser, const char *value);   /* a pointer to the column */
int value_duration(struct parser *parser, const char *value); /* ns; 0: until Ctrl-C */
int value_interval(struct parser *parser, const char *value); /* ns; a period */
int value_file(struct parser *parser, const char *value);     /* keeps @value itself */
/* A decimal number of percents, kept as millionths; "off": 0. */
#define PPM_PER_PERCENT 10000
int value_percent(struct parser *parser, const char *value);
/* An absolute path, into an array of char; "off": "". */
int value_directory(struct parser *parser, const char *value);
/* The filter, to which each adds. A list has commas, a cgroup is one: "cpu,cpuacct" is common. */
int value_pids(struct parser *parser, const char *value);
int value_tids(struct parser *parser, const char *value);
int value_comms(struct parser *parser, const char *value);
int value_cgroup(struct parser *parser, const char *value);
/* The rules of the row's measures: a duration, "auto" or "off". */
int value_threshold(struct parser *parser, const char *value);

/*
 * The @at-th word that can be given as @value, into @word. False: there are no more, or it
 * takes more than words.
 */
bool option_word(const struct option_value *value, size_t at, struct named_value *word);

#endif
