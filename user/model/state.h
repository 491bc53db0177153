/* SPDX-License-Identifier: GPL-2.0-only */
/* All that the model knows, for the files that take it in and those that make views of it. */
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
	size_t exited_limit;		   /* exited tasks that are kept */
	uint64_t window_start, window_end; /* mono ns */
	uint64_t losses[DWELL_LOSSES];	   /* told by the source */
	uint64_t torn;			   /* records that changed while they were read */
	uint32_t reads;			   /* of all live tasks, this one included; from 1 */
	uint32_t lost_at; /* the last one before which last records were lost; 0: none */

	struct ledger *user_ledgers;   /* by owner and callback */
	struct ledger *kernel_ledgers; /* by callback */
	bool keeps_ledger;	       /* and forgets owners that exit */
	struct leaver *leavers;
	size_t ledgers_left_limit;
	size_t ledgers_left;		    /* of tasks that have exited */
	uint64_t sample_at[COURSE_SAMPLES]; /* mono */
	size_t samples;
	unsigned int sample_every, sample_skipped; /* only each so many-th is kept */
};

#endif
