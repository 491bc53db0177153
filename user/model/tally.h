/* SPDX-License-Identifier: GPL-2.0-only */
/* Tallies: ledgers of timers of one kind added up, each to become a row of a view. */
#ifndef DWELL_MODEL_TALLY_H
#define DWELL_MODEL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/course.h"
#include "model/timer_sums.h"
#include "model/timer_view.h"

/* What tells rows apart; what does not apply is 0. */
struct timer_row_key {
	uint32_t pid;
	uint32_t tid;
	uint64_t start; /* of a task; of a process its generation */
	uint64_t cgroup;
	uint64_t function;
	char comm[DWELL_COMM_LEN];
	char api[TIMER_API_LEN];
	uint8_t kernel, unowned, remainder, wheel, kind;
	uint8_t padding[3];
};

/* A row in the making. */
struct tally {
	struct timer_row_key key;
	struct timer_sums sums;
	struct course course;
	uint64_t oldest; /* mono ns: when the oldest armed timer was armed; 0: none is */
	int64_t due;	 /* mono ns: when the next one is due; 0: none is */
	bool alive;	 /* one of its tasks is */
	struct timer_site site[TIMER_SITES]; /* the most frequent first; their depths are not set */
	size_t sites;
	uint64_t site_samples; /* of all places */
	UT_hash_handle hh;
};

/*
 * Adds up all ledgers that have counted anything, by what @view tells apart, into *@tallies, a
 * hash that is empty (NULL). 0 or -ENOMEM. In either case the caller frees it with tallies_free().
 */
int tally_all(struct model *model, const struct timer_view *view, const struct naming *naming,
	      struct tally **tallies);

/* Frees all of *@tallies and what they hold; it is empty then. */
void tallies_free(struct tally **tallies);

#endif
