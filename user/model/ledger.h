/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger of timers: what each owner and callback came to. */
#ifndef DWELL_MODEL_LEDGER_H
#define DWELL_MODEL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/course.h"
#include "model/timer_sums.h"

struct model;

struct ledger_site {
	uint64_t samples;
	uint64_t stack[DWELL_STACK_DEPTH];
	uint64_t user_stack[DWELL_STACK_DEPTH];
	struct ledger_site *next;
};

#define LEDGER_REMAINDER UINT32_MAX /* the tid of what exited tasks had that are not kept apart */

/* A ledger as last read: of a task's timers of one API and callback, or of the kernel's. */
struct ledger {
	struct dwell_timer_key key;
	struct timer_sums sums;
	struct timer_sums *earlier; /* owned, or NULL; of what the kernel side has forgotten */
	uint64_t oldest;	    /* mono: when the oldest armed one was armed; 0: none is */
	int64_t due;		    /* mono: when the next one is due; 0: none is */
	struct course *course;	    /* owned, or NULL */
	struct ledger_site *sites;  /* owned list */
	/* Its owner, once that has exited. */
	bool exited;
	uint64_t process; /* the serial of that group */
	uint64_t cgroup;
	char comm[DWELL_COMM_LEN];
	UT_hash_handle hh;
};

/* Whether @ledger's owner has exited, and nobody goes on under its id. */
bool ledger_is_left(struct model *model, const struct ledger *ledger);

/* Frees all ledgers of @model. */
void ledgers_free(struct model *model);

#endif
