/* SPDX-License-Identifier: GPL-2.0-only */
/* Build info: the version of Go and the settings that a program was built with. */
#ifndef DWELL_GO_BUILDINFO_H
#define DWELL_GO_BUILDINFO_H

#include <stdint.h>

#include "go/image.h"
#include "go/memory.h"

/*
 * Searches the memory from @start up to @end, which is where the linker puts it: in a segment that
 * is writable according to the program headers. Holes in the memory are skipped. Sets version,
 * godebug and arch of @image. 0; -ENOENT: there is none; -ESRCH: the process is gone;
 * another negative errno.
 */
int go_buildinfo_find(struct go_memory *memory, uint64_t start, uint64_t end,
		      struct go_image *image);

#endif
