// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the reader of mappings: the input is a line of /proc/PID/maps. */
#include "host/mapping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size);
	struct mapping mapping;
	char name[16];
	int err;

	err = mapping_parse(line, &mapping);
	assert(!err || err == -EINVAL);
	if (!err) {
		assert(mapping.start < mapping.end);
		assert(memchr(mapping.name, '\0', sizeof(mapping.name)));
		assert(!strchr(mapping.name, '\n'));
		mapping_file_name(&mapping, name, sizeof(name));
		assert(memchr(name, '\0', sizeof(name)));
		assert(!strchr(name, '/'));
	}
	free(line);
	return 0;
}
