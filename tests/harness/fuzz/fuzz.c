// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzing: what a target has to have, and what its inputs are written to. */
#include "harness/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Hostile inputs ask for memory that there is not. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=512";
}

int fuzz_file(const uint8_t *data, size_t size, char path[FUZZ_PATH_LEN])
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	assert(fd >= 0);
	assert(!ftruncate(fd, 0));
	assert(pwrite(fd, data, size, 0) == (ssize_t)size);
	if (path)
		snprintf(path, FUZZ_PATH_LEN, "/proc/self/fd/%d", fd);
	return fd;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}
