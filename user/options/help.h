/* SPDX-License-Identifier: GPL-2.0-only */
/* Help: what the program tells of its options, and the configuration file as it is shipped. */
#ifndef DWELL_OPTIONS_HELP_H
#define DWELL_OPTIONS_HELP_H

#include <stdio.h>

#include "options/options.h"

/*
 * Writes the help of @command (COMMAND_NONE: of dwell) to @out; @manual is what man(1) is to be
 * asked for.
 */
void help_print(FILE *out, enum command command, const char *manual);

/* Writes the configuration file as it is shipped to @out: all keys, as comments. */
void help_print_config(FILE *out);

#endif
