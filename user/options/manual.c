/* SPDX-License-Identifier: GPL-2.0-only */
/* Manual: a program that was built or unpacked, but not installed, has its manual beside it. */
#include "options/manual.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define FILE_NAME "dwell.8"

char *manual_find(char buffer[MANUAL_LEN], const char *program)
{
	char path[MANUAL_LEN];
	ssize_t length = readlink(program, path, sizeof(path) - sizeof(FILE_NAME));
	char *slash;

	snprintf(buffer, MANUAL_LEN, "dwell");
	if (length <= 0)
		return buffer;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return buffer;
	strcpy(slash + 1, FILE_NAME);
	if (!access(path, R_OK))
		text_escape(buffer, MANUAL_LEN, path, sizeof(path));
	return buffer;
}
