// SPDX-License-Identifier: GPL-2.0-only
/* Index: which one of a list of structures in the memory of a process is where. */
#include "go/index.h"

#include <errno.h>
#include <stdlib.h>

#include "base/random.h"
#include "go/snapshot.h"

#define FIRST_ROOM 64

void go_index_free(struct go_index *index)
{
	free(index->address);
	free(index->slot);
	*index = (struct go_index){0};
}

int go_index_add(struct go_index *index, uint64_t address)
{
	if (index->count == index->room) {
		size_t room = index->room ? 2 * index->room : FIRST_ROOM;
		uint64_t *all = realloc(index->address, room * sizeof(*all));

		if (!all)
			return -ENOMEM;
		index->address = all;
		index->room = room;
	}
	index->address[index->count++] = address;
	return 0;
}

/* Returns the slot that holds @address, or the free one where it belongs. */
static uint32_t *find_slot(const struct go_index *index, uint64_t address)
{
	const size_t last = SIZE_MAX >> index->shift;
	size_t at = (address * index->factor) >> index->shift;

	while (index->slot[at] && index->address[index->slot[at] - 1] != address)
		at = (at + 1) & last;
	return &index->slot[at];
}

uint32_t go_index_find(const struct go_index *index, uint64_t address)
{
	if (!index->slot)
		return GO_NONE;
	/* 0 - 1 is GO_NONE. */
	return *find_slot(index, address) - 1;
}

int go_index_finish(struct go_index *index)
{
	index->factor = random_number() | 1;
	index->shift = 63;
	while (1ULL << (64 - index->shift) < 2 * index->count)
		index->shift--;
	index->slot = calloc(1ULL << (64 - index->shift), sizeof(*index->slot));
	if (!index->slot)
		return -ENOMEM;
	for (size_t i = 0; i < index->count; i++)
		*find_slot(index, index->address[i]) = i + 1;
	return 0;
}
