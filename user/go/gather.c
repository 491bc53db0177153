// SPDX-License-Identifier: GPL-2.0-only
/* Gathering: many small pieces of memory, of which neighbours are read as one. */
#include "go/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Between neighbours as many bytes are read in vain: the least stacks have 2 KB each. */
#define GAP_MAX 2048

struct place {
	uint64_t address;
	uint32_t piece;
};

struct go_gather {
	struct go_memory *memory;
	struct place place[GO_GATHER_MAX];    /* of the pieces, in the order of addresses */
	struct go_piece span[GO_GATHER_MAX];  /* neighbours together */
	uint16_t span_of[GO_GATHER_MAX];      /* of each place */
	struct go_piece alone[GO_GATHER_MAX]; /* pieces of spans that cannot be read */
	uint16_t whose[GO_GATHER_MAX];
	uint8_t room[GO_GATHER_MAX * (GO_GATHER_SIZE + GAP_MAX)];
};

int go_gather_new(struct go_memory *memory, struct go_gather **gather)
{
	*gather = malloc(sizeof(**gather));
	if (!*gather)
		return -ENOMEM;
	(*gather)->memory = memory;
	return 0;
}

void go_gather_free(struct go_gather *gather)
{
	free(gather);
}

static int by_address(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static void sort(struct go_gather *gather, const struct go_piece *pieces, size_t count)
{
	bool sorted = true;

	for (size_t i = 0; i < count; i++) {
		gather->place[i] = (struct place){pieces[i].address, i};
		sorted &= !i || pieces[i - 1].address <= pieces[i].address;
	}
	if (!sorted)
		qsort(gather->place, count, sizeof(gather->place[0]), by_address);
}

/* Lays the pieces out in spans. Returns how many these are. */
static size_t join(struct go_gather *gather, const struct go_piece *pieces, size_t count)
{
	struct go_piece *span = NULL;
	size_t spans = 0;
	uint8_t *room = gather->room;

	for (size_t i = 0; i < count; i++) {
		const struct go_piece *piece = &pieces[gather->place[i].piece];
		uint64_t end = piece->address + piece->size;

		if (span && end >= piece->address &&
		    piece->address <= span->address + span->size + GAP_MAX) {
			if (end > span->address + span->size)
				span->size = end - span->address;
		} else {
			if (span)
				room += span->size;
			span = &gather->span[spans++];
			*span = (struct go_piece){piece->address, room, piece->size, false};
		}
		gather->span_of[i] = spans - 1;
	}
	return spans;
}

/* Hands out what was read, and reads what was not piece by piece. */
static int hand_out(struct go_gather *gather, struct go_piece *pieces, size_t count)
{
	size_t left = 0;
	int err;

	for (size_t i = 0; i < count; i++) {
		struct go_piece *piece = &pieces[gather->place[i].piece];
		const struct go_piece *span = &gather->span[gather->span_of[i]];

		piece->read = span->read;
		if (span->read) {
			memcpy(piece->buffer,
			       (const uint8_t *)span->buffer + (piece->address - span->address),
			       piece->size);
			continue;
		}
		gather->whose[left] = gather->place[i].piece;
		gather->alone[left++] = *piece;
	}
	err = left ? go_memory_gather(gather->memory, gather->alone, left) : 0;
	for (size_t i = 0; i < left && !err; i++)
		pieces[gather->whose[i]].read = gather->alone[i].read;
	return err;
}

int go_gather_read(struct go_gather *gather, struct go_piece *pieces, size_t count)
{
	size_t spans;
	int err;

	sort(gather, pieces, count);
	spans = join(gather, pieces, count);
	err = go_memory_gather(gather->memory, gather->span, spans);
	return err ? err : hand_out(gather, pieces, count);
}
