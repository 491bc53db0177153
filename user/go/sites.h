/* SPDX-License-Identifier: GPL-2.0-only */
/* Sites: the calls in the Go runtime that each timer passes, proven from the program's memory. */
#ifndef DWELL_GO_SITES_H
#define DWELL_GO_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/image.h"
#include "go/layout.h"
#include "go/memory.h"
#include "go/symbols.h"

/* What happens to a timer at a call. */
enum go_call_role {
	GO_CALL_CREATE,
	GO_CALL_STOP,
	GO_CALL_RESET,
	GO_CALL_FIRE,
	GO_CALL_FIRE_UNAWAITED, /* of a timer in no heap, since somebody asks for it */
	GO_CALL_ROLES
};

#define GO_CALL_BYTES 5 /* of an instruction: 0xe8 and a distance of 32 bits */

/* A call instruction on which a probe can be put. */
struct go_call {
	enum go_call_role role;
	const char *function; /* that it is in; static */
	const char *callee;   /* static */
	uint64_t address;
	uint64_t offset;	     /* in the executable's file, in bytes */
	uint8_t code[GO_CALL_BYTES]; /* as it was read */
};

#define GO_CALLS_MAX 8

/*
 * The arguments of each call are in registers. At CREATE, STOP and RESET ax is the runtime's
 * timer. At CREATE cx is its period, if @heaps; before 1.23 the period is in the timer. At FIRE
 * ax and bx are timer and time, if @heaps; bx and cx before 1.23.
 */
struct go_sites {
	struct go_call call[GO_CALLS_MAX];
	size_t calls;
	bool heaps;    /* Go 1.23 and later */
	uint16_t when; /* offset in a timer: when it is due; its period lies behind it */
};

#define GO_SITES_WHY_LEN 192

/*
 * Finds all calls that timers pass, and proves each: exactly one call instruction in the named
 * function leads to the named callee, and it lies in code that is mapped from the file. A
 * function that nothing in the program uses is left out by Go's linker, and so here too. 0;
 * -ENOTSUP: one is not proven, and *why says which and what is wrong; another negative errno of
 * reading, with *why empty.
 */
int go_sites_find(struct go_memory *memory, const struct go_image *image,
		  const struct go_layout *layout, struct go_symbols *symbols,
		  struct go_sites *sites, char why[GO_SITES_WHY_LEN]);

/*
 * Opens the executable that @image was read from, for no access but as a path below
 * /proc/self/fd. Opening it cannot block. Returns the descriptor,
 * which the caller closes; -ESTALE: the process runs another file now; another negative errno.
 */
int go_sites_file(uint32_t pid, const struct go_image *image);

/*
 * Proves that the calls are still what was found, and that the executable, open at @file, has the
 * same: the kernel emulates what the file has. The file itself is read only where a page of the
 * process is no longer the file's own. 0; -ENOTSUP, with the reason in *why; another negative
 * errno, with *why empty.
 */
int go_sites_check(struct go_memory *memory, const struct go_sites *sites, int file,
		   char why[GO_SITES_WHY_LEN]);

/*
 * Counts the call instructions in the @size bytes of @code, which lies at @address, that lead to
 * @callee, and sets *at to the offset of the first one.
 */
size_t go_sites_calls(const uint8_t *code, size_t size, uint64_t address, uint64_t callee,
		      size_t *at);

#endif
