/* SPDX-License-Identifier: GPL-2.0-only */
/* Tallies: sums of the ledgers of timers that become one row of a view. */
#ifndef DWELL_MODEL_TALLY_H
#define DWELL_MODEL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "model/course.h"
#include "model/timer_sums.h"
#include "model/timer_view.h"

/* Tells rows apart, byte by byte; what does not apply is 0. */
struct timer_row_key {
	uint32_t pid;
	uint32_t tid;
	uint64_t start;	   /* a task's start; a process's generation */
	uint64_t cgroup;   /* id */
	uint64_t function; /* callback address */
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
	int64_t due;	 /* mono ns: when the next armed timer is due; 0: none is */
	bool alive;	 /* at least one of its tasks is alive */
	struct timer_site site[TIMER_SITES]; /* most frequent first; their depths are not set */
	size_t sites;
	uint64_t site_samples; /* of all places, also of those that are not in @site */
	UT_hash_handle hh;
};

/*
 * Adds up all ledgers that have counted anything into *@tallies, a hash that is empty (NULL)
 * before. @view says which of them make one row. 0 or -ENOMEM; in either case the caller frees
 * the hash with tallies_free().
 */
int tally_all(struct model *model, const struct timer_view *view, const struct naming *naming,
	      struct tally **tallies);

/* Frees all of *@tallies and what they hold, and makes it empty. */
void tallies_free(struct tally **tallies);

#endif
