// SPDX-License-Identifier: GPL-2.0-only
/* The runtime's struct g, one for each goroutine: its fields, and whether they can be true. */
#include "go/g.h"

#include <errno.h>
#include <string.h>

/* The bit of the status that says that the stack is scanned. */
#define SCAN 0x1000
/* A stack has at most 1 GB, unless the program asks for more. */
#define STACK_MAX (1ULL << 34)
/* Every goroutine of the past has had a number. */
#define ID_MAX (1ULL << 56)

/* ---- one goroutine --------------------------------------------------------------- */

static uint64_t word(const void *bytes, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)bytes + offset, sizeof(value));
	return value;
}

static uint32_t status_at(const void *bytes, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)bytes + offset, sizeof(value));
	return value & ~SCAN;
}

void go_g_decode(const struct go_layout *layout, uint64_t address, const void *bytes,
		 struct go_g *g)
{
	*g = (struct go_g){
		.address = address,
		.stack_low = word(bytes, GO_G_STACK),
		.stack_high = word(bytes, GO_G_STACK + 8),
		.id = word(bytes, layout->g_id),
		.pc = word(bytes, layout->g_pc),
		.bp = word(bytes, layout->g_bp),
		/* It is in front of the program counter in all versions. */
		.syscall_sp = layout->g_syscallpc ? word(bytes, layout->g_syscallpc - 8) : 0,
		.syscall_pc = layout->g_syscallpc ? word(bytes, layout->g_syscallpc) : 0,
		.syscall_bp = layout->g_syscallbp ? word(bytes, layout->g_syscallbp) : 0,
		.creator = word(bytes, layout->g_gopc),
		.start = word(bytes, layout->g_startpc),
		.since = (int64_t)word(bytes, layout->g_waitsince),
		.status = status_at(bytes, layout->g_status),
	};
}

bool go_g_is_one(uint64_t address, const void *bytes)
{
	uint64_t low = word(bytes, GO_G_STACK), high = word(bytes, GO_G_STACK + 8);

	if (word(bytes, GO_G_SELF) != address)
		return false;
	/* A dead one may have given its stack back. */
	return (!low && !high) || (low && low < high && high - low <= STACK_MAX);
}

bool go_g_dead(const struct go_g *g)
{
	return g->status == GO_G_DEAD || g->status == GO_G_DEAD_EXTRA;
}

/* Idle is what a g is only before it is in the list. 5 and 7 are not in use. */
static bool is_status(uint32_t status)
{
	return status && status < GO_G_STATUSES && status != 5 && status != 7;
}

/* Whether @address can be that of a frame: 0 is in front of the first one. */
static bool in_stack(const struct go_g *g, uint64_t address)
{
	return address >= g->stack_low && address < g->stack_high && address % 8 == 0;
}

bool go_g_sane(const struct go_runtime *runtime, const struct go_g *g)
{
	if (!is_status(g->status))
		return false;
	if (go_g_dead(g))
		return true;
	if (!g->id || g->id >= ID_MAX || g->stack_low >= g->stack_high)
		return false;
	/* What C calls into Go has neither creator nor start. */
	if (g->creator && !go_runtime_is_code(runtime, g->creator))
		return false;
	if (g->start && !go_runtime_is_code(runtime, g->start))
		return false;
	if (g->status != GO_G_WAITING && g->status != GO_G_RUNNABLE)
		return true;
	return go_runtime_is_code(runtime, g->pc) && (!g->bp || in_stack(g, g->bp));
}

/* ---- the layout ------------------------------------------------------------------ */

struct sample {
	struct go_runtime *runtime;
	const uint64_t *address;
	const uint8_t *bytes;
	size_t count;
};

static void decode(const struct sample *sample, size_t i, struct go_g *g)
{
	go_g_decode(&sample->runtime->layout, sample->address[i], sample->bytes + i * GO_G_SIZE, g);
}

/* Whether the words at @offset are positive, and each is another one. A new one has none. */
static bool are_ids(const struct sample *sample, size_t offset, size_t status)
{
	for (size_t i = 0; i < sample->count; i++) {
		uint64_t id = word(sample->bytes + i * GO_G_SIZE, offset);

		if (!id && status_at(sample->bytes + i * GO_G_SIZE, status) == GO_G_DEAD)
			continue;
		if (!id || id >= ID_MAX)
			return false;
		for (size_t j = 0; j < i; j++) {
			if (word(sample->bytes + j * GO_G_SIZE, offset) == id)
				return false;
		}
	}
	return true;
}

/* What C calls into Go has begun nowhere. */
static bool is_foreign(const struct go_g *g)
{
	return !g->creator && !g->start;
}

/* Whether it has a creator's address in code, and the beginning of a function as its start. */
static bool begins(const struct go_runtime *runtime, const struct go_g *g)
{
	return g->creator && g->start && go_runtime_is_code(runtime, g->creator) &&
	       go_symbols_entry(runtime->symbols, g->start) == g->start;
}

/*
 * Whether nearly all are sane, some that live have begun somewhere and all others are foreign,
 * and those that wait have a stack.
 */
static bool fits(const struct sample *sample)
{
	const struct go_layout *layout = &sample->runtime->layout;
	size_t sane = 0, live = 0, begun = 0, foreign = 0, waiting = 0, framed = 0;

	for (size_t i = 0; i < sample->count; i++) {
		struct go_g g;

		decode(sample, i, &g);
		if (!go_g_sane(sample->runtime, &g))
			continue;
		sane++;
		if (go_g_dead(&g))
			continue;
		live++;
		begun += begins(sample->runtime, &g);
		foreign += is_foreign(&g);
		if (g.status == GO_G_WAITING) {
			waiting++;
			framed += in_stack(&g, g.bp);
		}
	}
	return are_ids(sample, layout->g_id, layout->g_status) &&
	       sane + sample->count / 16 >= sample->count && begun &&
	       begun + foreign + live / 16 >= live && framed + waiting / 8 >= waiting;
}

/* ---- where the fields are, if not where they should be ---------------------------- */

static bool are_statuses(const struct sample *sample, size_t offset)
{
	for (size_t i = 0; i < sample->count; i++) {
		if (!is_status(status_at(sample->bytes + i * GO_G_SIZE, offset)))
			return false;
	}
	return true;
}

/* Finds the one offset of ids that are 8 behind a status. */
static bool find_id(const struct sample *sample, struct go_layout *layout)
{
	size_t found = 0;

	for (size_t at = GO_G_SELF + 32; at < 256; at += 8) {
		if (!are_statuses(sample, at - 8) || !are_ids(sample, at, at - 8))
			continue;
		if (found)
			return false;
		found = at;
	}
	layout->g_id = found;
	layout->g_status = found - 8;
	layout->g_waitsince = found + 16;
	return found;
}

/* Finds the one offset of starts that are 16 behind a creator. */
static bool find_start(const struct sample *sample, struct go_layout *layout)
{
	struct go_layout trial = *layout;
	size_t found = 0, most = 0;

	for (size_t at = layout->g_waitsince + 24; at + 8 <= GO_G_SIZE; at += 8) {
		size_t begun = 0;

		trial.g_startpc = at;
		trial.g_gopc = at - 16;
		for (size_t i = 0; i < sample->count; i++) {
			struct go_g g;

			go_g_decode(&trial, sample->address[i], sample->bytes + i * GO_G_SIZE, &g);
			begun += begins(sample->runtime, &g);
		}
		if (begun > most) {
			most = begun;
			found = at;
		}
	}
	layout->g_startpc = found;
	layout->g_gopc = found - 16;
	return found;
}

int go_g_prove(struct go_runtime *runtime, const uint64_t *addresses, const uint8_t *bytes,
	       size_t count)
{
	static const uint16_t bases[] = {96, 104};
	const struct sample sample = {runtime, addresses, bytes, count};
	struct go_layout *layout = &runtime->layout;

	if (!count)
		return -ENOENT;
	if (fits(&sample))
		return 0;
	layout->known = false;
	/* Where a system call has come from proves itself by nothing. */
	layout->g_syscallpc = 0;
	layout->g_syscallbp = 0;
	if (!find_id(&sample, layout) || !find_start(&sample, layout))
		return -ENOENT;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		layout->g_bp = bases[i];
		if (fits(&sample))
			return 0;
	}
	return -ENOENT;
}
