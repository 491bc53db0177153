// SPDX-License-Identifier: GPL-2.0-only
/* Pages: memory of a process that does not change, read page by page, the latest of which are kept. */
#include "go/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096
#define PAGES 256

struct go_pages {
	struct go_memory *memory;
	uint64_t address[PAGES]; /* of the page that a place holds; 1: none */
	uint8_t page[PAGES][PAGE];
};

struct go_pages *go_pages_new(struct go_memory *memory)
{
	/* Places that are never used take no memory, since they are not written to. */
	struct go_pages *pages = malloc(sizeof(*pages));

	if (!pages)
		return NULL;
	pages->memory = memory;
	for (size_t i = 0; i < PAGES; i++)
		pages->address[i] = 1;
	return pages;
}

void go_pages_free(struct go_pages *pages)
{
	free(pages);
}

int go_pages_at(struct go_pages *pages, uint64_t address, const uint8_t **bytes, size_t *left)
{
	size_t offset = address % PAGE, place = address / PAGE % PAGES;
	int err;

	if (pages->address[place] != address - offset) {
		pages->address[place] = 1;
		err = go_memory_read(pages->memory, address - offset, pages->page[place], PAGE);
		if (err)
			return err;
		pages->address[place] = address - offset;
	}
	*bytes = pages->page[place] + offset;
	*left = PAGE - offset;
	return 0;
}

int go_pages_read(struct go_pages *pages, uint64_t address, void *buffer, size_t size)
{
	const uint8_t *bytes;
	uint8_t *to = buffer;
	size_t left;
	int err;

	while (size) {
		err = go_pages_at(pages, address, &bytes, &left);
		if (err)
			return err;
		if (left > size)
			left = size;
		memcpy(to, bytes, left);
		to += left;
		size -= left;
		address += left;
	}
	return 0;
}

int go_pages_text(struct go_pages *pages, uint64_t address, uint64_t end, char *text, size_t size)
{
	size_t length = 0, left, room;
	const uint8_t *bytes, *nul;
	int err;

	while (length < size - 1) {
		if (address >= end)
			return -EINVAL;
		err = go_pages_at(pages, address, &bytes, &left);
		if (err)
			return err;
		if (left > end - address)
			left = end - address;
		room = size - 1 - length;
		if (left > room)
			left = room;
		nul = memchr(bytes, '\0', left);
		if (nul)
			left = (size_t)(nul - bytes);
		memcpy(text + length, bytes, left);
		length += left;
		address += left;
		if (nul)
			break;
	}
	text[length] = '\0';
	return 0;
}
