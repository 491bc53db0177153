/* SPDX-License-Identifier: GPL-2.0-only */
/* Values: reads the values of options into struct options. */
#ifndef DWELL_OPTIONS_VALUES_H
#define DWELL_OPTIONS_VALUES_H

#include "options/options.h"
#include "options/table.h"

/* The reading of a value. */
struct parser {
	struct options *options;
	const struct option_spec *option; /* the value's option; NULL: an error names none */
	const char *dashes;		  /* before the option's name in an error */
	char *error;			  /* OPTIONS_ERROR_LEN bytes */
};

/* Writes one line, after the option's name, to @parser->error. Returns -EINVAL. */
int parser_refuse(struct parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Readers: a row of the table names one of them. Each reads @value, within the row's bounds,
 * into the row's field. 0; -EINVAL: one line in @parser->error says what is wrong and what to
 * do; -ENOMEM.
 *
 * The first four take no value: @value is NULL.
 */
int value_flag(struct parser *parser, const char *value);     /* sets a bool */
int value_repeated(struct parser *parser, const char *value); /* counts, in an unsigned int */
int value_help(struct parser *parser, const char *value);
int value_version(struct parser *parser, const char *value);
/* Reads a number into a field of 4 or 8 bytes. Where 0 is allowed, it means all. */
int value_count(struct parser *parser, const char *value);
/*
 * Reads a word into an enum: @min plus the word's position. Where the words are columns, it
 * points to one.
 */
int value_word(struct parser *parser, const char *value);
int value_duration(struct parser *parser, const char *value); /* ns; 0: until Ctrl-C */
int value_interval(struct parser *parser, const char *value); /* ns, within the bounds */
/* Keeps a pointer to @value, which must outlive the options. */
int value_file(struct parser *parser, const char *value);
/* Reads a percentage, which may have a fraction, as millionths; "off" is 0. */
#define PPM_PER_PERCENT 10000
int value_percent(struct parser *parser, const char *value);
/* Reads an absolute path into an array of char; "off" is the empty string. */
int value_directory(struct parser *parser, const char *value);
/*
 * Each adds to the filter. Ids and names are lists with commas. A cgroup is not: a comma in a
 * path is common, as in "cpu,cpuacct".
 */
int value_pids(struct parser *parser, const char *value);
int value_tids(struct parser *parser, const char *value);
int value_comms(struct parser *parser, const char *value);
int value_cgroup(struct parser *parser, const char *value);
/* Sets the rules of the row's measures to a duration, "auto" or "off". */
int value_threshold(struct parser *parser, const char *value);

/*
 * Sets *@word to the @at-th word, from 0, that can be given as @value. False: there are no more,
 * or the option takes no words.
 */
bool option_word(const struct option_value *value, size_t at, struct named_value *word);

#endif
