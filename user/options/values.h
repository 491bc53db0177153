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

/*
 * Reads @value, NULL for a flag, as that of @parser->option. 0; -EINVAL with one line in
 * @parser->error that says what is wrong and what to do; -ENOMEM.
 */
int value_read(struct parser *parser, const char *value);

/* Writes one line to @parser->error, the option's name before it. Returns -EINVAL. */
int parser_refuse(struct parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
