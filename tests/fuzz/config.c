// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the configuration file: the input is the file. */
#include "options/config.h"

#include <errno.h>
#include <string.h>

#include "harness/fuzz/fuzz.h"
#include "options/command_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[FUZZ_PATH_LEN], error[OPTIONS_ERROR_LEN];
	char *argv[] = {"dwell", "daemon", "--config", path, NULL};
	struct options given, options;
	int err;

	fuzz_file(data, size, path);
	assert(!command_line_read(4, argv, &given, error));
	err = config_read(&given, &options, error);
	assert(!err || err == -EINVAL || err == -ENOMEM);
	/* One line, which says where it is. */
	assert(memchr(error, '\0', sizeof(error)));
	assert((err == -EINVAL) == (*error != '\0'));
	assert(!strchr(error, '\n'));
	assert(!*error || !strncmp(error, path, strlen(path)));
	options_clear(&options);
	options_clear(&given);
	return 0;
}
