// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the reader of a Go program's image: the input is a process (harness/fuzz/go_memory.h). */
#include "go/image.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/fuzz/fuzz.h"
#include "harness/fuzz/go_memory.h"

static void check_mappings(const struct go_image *image)
{
	assert(image->mappings <= GO_MAPPINGS_MAX);
	for (size_t i = 0; i < image->mappings; i++) {
		assert(image->mapping[i].start < image->mapping[i].end);
		assert(!i || image->mapping[i - 1].end <= image->mapping[i].start);
	}
}

uint64_t fuzz_read(void)
{
	struct go_memory *memory;
	struct go_image image;
	int err;

	assert(!go_memory_open((uint32_t)getpid(), &memory));
	err = go_image_read(memory, &image);
	go_memory_close(memory);
	assert(!err || err == -ENOEXEC || err == -ESRCH || err == -EFBIG || err == -ETIME);
	if (err)
		return 0;
	check_mappings(&image);
	assert(image.mappings && image.version[0]);
	assert(memchr(image.version, '\0', sizeof(image.version)));
	assert(memchr(image.build_id, '\0', sizeof(image.build_id)));
	assert(memchr(image.godebug, '\0', sizeof(image.godebug)));
	assert(memchr(image.arch, '\0', sizeof(image.arch)));
	return fuzz_hash(1, &image, sizeof(image));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_process(data, size);
	fuzz_read();
	return 0;
}
