/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs at build time: makes the documents that list the options. */
#include "docs/gendocs.h"

#include <stdlib.h>
#include <string.h>

#include "options/help.h"

static int usage(void)
{
	fputs("usage: gendocs man [TEMPLATE] > dwell.8\n"
	      "       gendocs bash > dwell.bash\n"
	      "       gendocs conf > dwell.conf\n",
	      stderr);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	FILE *in = stdin;
	int err = 0;

	if (argc == 2 && !strcmp(argv[1], "bash")) {
		completion_write();
	} else if (argc == 2 && !strcmp(argv[1], "conf")) {
		help_print_config(stdout);
	} else if ((argc == 2 || argc == 3) && !strcmp(argv[1], "man")) {
		if (argc == 3)
			in = fopen(argv[2], "re");
		if (!in) {
			perror(argv[2]);
			return EXIT_FAILURE;
		}
		err = man_write(in);
	} else {
		return usage();
	}
	if (fflush(stdout) || ferror(stdout)) {
		perror("gendocs");
		return EXIT_FAILURE;
	}
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
