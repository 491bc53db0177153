/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line, read by the table. */
#ifndef DWELL_OPTIONS_COMMAND_LINE_H
#define DWELL_OPTIONS_COMMAND_LINE_H

#include "options/options.h"

/*
 * Reads the command line into @options, which keep pointers into @argv. The caller clears them
 * with options_clear() in any case. 0; -EINVAL: one line in @error says what is wrong and what
 * to do; -ENOMEM. The line may hold raw bytes of arguments, and must be escaped before it is
 * printed. Not thread-safe: getopt has global state.
 */
int command_line_read(int argc, char **argv, struct options *options,
		      char error[OPTIONS_ERROR_LEN]);

#endif
