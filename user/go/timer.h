/* SPDX-License-Identifier: GPL-2.0-only */
/* The runtime's struct timer: its fields, what it calls, and who waits for it. */
#ifndef DWELL_GO_TIMER_H
#define DWELL_GO_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/gather.h"
#include "go/index.h"
#include "go/runtime.h"
#include "go/snapshot.h"

/* The most that are read together. */
#define GO_TIMERS_BATCH GO_GATHER_MAX
/* Functions that timers call, of which it is kept what they are. */
#define GO_CALLS 64

/* Bytes of a timer, and of what its argument points to, that are read. */
#define GO_TIMER_SIZE 96

/* An entry of a heap, and what is found out about it. */
struct go_entry {
	uint64_t address; /* of the timer */
	int64_t when;	  /* as the heap has it: mono ns; 0: up to 1.22, where it has none */
	uint64_t back;	  /* what the timer's back pointer must be */
	uint64_t argument;
	uint64_t sudog; /* the next one of those who wait on its channel */
	uint64_t poll;	/* DEADLINE: descriptor of the connection; 0: not found */
	struct go_timer timer;
	bool writes; /* DEADLINE: it is for writing alone */
	bool fits;   /* it is such a timer */
	uint8_t bytes[GO_TIMER_SIZE];
};

/* What is called through a pointer to a function value. */
struct go_call {
	uint64_t value; /* address of the function value */
	uint64_t entry; /* of the function */
	uint8_t kind;	/* enum go_timer_kind; TIMER stands for both of a channel, FUNC for both */
	bool writes;	/* DEADLINE: it is for writing */
};

/* All zeros but the pointers is empty. */
struct go_timer_reader {
	const struct go_runtime *runtime;
	const struct go_index *index;
	struct go_gather *gather;
	struct go_call call[GO_CALLS];
};

/*
 * Reads the timers of @count entries, at most GO_TIMERS_BATCH, whose addresses, times and back
 * pointers are set. 0 or a negative errno; an entry that is moved meanwhile does not fit.
 */
int go_timers_read(struct go_timer_reader *reader, struct go_entry *entry, size_t count);

#endif
