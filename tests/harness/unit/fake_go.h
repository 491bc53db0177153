/* SPDX-License-Identifier: GPL-2.0-only */
/* A made-up Go runtime in this process: Ps, goroutines with stacks, timers, channels. */
#ifndef DWELL_TESTS_FAKE_GO_H
#define DWELL_TESTS_FAKE_GO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/g.h"
#include "go/layout.h"
#include "go/memory.h"
#include "go/runtime.h"
#include "go/snapshot.h"
#include "go/symbols.h"
#include "harness/unit/go_program.h"

/* The functions of the program: X(ID, name). */
#define FAKE_FUNCTION_LIST(X)                               \
	X(GOEXIT, "runtime.goexit")                         \
	X(RT0, "runtime.rt0_go")                            \
	X(MAIN_START, "runtime.main")                       \
	X(GOPARK, "runtime.gopark")                         \
	X(PREEMPT2, "runtime.asyncPreempt2")                \
	X(PREEMPT, "runtime.asyncPreempt")                  \
	X(CHANRECV, "runtime.chanrecv")                     \
	X(SWEEP, "runtime.bgsweep")                         \
	X(FINALIZERS, "runtime.runfinq")                    \
	X(POLL_WAIT, "internal/poll.runtime_pollWait")      \
	X(SEND_TIME, "time.sendTime")                       \
	X(GO_FUNC, "time.goFunc")                           \
	X(READY, "runtime.goroutineReady")                  \
	X(READ_DEADLINE, "runtime.netpollReadDeadline")     \
	X(WRITE_DEADLINE, "runtime.netpollWriteDeadline")   \
	X(BOTH_DEADLINE, "runtime.netpollDeadline")         \
	X(SCAVENGE, "runtime.(*scavengerState).init.func2") \
	X(CONTEXT_FUNC, "context.WithDeadlineCause.func2")  \
	X(SYSCALL, "syscall.Syscall")                       \
	X(MAIN, "main.main")                                \
	X(WORKER, "main.worker")                            \
	X(JOB, "main.job")

enum fake_function {
#define X(id, name) FAKE_##id,
	FAKE_FUNCTION_LIST(X)
#undef X
		FAKE_FUNCTIONS
};

#define FAKE_GO_ARENA (48 << 20)
#define FAKE_GO_PS 64
#define FAKE_GO_GS 200000
#define FAKE_GO_HEAP 200000 /* timers of each P */

struct fake_go {
	struct go_program program;
	struct go_layout layout;	   /* where the made-up structures have their fields */
	uint64_t function[FAKE_FUNCTIONS]; /* entries */
	uint64_t value[FAKE_FUNCTIONS];	   /* function values */
	struct go_memory *memory;	   /* of this process */
	struct go_symbols *symbols;
	uint8_t *arena;
	size_t used;
	uint64_t p[FAKE_GO_PS];
	size_t ps;
	uint64_t allgs; /* the list */
	size_t gs;
	uint64_t next_id;
};

/* Makes an empty runtime as that of Go 1.@minor, with @ps Ps. */
void fake_go_begin(struct fake_go *fake, int minor, size_t ps);
void fake_go_end(struct fake_go *fake);

/* Writes the headers of allp and allgs. Call it once all is there, and again for what is new. */
void fake_go_publish(struct fake_go *fake);

/* Room for a structure: zeros, at a multiple of 64. */
uint64_t fake_go_room(struct fake_go *fake, size_t size);
void *fake_go_at(uint64_t address);
void fake_go_put(uint64_t address, uint64_t value);
uint64_t fake_go_get(uint64_t address);

struct fake_g {
	uint32_t status; /* enum go_g_status */
	enum fake_function start, creator;
	/* From the innermost one on; goexit is added. */
	const enum fake_function *stack;
	size_t depth;
	int64_t since;
};

/* Adds a goroutine, and returns the address of its struct g. */
uint64_t fake_go_g(struct fake_go *fake, const struct fake_g *g);
/* One that waits in gopark < chanrecv < main.worker, created by main.main. */
uint64_t fake_go_worker(struct fake_go *fake);
/* The main goroutine, and the one of bgsweep: every program has them. */
void fake_go_first(struct fake_go *fake);

struct fake_timer {
	size_t p;
	enum fake_function calls;
	int64_t when;
	uint64_t period_ns;
	uint64_t argument;
	bool dead;
};

/* Adds a timer to the heap of a P, and returns its address. */
uint64_t fake_go_timer(struct fake_go *fake, const struct fake_timer *timer);
/* A channel of a timer with @count receivers, whose struct g are at @g; @values are in it. */
uint64_t fake_go_channel(struct fake_go *fake, const uint64_t *g, size_t count, uint64_t values);
/* A function value that calls @function. */
uint64_t fake_go_closure(struct fake_go *fake, enum fake_function function);
/* The argument for a descriptor of the netpoller on which both wait; 0: nobody. */
uint64_t fake_go_poll(struct fake_go *fake, uint64_t reader, uint64_t writer);

/* The address of the header of the heap of P @p. */
uint64_t fake_go_heap(const struct fake_go *fake, size_t p);

/* go_runtime_find() with @layout, and go_heaps_prove() if that was found. */
int fake_go_find(struct fake_go *fake, const struct go_layout *layout, struct go_runtime *runtime);

/* Finds the runtime by the layout it has, and reads all of it. 0 or a negative errno. */
int fake_go_snapshot(struct fake_go *fake, struct go_snapshot *snapshot);

#endif
