/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, read by the table. */
#ifndef DWELL_OPTIONS_COMMAND_LINE_H
#define DWELL_OPTIONS_COMMAND_LINE_H

#include "options/options.h"

/*
 * Reads the command line into @options, which options_clear() has to clear
 * afterwards in any case. 0; -EINVAL with one line in @error that says what is
 * wrong and what to do (raw bytes of the arguments in it: not to be printed
 * unescaped); -ENOMEM. Not thread-safe: getopt has global state.
 */
int command_line_read(int argc, char **argv, struct options *options,
		      char error[OPTIONS_ERROR_LEN]);

#endif
