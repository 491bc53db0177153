// SPDX-License-Identifier: GPL-2.0-only
/* Runtime: where a Go process keeps its Ps and its goroutines, and whether that can be true. */
#include "go/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "go/g.h"
#include "go/snapshot.h"

/* Bytes that are read of variables at once, and of one section at all: small ones come first. */
#define CHUNK (256 << 10)
#define SECTION_MAX (64 << 20)
/* Slices that are looked into at once, and at all. */
#define BATCH 256
#define CANDIDATES_MAX (1 << 18)
/* Slices of goroutines are longer than what is read of them. */
#define LENGTH_MAX (1ULL << 32)
/* The caches of free sudogs and defers in a P are in its first bytes. */
#define P_HEAD 4096
#define P_STATUSES 6
#define CACHE_MAX 1024
/* Goroutines that prove a layout. */
#define SAMPLE 64

/* Addresses below are never mapped, those above are the kernel's. */
#define LOWEST 4096
#define HIGHEST (1ULL << 56)

struct candidate {
	uint64_t address; /* of the header */
	struct go_header header;
	uint64_t first;
	uint8_t head[128]; /* of what the first element points to */
};

struct search {
	struct go_runtime *runtime;
	struct candidate *batch; /* BATCH of them */
	size_t count, total;
	struct go_header ps; /* as it was when it was found */
	bool several;	     /* slices hold Ps, and they are not the same */
};

static bool is_pointer(uint64_t address)
{
	return address >= LOWEST && address < HIGHEST && address % 8 == 0;
}

bool go_header_sane(const struct go_header *header, uint64_t limit)
{
	return header->length <= header->capacity && header->capacity <= limit &&
	       (is_pointer(header->start) || !header->length);
}

/* Reads the header at @address. 0; -ENOENT: it is none; another negative errno. */
static int read_header(const struct go_runtime *runtime, uint64_t address, uint64_t limit,
		       struct go_header *header)
{
	int err = go_memory_read(runtime->memory, address, header, sizeof(*header));

	if (err)
		return err == -EFAULT ? -ENOENT : err;
	return header->length && go_header_sane(header, limit) ? 0 : -ENOENT;
}

/* ---- Ps -------------------------------------------------------------------------- */

/* Finds the first slice in a P that begins right behind its own header; 0: there is none. */
static uint16_t find_cache(uint64_t p, const uint8_t *bytes, size_t size)
{
	struct go_header slice;

	for (size_t at = 8; at + sizeof(slice) <= size; at += 8) {
		memcpy(&slice, bytes + at, sizeof(slice));
		if (slice.start == p + at + sizeof(slice) && slice.capacity &&
		    go_header_sane(&slice, CACHE_MAX))
			return at;
	}
	return 0;
}

/* Whether each of @ps bears its own number, and has its cache within itself. */
static int check_ps(const struct go_runtime *runtime, const uint64_t *ps, size_t count)
{
	auto_free struct go_piece *piece = calloc(2 * count, sizeof(*piece));
	auto_free uint64_t *value = calloc(2 * count, sizeof(*value));
	int err;

	if (!piece || !value)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!is_pointer(ps[i]))
			return -ENOENT;
		piece[2 * i] = (struct go_piece){ps[i] + GO_P_ID, &value[2 * i], 4, false};
		piece[2 * i + 1] =
			(struct go_piece){ps[i] + runtime->p_cache, &value[2 * i + 1], 8, false};
	}
	err = go_memory_gather(runtime->memory, piece, 2 * count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		if (!piece[2 * i].read || !piece[2 * i + 1].read || value[2 * i] != i ||
		    value[2 * i + 1] != ps[i] + runtime->p_cache + sizeof(struct go_header))
			return -ENOENT;
	}
	return 0;
}

static int read_ps(const struct go_runtime *runtime, const struct go_header *header, uint64_t **ps)
{
	auto_free uint64_t *items = calloc(header->length, sizeof(*items));
	int err;

	if (!items)
		return -ENOMEM;
	err = go_memory_read(runtime->memory, header->start, items,
			     header->length * sizeof(*items));
	if (!err)
		err = check_ps(runtime, items, header->length);
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	*ps = items;
	items = NULL;
	return 0;
}

int go_runtime_ps(const struct go_runtime *runtime, uint64_t **ps, size_t *count)
{
	struct go_header header;
	int err;

	*ps = NULL;
	*count = 0;
	err = read_header(runtime, runtime->allp, GO_PS_MAX, &header);
	if (!err)
		err = read_ps(runtime, &header, ps);
	if (!err)
		*count = header.length;
	return err;
}

/* ---- goroutines ------------------------------------------------------------------ */

/* Finds the longest list of goroutines. */
static int find_list(const struct go_runtime *runtime, struct go_header *list)
{
	struct go_header header;

	list->length = 0;
	for (size_t i = 0; i < runtime->copies; i++) {
		int err = read_header(runtime, runtime->allgs[i], LENGTH_MAX, &header);

		if (err && err != -ENOENT)
			return err;
		if (!err && header.length > list->length)
			*list = header;
	}
	return list->length ? 0 : -ENOENT;
}

int go_runtime_gs(const struct go_runtime *runtime, size_t limit, uint64_t **gs, size_t *count,
		  uint64_t *hidden)
{
	auto_free uint64_t *items = NULL;
	struct go_header list;
	size_t length;
	int err;

	*gs = NULL;
	*count = 0;
	*hidden = 0;
	err = find_list(runtime, &list);
	if (err)
		return err;
	length = list.length < limit ? list.length : limit;
	items = calloc(length, sizeof(*items));
	if (!items)
		return -ENOMEM;
	err = go_memory_read(runtime->memory, list.start, items, length * sizeof(*items));
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	*gs = items;
	items = NULL;
	*count = length;
	*hidden = list.length - length;
	return 0;
}

/* Proves the layout by goroutines from all over the list. */
static int prove_gs(struct go_runtime *runtime)
{
	auto_free uint8_t *bytes = calloc(SAMPLE, GO_G_SIZE);
	struct go_piece piece[SAMPLE];
	uint64_t sample[SAMPLE], hidden;
	auto_free uint64_t *gs = NULL;
	size_t count, used, kept = 0;
	int err;

	if (!bytes)
		return -ENOMEM;
	err = go_runtime_gs(runtime, GO_GOROUTINES_MAX, &gs, &count, &hidden);
	if (err)
		return err;
	used = count < SAMPLE ? count : SAMPLE;
	for (size_t i = 0; i < used; i++)
		piece[i] = (struct go_piece){gs[i * count / used], bytes + i * GO_G_SIZE, GO_G_SIZE,
					     false};
	err = go_memory_gather(runtime->memory, piece, used);
	if (err)
		return err;
	for (size_t i = 0; i < used; i++) {
		if (!piece[i].read || !go_g_is_one(piece[i].address, piece[i].buffer))
			continue;
		sample[kept] = piece[i].address;
		memmove(bytes + kept++ * GO_G_SIZE, piece[i].buffer, GO_G_SIZE);
	}
	/* A goroutine that is being made may lack its own address. */
	if (kept + 1 + used / 16 < used)
		return -ENOENT;
	return go_g_prove(runtime, sample, bytes, kept);
}

/* ---- the search ------------------------------------------------------------------ */

static void take_ps(struct search *search, const struct candidate *candidate)
{
	struct go_runtime *runtime = search->runtime;
	uint8_t head[P_HEAD];
	auto_free uint64_t *ps = NULL;
	ssize_t size;

	size = go_memory_read_some(runtime->memory, candidate->first, head, sizeof(head));
	if (size <= 0)
		return;
	if (runtime->allp && !memcmp(&search->ps, &candidate->header, sizeof(search->ps)))
		return;
	struct go_runtime trial = *runtime;

	trial.p_cache = find_cache(candidate->first, head, size);
	if (!trial.p_cache || read_ps(&trial, &candidate->header, &ps))
		return;
	if (runtime->allp)
		search->several = true;
	search->ps = candidate->header;
	runtime->allp = candidate->address;
	runtime->p_cache = trial.p_cache;
}

static void take_gs(struct search *search, const struct candidate *candidate)
{
	struct go_runtime *runtime = search->runtime;
	struct go_runtime trial = *runtime;

	if (runtime->copies == GO_ALLGS_MAX)
		return;
	trial.allgs[0] = candidate->address;
	trial.copies = 1;
	if (prove_gs(&trial))
		return;
	runtime->layout = trial.layout;
	runtime->allgs[runtime->copies++] = candidate->address;
}

static void judge(struct search *search, const struct candidate *candidate)
{
	uint32_t number[2]; /* id and status of a P */

	memcpy(number, candidate->head, sizeof(number));
	if (go_g_is_one(candidate->first, candidate->head))
		take_gs(search, candidate);
	else if (number[0] == 0 && number[1] < P_STATUSES &&
		 candidate->header.capacity <= GO_PS_MAX)
		take_ps(search, candidate);
}

/* Looks into the slices that were gathered. */
static int judge_batch(struct search *search)
{
	struct go_memory *memory = search->runtime->memory;
	struct go_piece piece[BATCH];
	size_t count = search->count, kept = 0;
	int err;

	search->count = 0;
	for (size_t i = 0; i < count; i++)
		piece[i] = (struct go_piece){search->batch[i].header.start, &search->batch[i].first,
					     sizeof(search->batch[i].first), false};
	err = go_memory_gather(memory, piece, count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++) {
		if (piece[i].read && is_pointer(search->batch[i].first))
			search->batch[kept++] = search->batch[i];
	}
	for (size_t i = 0; i < kept; i++)
		piece[i] = (struct go_piece){search->batch[i].first, search->batch[i].head,
					     sizeof(search->batch[i].head), false};
	err = go_memory_gather(memory, piece, kept);
	if (err)
		return err;
	for (size_t i = 0; i < kept; i++) {
		if (piece[i].read)
			judge(search, &search->batch[i]);
	}
	return 0;
}

/* Takes the slices whose headers are in @bytes that were read at @address. */
static int scan(struct search *search, uint64_t address, const uint8_t *bytes, size_t size)
{
	struct go_header header;
	int err = 0;

	for (size_t at = 0; at + sizeof(header) <= size && !err; at += 8) {
		memcpy(&header, bytes + at, sizeof(header));
		if (!header.length || !go_header_sane(&header, LENGTH_MAX))
			continue;
		if (search->total++ >= CANDIDATES_MAX)
			return -ENOENT;
		search->batch[search->count++] =
			(struct candidate){.address = address + at, .header = header};
		if (search->count == BATCH)
			err = judge_batch(search);
	}
	return err;
}

static int scan_section(struct search *search, const struct go_range *range)
{
	auto_free uint8_t *chunk = malloc(CHUNK);
	uint64_t at = (range->start + 7) & ~7ULL, end = range->end;
	int err = 0;

	if (!chunk)
		return -ENOMEM;
	if (end > at && end - at > SECTION_MAX)
		end = at + SECTION_MAX;
	while (!err && at + sizeof(struct go_header) <= end) {
		size_t wanted = end - at < CHUNK ? end - at : CHUNK;
		ssize_t size = go_memory_read_some(search->runtime->memory, at, chunk, wanted);

		if (size < 0)
			return size;
		err = scan(search, at, chunk, size);
		/* A header may begin at the end of one chunk and end in the next one. */
		at += (size_t)size < wanted ? CHUNK : wanted - 2 * sizeof(uint64_t);
	}
	return err ? err : judge_batch(search);
}

int go_runtime_find(struct go_memory *memory, const struct go_module *module,
		    struct go_symbols *symbols, const struct go_layout *layout,
		    struct go_runtime *runtime)
{
	/* The linker puts both into .bss. */
	const struct go_range *section[] = {&module->bss, &module->data, &module->noptrbss,
					    &module->noptrdata};
	auto_free struct candidate *batch = calloc(BATCH, sizeof(*batch));
	struct search search = {.runtime = runtime, .batch = batch};
	int err = 0;

	*runtime = (struct go_runtime){
		.memory = memory, .module = module, .symbols = symbols, .layout = *layout};
	if (!batch)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(section) / sizeof(section[0]) && !err; i++) {
		err = scan_section(&search, section[i]);
		if (runtime->allp && runtime->copies)
			break;
	}
	if (err)
		return err;
	return runtime->allp && runtime->copies && !search.several ? 0 : -ENOENT;
}
