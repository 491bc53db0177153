/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes: a Go process that is read from outside, again and again. */
#ifndef DWELL_GO_PROCESS_H
#define DWELL_GO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/image.h"
#include "go/layout.h"
#include "go/memory.h"
#include "go/snapshot.h"
#include "go/symbols.h"

/* Why a process cannot be read: X(ID, name for machines, text for people). */
#define GO_REFUSAL_LIST(X)                                                               \
	X(NOT_GO, "not_go", "it is no program that Go has built")                        \
	X(OLD, "old", "it was built by Go 1.17 or older, which is not read")             \
	X(MACHINE, "machine", "it was built for other CPUs than amd64 and arm64")        \
	X(EXITED, "exited", "it has exited, or runs another program now")                \
	X(FORBIDDEN, "forbidden", "its memory may not be read")                          \
	X(MODULE, "module", "the tables of the Go runtime were not found in its memory") \
	X(LAYOUT, "layout", "the Go runtime does not look as this version of it should") \
	X(ENDLESS, "endless", "reading it takes too much CPU time")                      \
	X(FAILED, "failed", "it could not be read")

enum go_refusal {
	GO_READ, /* it can be read */
#define X(id, name, text) GO_REFUSED_##id,
	GO_REFUSAL_LIST(X)
#undef X
		GO_REFUSALS
};

/* How channels of timers behave. */
enum go_semantics {
	GO_SEMANTICS_OLD,   /* Go 1.22 and older */
	GO_SEMANTICS_ASYNC, /* 1.23 to 1.26 with asynctimerchan: as of old */
	GO_SEMANTICS_SYNC,  /* 1.23 and later: timers that nobody waits on are in no heap */
};

struct go_process;

/*
 * Finds out whether @pid runs a Go program, and where its runtime keeps what. GO_READ, and the
 * caller ends it with go_process_close(), which also takes NULL; or why not, and *process is
 * NULL.
 */
enum go_refusal go_process_open(uint32_t pid, struct go_process **process);
void go_process_close(struct go_process *process);

/* These are valid as long as the process. */
uint32_t go_process_pid(const struct go_process *process);
const char *go_process_comm(const struct go_process *process); /* any bytes */
const struct go_image *go_process_image(const struct go_process *process);
const struct go_layout *go_process_layout(const struct go_process *process);
struct go_symbols *go_process_symbols(struct go_process *process);
struct go_memory *go_process_memory(struct go_process *process);

/*
 * Allows from now on the work that a snapshot takes, and the names in it. go_process_snapshot()
 * does it itself; who asks for names alone, for long, does it each time.
 */
void go_process_renew(struct go_process *process);

/*
 * Sets *why to where the semantics come from, such as "asynctimerchan=1 in the build info"; it is
 * valid as long as the process.
 */
enum go_semantics go_process_semantics(const struct go_process *process, const char **why);

/*
 * Takes a snapshot into *snapshot, which was empty before; the caller clears it in any case. The
 * process is neither stopped nor written to. GO_READ, also if it is not complete; or why not.
 */
enum go_refusal go_process_snapshot(struct go_process *process, struct go_snapshot *snapshot);

/* The name of a refusal for machines, and its text for people. */
const char *go_refusal_name(enum go_refusal refusal);
const char *go_refusal_text(enum go_refusal refusal);

#endif
