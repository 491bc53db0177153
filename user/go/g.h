/* SPDX-License-Identifier: GPL-2.0-only */
/* The runtime's struct g, one for each goroutine: its fields, and whether they can be true. */
#ifndef DWELL_GO_G_H
#define DWELL_GO_G_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/layout.h"
#include "go/runtime.h"

/* More than any version's fields take that are read. */
#define GO_G_SIZE 384

/* States of the runtime, without the bit that says that its stack is scanned. */
enum go_g_status {
	GO_G_IDLE,
	GO_G_RUNNABLE,
	GO_G_RUNNING,
	GO_G_SYSCALL,
	GO_G_WAITING,
	GO_G_DEAD = 6,
	GO_G_COPYSTACK = 8,
	GO_G_PREEMPTED,
	GO_G_LEAKED,	 /* 1.26: it waits, and nobody can ever wake it */
	GO_G_DEAD_EXTRA, /* 1.26: as dead, of a thread that C has made */
	GO_G_STATUSES = 13
};

struct go_g {
	uint64_t address;
	uint64_t stack_low, stack_high;
	uint64_t id;
	uint64_t pc, bp; /* where it goes on */
	uint64_t syscall_sp, syscall_pc, syscall_bp;
	uint64_t creator, start;
	int64_t since;
	uint32_t status; /* as enum go_g_status, or another number */
};

/* Takes the fields out of the GO_G_SIZE bytes at @bytes that were read at @address. */
void go_g_decode(const struct go_layout *layout, uint64_t address, const void *bytes,
		 struct go_g *g);

/*
 * Whether @bytes at @address are a g, as far as that does not depend on the version: the address
 * of itself, and the bounds of a stack.
 */
bool go_g_is_one(uint64_t address, const void *bytes);

bool go_g_dead(const struct go_g *g);

/* Whether all fields can be true. Those of a dead one may be left over from its last life. */
bool go_g_sane(const struct go_runtime *runtime, const struct go_g *g);

/*
 * Proves runtime->layout by @count structs at @bytes, GO_G_SIZE each, of @addresses; or finds
 * where the fields are, and sets known to false. 0; -ENOENT: no known shape.
 */
int go_g_prove(struct go_runtime *runtime, const uint64_t *addresses, const uint8_t *bytes,
	       size_t count);

#endif
