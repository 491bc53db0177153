/* SPDX-License-Identifier: GPL-2.0-only */
/* A collection: one window's measurements, brought from the source into a model. */
#ifndef DWELL_CMD_COLLECTION_H
#define DWELL_CMD_COLLECTION_H

#include "cmd/session.h"
#include "findings/worst.h"
#include "model/model.h"
#include "source/intake.h"

/* All zeros is nothing yet; ended by collection_clear(). */
struct collection {
	struct session session;
	struct model *model; /* owned */
	/* Takes each outlier, named, as it comes; NULL: @worst does. Set before collection_open(). */
	void (*take_outlier)(void *context, const struct dwell_outlier *outlier);
	void *context; /* of @take_outlier */
	struct worst worst;
	struct dwell_outlier_counts outliers[DWELL_MEASURES]; /* as of the last read */
};

/*
 * Opens the output, loads and attaches as @plan says, which must outlive the
 * collection. Returns an enum exit_code: EXIT_DONE, or what dwell is to end with,
 * why having been said on stderr. The caller ends it with collection_clear() in any case.
 */
int collection_open(struct collection *collection, const struct plan *plan);
void collection_clear(struct collection *collection);

/* The collection as one who takes what a source hands over. It must outlive that source. */
struct intake collection_intake(struct collection *collection);

/*
 * Takes in what there is now, the window having been begun by session_start() and being
 * open yet. 0 or a negative errno, and nothing has been said of it.
 */
int collection_sample(struct collection *collection);

/*
 * Measures from now on until the options, or the user, say stop, and reads everything
 * out. Returns an enum exit_code: EXIT_DONE, or EXIT_FAILED, why having been said on stderr.
 */
int collection_run(struct collection *collection);

/*
 * Fills @report but for its rows. Its strings are in @heading and in @collection, which must
 * outlive it.
 */
void collection_describe(struct collection *collection, struct session_heading *heading,
			 struct report *report);

/*
 * Ends the output. @err: 0 or the negative errno of writing the report. Returns an enum
 * exit_code: EXIT_DONE, also for a reader that went away, or EXIT_FAILED, why having
 * been said on stderr.
 */
int collection_finish(struct collection *collection, int err);

#endif
