// SPDX-License-Identifier: GPL-2.0-only
/* A made-up Go runtime in this process: Ps, goroutines with stacks, timers, channels. */
#include "harness/unit/fake_go.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "go/goroutines.h"
#include "go/heap.h"
#include "go/runqueue.h"

#define FUNCTION_SIZE 0x100
#define FRAME 64
#define STACK 2048
#define P_SIZE (16 << 10)
/* A slice within each P begins in the same P. */
#define P_CACHE 104
/* Where allp and allgs are in the variables, with others around them. */
#define ALLP 0x208
#define ALLGS 0x640

void *fake_go_at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

void fake_go_put(uint64_t address, uint64_t value)
{
	memcpy(fake_go_at(address), &value, sizeof(value));
}

uint64_t fake_go_get(uint64_t address)
{
	uint64_t value;

	memcpy(&value, fake_go_at(address), sizeof(value));
	return value;
}

static void put32(uint64_t address, uint32_t value)
{
	memcpy(fake_go_at(address), &value, sizeof(value));
}

static void put_slice(uint64_t address, uint64_t start, uint64_t length, uint64_t capacity)
{
	fake_go_put(address, start);
	fake_go_put(address + 8, length);
	fake_go_put(address + 16, capacity);
}

uint64_t fake_go_room(struct fake_go *fake, size_t size)
{
	uint64_t address = (uintptr_t)fake->arena + fake->used;

	fake->used += (size + 63) / 64 * 64;
	assert_true(fake->used <= FAKE_GO_ARENA);
	return address;
}

/* ---- the program ----------------------------------------------------------------- */

static void add_functions(struct fake_go *fake)
{
	static const char *const name[] = {
#define X(id, name) name,
		FAKE_FUNCTION_LIST(X)
#undef X
	};

	for (int i = 0; i < FAKE_FUNCTIONS; i++) {
		const struct go_program_function function = {
			.name = go_program_name(&fake->program, name[i]),
			.size = FUNCTION_SIZE,
			.tree = UINT32_MAX,
		};

		fake->function[i] = go_program_function(&fake->program, &function);
	}
}

static void add_p(struct fake_go *fake, size_t id)
{
	uint64_t p = fake_go_room(fake, P_SIZE);

	put32(p, id);
	put_slice(p + P_CACHE, p + P_CACHE + 24, 0, 32);
	fake->p[id] = p;
}

void fake_go_begin(struct fake_go *fake, int minor, size_t ps)
{
	char version[32];

	memset(fake, 0, sizeof(*fake));
	snprintf(version, sizeof(version), "go1.%d.1", minor);
	assert_int_equal(go_layout_of(version, &fake->layout), 0);
	go_program_begin(&fake->program, minor, 1);
	add_functions(fake);
	go_program_file(&fake->program, "main.go");
	go_program_inlined(&fake->program, 0, 0, 0);
	go_program_end(&fake->program);
	fake->arena = mmap(NULL, FAKE_GO_ARENA, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(fake->arena != MAP_FAILED);
	for (int i = 0; i < FAKE_FUNCTIONS; i++)
		fake->value[i] = fake_go_closure(fake, i);
	for (size_t i = 0; i < ps; i++)
		add_p(fake, i);
	fake->ps = ps;
	fake->allgs = fake_go_room(fake, FAKE_GO_GS * sizeof(uint64_t));
	fake->next_id = 1;
	assert_int_equal(go_memory_open((uint32_t)getpid(), &fake->memory), 0);
	assert_int_equal(go_symbols_new(fake->memory, &fake->program.module, &fake->symbols), 0);
}

void fake_go_end(struct fake_go *fake)
{
	go_symbols_free(fake->symbols);
	go_memory_close(fake->memory);
	munmap(fake->arena, FAKE_GO_ARENA);
	go_program_free(&fake->program);
}

void fake_go_publish(struct fake_go *fake)
{
	uint64_t variables = (uintptr_t)fake->program.bss;
	uint64_t list = fake_go_room(fake, fake->ps * sizeof(uint64_t));

	for (size_t i = 0; i < fake->ps; i++)
		fake_go_put(list + 8 * i, fake->p[i]);
	/* Slices of all kinds are around them. */
	put_slice(variables + 0x40, (uintptr_t)fake->arena, 3, 8);
	put_slice(variables + 0x80, list + 1, 2, 2);
	put_slice(variables + ALLP, list, fake->ps, fake->ps);
	put_slice(variables + ALLGS, fake->allgs, fake->gs, FAKE_GO_GS);
}

/* ---- goroutines ------------------------------------------------------------------ */

/* Lays @g's frames out in a stack of its own, and returns the innermost frame pointer. */
static uint64_t lay_stack(struct fake_go *fake, const struct fake_g *g, uint64_t low)
{
	uint64_t high = low + STACK, bp = 0;

	for (size_t i = g->depth; i-- > 0;) {
		uint64_t at = high - FRAME * (g->depth - i);
		enum fake_function caller = i + 1 < g->depth ? g->stack[i + 1] : FAKE_GOEXIT;

		assert_true(at >= low);
		fake_go_put(at, bp);
		fake_go_put(at + 8, fake->function[caller] + 0x21);
		bp = at;
	}
	return bp;
}

uint64_t fake_go_g(struct fake_go *fake, const struct fake_g *g)
{
	const struct go_layout *layout = &fake->layout;
	uint64_t at = fake_go_room(fake, 512), low = fake_go_room(fake, STACK);
	uint64_t bp = lay_stack(fake, g, low);
	uint64_t pc = g->depth ? fake->function[g->stack[0]] + 0x31 : fake->function[g->start];

	assert_true(fake->gs < FAKE_GO_GS);
	fake_go_put(at, low);
	fake_go_put(at + 8, low + STACK);
	fake_go_put(at + 56, bp ? bp : low + STACK - FRAME);
	fake_go_put(at + GO_G_SELF, at);
	put32(at + layout->g_status, g->status);
	fake_go_put(at + layout->g_id, fake->next_id++);
	fake_go_put(at + layout->g_waitsince, (uint64_t)g->since);
	fake_go_put(at + layout->g_gopc, fake->function[g->creator] + 0x11);
	fake_go_put(at + layout->g_startpc, fake->function[g->start]);
	fake_go_put(at + layout->g_pc, pc);
	fake_go_put(at + layout->g_bp, bp);
	if (g->status == GO_G_SYSCALL) {
		fake_go_put(at + layout->g_syscallpc, pc);
		if (layout->g_syscallbp)
			fake_go_put(at + layout->g_syscallbp, bp);
	}
	fake_go_put(fake->allgs + 8 * fake->gs++, at);
	return at;
}

uint64_t fake_go_worker(struct fake_go *fake)
{
	static const enum fake_function stack[] = {FAKE_GOPARK, FAKE_CHANRECV, FAKE_WORKER};

	return fake_go_g(fake, &(struct fake_g){GO_G_WAITING, FAKE_WORKER, FAKE_MAIN, stack, 3, 0});
}

void fake_go_first(struct fake_go *fake)
{
	static const enum fake_function first[] = {FAKE_GOPARK, FAKE_MAIN, FAKE_MAIN_START};
	static const enum fake_function sweep[] = {FAKE_GOPARK, FAKE_SWEEP};

	fake_go_g(fake, &(struct fake_g){GO_G_WAITING, FAKE_MAIN_START, FAKE_RT0, first, 3, 0});
	fake_go_g(fake, &(struct fake_g){GO_G_WAITING, FAKE_SWEEP, FAKE_MAIN_START, sweep, 2, 0});
}

/* ---- timers ---------------------------------------------------------------------- */

uint64_t fake_go_heap(const struct fake_go *fake, size_t p)
{
	return fake->p[p] + fake->layout.p_timers + (fake->layout.heaps ? 8 : 0);
}

static void add_slot(struct fake_go *fake, size_t p, uint64_t timer, int64_t when)
{
	size_t size = fake->layout.heaps ? 16 : 8;
	uint64_t heap = fake_go_heap(fake, p), length = fake_go_get(heap + 8), slot;

	if (!length)
		put_slice(heap, fake_go_room(fake, FAKE_GO_HEAP * size), 0, FAKE_GO_HEAP);
	assert_true(length < FAKE_GO_HEAP);
	slot = fake_go_get(heap) + length * size;
	fake_go_put(slot, timer);
	if (fake->layout.heaps)
		fake_go_put(slot + 8, (uint64_t)when);
	fake_go_put(heap + 8, length + 1);
}

uint64_t fake_go_timer(struct fake_go *fake, const struct fake_timer *timer)
{
	const struct go_layout *layout = &fake->layout;
	uint64_t at = fake_go_room(fake, 128), when = at + layout->timer_when;

	fake_go_put(when, timer->dead && layout->heaps ? 0 : (uint64_t)timer->when);
	fake_go_put(when + GO_TIMER_PERIOD, timer->period_ns);
	fake_go_put(when + GO_TIMER_FUNC, fake->value[timer->calls]);
	fake_go_put(when + GO_TIMER_ARG, timer->argument);
	if (layout->heaps) {
		fake_go_put(at + layout->timer_back, fake->p[timer->p] + layout->p_timers);
		*(uint8_t *)fake_go_at(at + layout->timer_state) = timer->dead ? 7 : 1;
	} else {
		fake_go_put(at + layout->timer_back, fake->p[timer->p]);
		put32(at + layout->timer_state, timer->dead ? 3 : 1);
	}
	add_slot(fake, timer->p, at, timer->when);
	return at;
}

uint64_t fake_go_channel(struct fake_go *fake, const uint64_t *g, size_t count, uint64_t values)
{
	uint64_t at = fake_go_room(fake, 128), last = at + fake->layout.hchan_recvq;

	fake_go_put(at, values);
	fake_go_put(at + 8, 1);
	put32(at + 24, 24);
	for (size_t i = 0; i < count; i++) {
		uint64_t sudog = fake_go_room(fake, 128);

		fake_go_put(last, sudog);
		fake_go_put(sudog, g[i]);
		last = sudog + 8;
	}
	return at;
}

uint64_t fake_go_closure(struct fake_go *fake, enum fake_function function)
{
	uint64_t at = fake_go_room(fake, 16);

	fake_go_put(at, fake->function[function]);
	return at;
}

/* Where a descriptor has its own address, which is what its timers' arguments point to. */
#define POLL_SELF 112

uint64_t fake_go_poll(struct fake_go *fake, uint64_t reader, uint64_t writer)
{
	uint64_t at = fake_go_room(fake, 128);

	fake_go_put(at + fake->layout.poll_readers, reader);
	fake_go_put(at + fake->layout.poll_readers + 8, writer);
	fake_go_put(at + POLL_SELF, at);
	return at + POLL_SELF;
}

/* ---- reading --------------------------------------------------------------------- */

int fake_go_find(struct fake_go *fake, const struct go_layout *layout, struct go_runtime *runtime)
{
	int err = go_runtime_find(fake->memory, &fake->program.module, fake->symbols, layout,
				  runtime);

	return err ? err : go_heaps_prove(runtime);
}

int fake_go_snapshot(struct fake_go *fake, struct go_snapshot *snapshot)
{
	struct go_runtime runtime;
	struct go_index index = {0};
	uint64_t *ps = NULL;
	size_t count;
	int err = fake_go_find(fake, &fake->layout, &runtime);

	memset(snapshot, 0, sizeof(*snapshot));
	if (!err)
		err = go_runtime_ps(&runtime, &ps, &count);
	if (!err)
		err = go_goroutines_read(&runtime, snapshot, &index);
	if (!err)
		err = go_heaps_read(&runtime, ps, count, &index, snapshot);
	if (!err) {
		snapshot->ps = count;
		snapshot->runqueue_known =
			!go_runqueue_read(&runtime, ps, count, &snapshot->runqueue);
	}
	free(ps);
	go_index_free(&index);
	return err;
}
