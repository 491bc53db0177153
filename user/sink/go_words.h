/* SPDX-License-Identifier: GPL-2.0-only */
/* Words about Go programs: what a row of timers or goroutines says in a sentence. */
#ifndef DWELL_SINK_GO_WORDS_H
#define DWELL_SINK_GO_WORDS_H

#include "sink/go.h"
#include "sink/go_line.h"

/* Each adds all that is known of a row, but for its count. */
void go_words_timers(struct go_line *line, const struct go_report *report,
		     const struct go_timer_row *row);
void go_words_goroutines(struct go_line *line, const struct go_report *report,
			 const struct go_goroutine_row *row);

/* Adds how many goroutines are in which state, such as "621 waiting, 2 running". */
void go_words_states(struct go_line *line, const uint64_t state[GO_STATES]);

#endif
