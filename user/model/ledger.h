/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger of timers: counts by owner, callback and API. */
#ifndef DWELL_MODEL_LEDGER_H
#define DWELL_MODEL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/course.h"
#include "model/timer_sums.h"

struct model;

/* A place where timers are armed. Stacks are return addresses, innermost first, then zeros. */
struct ledger_site {
	uint64_t samples;
	uint64_t stack[DWELL_STACK_DEPTH];
	uint64_t user_stack[DWELL_STACK_DEPTH];
	struct ledger_site *next;
};

#define LEDGER_REMAINDER UINT32_MAX /* tid of the ledgers that hold those of folded tasks */

/*
 * A ledger as last read: a task's timers of one callback and system call, or the kernel's of one
 * callback. A user timer whose owner was never seen is listed with the kernel's.
 */
struct ledger {
	struct dwell_timer_key key;
	struct timer_sums sums;
	struct timer_sums *earlier; /* owned, or NULL; sums that the kernel side has forgotten */
	uint64_t oldest;	    /* mono ns: when the oldest armed timer was armed; 0: none is */
	int64_t due;		    /* mono ns: when the next armed timer is due; 0: none is */
	struct course *course;	    /* owned, or NULL */
	struct ledger_site *sites;  /* owned list, in no order */
	/* The owner, once it has exited. */
	bool exited;
	uint64_t process; /* its group's serial */
	uint64_t cgroup;  /* id */
	char comm[DWELL_COMM_LEN];
	UT_hash_handle hh;
};

/* Whether @ledger's owner has exited, and no thread lives on under its id. */
bool ledger_is_left(struct model *model, const struct ledger *ledger);

/* Frees all ledgers of @model. */
void ledgers_free(struct model *model);

#endif
