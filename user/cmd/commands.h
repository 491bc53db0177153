/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands: what main() can run, and the exit status of a run. */
#ifndef DWELL_CMD_COMMANDS_H
#define DWELL_CMD_COMMANDS_H

#include "options/options.h"

/* The exit status of dwell. */
enum exit_code {
	EXIT_DONE = 0, /* also after Ctrl-C, and if the reader of a pipe went away */
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,	     /* the command line is wrong */
	EXIT_KERNEL = 3,     /* the kernel lacks a feature */
	EXIT_PERMISSION = 4, /* a privilege is missing */
	EXIT_OUTLIERS = 10,  /* there were outliers, or growth, and --exit-code was given */
};

/*
 * Each runs one command to its end, says on stderr what went wrong, and returns an enum
 * exit_code. The caller must ignore SIGPIPE, so that a closed pipe shows as EPIPE.
 */
#define X(ID, name, help, description) int cmd_##name(const struct options *options);
COMMAND_LIST(X)
#undef X

#endif
