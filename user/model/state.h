/* SPDX-License-Identifier: GPL-2.0-only */
/* The model's state, private to the files that take it in and the files that make views of it. */
#ifndef DWELL_MODEL_STATE_H
#define DWELL_MODEL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/course.h"
#include "model/leaver.h"
#include "model/ledger.h"
#include "model/model.h"
#include "model/roster.h"

struct model {
	struct roster roster;
	size_t exited_limit;		   /* so many exited tasks are kept */
	uint64_t window_start, window_end; /* mono ns */
	uint64_t losses[DWELL_LOSSES];	   /* told by the source */
	uint64_t torn;			   /* records that changed while they were read */
	uint32_t reads;			   /* of all live tasks, this one included; from 1 */
	uint32_t lost_at; /* number of the last read that found last records lost; 0: none did */

	struct ledger *user_ledgers;   /* a hash by owner, callback and system call */
	struct ledger *kernel_ledgers; /* a hash by callback: all that are nobody's */
	bool keeps_ledger;	       /* ledgers are read again and again, and owners forgotten */
	struct leaver *leavers;	       /* a hash by id */
	size_t ledgers_left_limit;
	size_t ledgers_left;		    /* ledgers of exited tasks that are kept apart */
	uint64_t sample_at[COURSE_SAMPLES]; /* mono ns */
	size_t samples;			    /* kept so far: 0 … COURSE_SAMPLES */
	/* One sample in @sample_every is kept (0: none came yet); @sample_skipped came since. */
	unsigned int sample_every, sample_skipped;
};

#endif
