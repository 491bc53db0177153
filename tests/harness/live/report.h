/* SPDX-License-Identifier: GPL-2.0-only */
/* A report of `dwell summary -j`, read back. */
#ifndef DWELL_LIVE_REPORT_H
#define DWELL_LIVE_REPORT_H

#include <jansson.h>
#include <stdint.h>

#include "harness/live/dwell_run.h"
#include "harness/live/live.h"

/* Freed by report_free(). */
struct report {
	json_t *header;
	json_t *rows;	  /* an array */
	json_t *timers;	  /* an array: the ledger's */
	json_t *outliers; /* an array, in the order in which they were written */
	json_t *loss;
	/* So many events hidden tasks can have kept from dwell; the test says so (hidden.h). */
	int64_t unseen;
	/* Of tasks that the test has nothing to do with: so many may be lost. */
	int64_t others;
};

/*
 * What may be lost of others in a report of the whole machine: whoever is woken
 * just when its time-out expires has an expiry whose lateness is unseen, and on
 * PREEMPT_RT a preempted program can delay another task's record.
 */
static inline int64_t report_others(void)
{
	return live_slower(4, 4);
}

/*
 * Reads what an ended run printed, and checks what holds for every report:
 * exit status 0, each line an object, one header first and one loss line last,
 * every loss named, sums and percentiles in order. A report that cannot be
 * read ends the test.
 */
void report_read(struct report *report, const struct dwell_process *run);
void report_free(struct report *report);

/* The row whose member @key is @value; NULL (and a failure) if there is not exactly one. */
json_t *report_row(const struct report *report, const char *key, int64_t value);
json_t *report_row_named(const struct report *report, const char *comm);

/* How many rows have @value as their member @key. */
unsigned int report_count(const struct report *report, const char *key, int64_t value);
unsigned int report_count_named(const struct report *report, const char *comm);

/*
 * The integer at @path ("timers.armed"); a failure and -1 if it is not there.
 * A row that is NULL gives -1: its absence has been reported already.
 */
int64_t report_integer(const json_t *object, const char *path);

/*
 * Fails for each loss that is not 0. Those that an unseen event can cause may
 * be as many as @report's unseen ones.
 */
void report_expect_no_loss(const struct report *report);

/* The counts of hrtimer events that a workload must have caused. */
struct timer_counts {
	int64_t armed;
	int64_t rearmed;
	int64_t cancelled;
	int64_t expired;
	int64_t outstanding;
};

/* Those of a row. */
struct timer_counts report_timer_counts(const json_t *row);

/*
 * Fails unless the row's timer counts are exactly @want. @who names the row. Of
 * @report's unseen events some may be expiries with nothing behind them: those
 * alone may be missing.
 */
void report_expect_timers(const struct report *report, const json_t *row, const char *who,
			  const struct timer_counts *want);

/*
 * What the ledger's lines come to whose member @key ("pid", "tid") is @value and
 * whose API has @api in its name (NULL: all).
 */
struct timer_counts report_ledger(const struct report *report, const char *key, int64_t value,
				  const char *api);

/*
 * The line of process @pid (0: of no process) with that API; NULL (and a failure)
 * if there is not exactly one.
 */
json_t *report_timer(const struct report *report, int64_t pid, const char *api);

#endif
