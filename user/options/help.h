/* SPDX-License-Identifier: GPL-2.0-only */
/* Help: what the program says of its options, and the configuration file as it is shipped. */
#ifndef DWELL_OPTIONS_HELP_H
#define DWELL_OPTIONS_HELP_H

#include <stdio.h>

#include "options/options.h"

/*
 * Writes the help of @command, or for COMMAND_NONE of dwell, to @out. @manual is the argument of
 * man(1) that it names. Failed writes show in the error flag of @out.
 */
void help_print(FILE *out, enum command command, const char *manual);

/*
 * Writes the configuration file as it is shipped to @out, with all keys as comments. Failed
 * writes show in the error flag of @out.
 */
void help_print_config(FILE *out);

#endif
