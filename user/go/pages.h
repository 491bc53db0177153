/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages: memory of a process that does not change, read page by page, the latest of which are kept. */
#ifndef DWELL_GO_PAGES_H
#define DWELL_GO_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "go/memory.h"

struct go_pages;

/*
 * Begins without any page. @memory must outlive the pages. NULL: there is no memory. The caller
 * frees them with go_pages_free(), which also takes NULL. They take 1 MB at most.
 */
struct go_pages *go_pages_new(struct go_memory *memory);
void go_pages_free(struct go_pages *pages);

/*
 * Sets *bytes to what is at @address, and *left to how many bytes are there, which are one at
 * least; they are valid until the next call. 0; -EFAULT: it cannot be read; -ESRCH: the process has
 * exited; another negative errno.
 */
int go_pages_at(struct go_pages *pages, uint64_t address, const uint8_t **bytes, size_t *left);

/* Reads the @size bytes at @address. 0, or an error as of go_pages_at(). */
int go_pages_read(struct go_pages *pages, uint64_t address, void *buffer, size_t size);

/*
 * Reads the text at @address, which a NUL ends before @end, and cuts it to @size with its NUL. 0;
 * -EINVAL: no NUL is there; or an error as of go_pages_at().
 */
int go_pages_text(struct go_pages *pages, uint64_t address, uint64_t end, char *text, size_t size);

#endif
