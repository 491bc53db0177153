// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the search for the hierarchy of cgroups: the input is /proc/self/mountinfo. */
#include "host/cgroup.h"

#include <string.h>

#include "harness/fuzz/fuzz.h"

/* There is no such directory, so nothing is found beneath it. */
#define ROOT "/proc/self/none"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cgroup_hierarchy hierarchy;
	char path[FUZZ_PATH_LEN];

	fuzz_file(data, size, path);
	if (cgroup_detect(path, ROOT, &hierarchy))
		return 0;
	assert(!strcmp(hierarchy.root, ROOT));
	assert(memchr(hierarchy.mount, '\0', sizeof(hierarchy.mount)));
	assert(!strncmp(hierarchy.mount, ROOT, strlen(ROOT)));
	return 0;
}
