/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the command line and runs the command. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/message.h"
#include "cmd/commands.h"
#include "options/command_line.h"
#include "options/help.h"
#include "options/manual.h"

/* Flushes stdout. Returns an enum exit_code. */
static int finish_stdout(void)
{
	if (fflush(stdout) && errno != EPIPE) {
		message_error("cannot write to the standard output: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int run(const struct options *options)
{
	static int (*const commands[COMMANDS])(const struct options *) = {
#define X(ID, name, help, description) [COMMAND_##ID] = cmd_##name,
		COMMAND_LIST(X)
#undef X
	};
	char manual[MANUAL_LEN];

	switch (options->action) {
	case ACTION_HELP:
		help_print(stdout, options->command, manual_find(manual, "/proc/self/exe"));
		return finish_stdout();
	case ACTION_VERSION:
		printf("dwell %s\n", DWELL_VERSION);
		return finish_stdout();
	case ACTION_RUN:
		break;
	}
	message_set_level(options->verbose);
	return commands[options->command](options);
}

int main(int argc, char **argv)
{
	struct options options __attribute__((cleanup(options_clear)));
	char error[OPTIONS_ERROR_LEN];
	int err;

	/* A reader that goes away is a normal end, and shows as an error of the write. */
	signal(SIGPIPE, SIG_IGN);
	err = command_line_read(argc, argv, &options, error);
	if (err == -EINVAL) {
		message_error("%s", error);
		return EXIT_USAGE;
	}
	if (err) {
		message_error("cannot read the command line: %s", strerror(-err));
		return EXIT_FAILED;
	}
	return run(&options);
}
