/* SPDX-License-Identifier: GPL-2.0-only */
/* A collection: the measurements of one window, brought from the source into a model. */
#ifndef DWELL_CMD_COLLECTION_H
#define DWELL_CMD_COLLECTION_H

#include "cmd/session.h"
#include "findings/worst.h"
#include "model/model.h"
#include "source/intake.h"

/* All zeros is empty. Ended by collection_clear(). */
struct collection {
	struct session session;
	struct model *model; /* owned */
	/*
	 * Takes each outlier, named, as it comes; NULL: @worst takes it. Set before
	 * collection_open().
	 */
	void (*take_outlier)(void *context, const struct dwell_outlier *outlier);
	void *context; /* the first argument of @take_outlier */
	struct worst worst;
	/* By enum dwell_measure, as of the last read. */
	struct dwell_outlier_counts outliers[DWELL_MEASURES];
};

/*
 * Opens the output, loads and attaches as @plan says. @plan is copied; its options must outlive
 * the collection. Returns an enum exit_code: EXIT_DONE, or the status that dwell ends with,
 * whose reason has been said on stderr. The caller ends the collection with collection_clear()
 * in any case.
 */
int collection_open(struct collection *collection, const struct plan *plan);
void collection_clear(struct collection *collection);

/*
 * An intake that puts into @collection what a source hands over. @collection must outlive the
 * source.
 */
struct intake collection_intake(struct collection *collection);

/*
 * Takes in all measurements as of now. The window has to be open: begun by session_start(), and
 * not stopped. 0 or a negative errno, of which nothing has been said.
 */
int collection_sample(struct collection *collection);

/*
 * Measures from now on until the options or the user say stop, and reads everything out. Returns
 * an enum exit_code: EXIT_DONE, or EXIT_FAILED, whose reason has been said on stderr.
 */
int collection_run(struct collection *collection);

/*
 * Fills @report, which was all zeros at first, but leaves ledger, rows and timers to the caller.
 * Its strings are in @heading and @collection, which must outlive it.
 */
void collection_describe(struct collection *collection, struct session_heading *heading,
			 struct report *report);

/*
 * Runs a command that measures as @plan says and reports once: @write writes the report of the
 * collection that it is given to that collection's output, and returns 0 or a negative errno.
 * After an error of it no output appears. Returns an enum exit_code: EXIT_DONE, also if the
 * reader went away (-EPIPE), or the status that dwell ends with, whose reason has been said on
 * stderr.
 */
int collection_report(const struct plan *plan, int (*write)(struct collection *collection));

#endif
