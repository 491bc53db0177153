/* SPDX-License-Identifier: GPL-2.0-only */
/* A collection: one window's measurements, brought from the source into a model. */
#ifndef DWELL_CMD_COLLECTION_H
#define DWELL_CMD_COLLECTION_H

#include "model/model.h"
#include "cmd/session.h"
#include "findings/worst.h"

/* All zeros is nothing yet; ended by collection_clear(). */
struct collection {
	struct session session;
	struct model *model;
	struct worst worst; /* of the outliers, unless somebody takes them: */
	void (*take_outlier)(void *context, const struct dwell_outlier *outlier);
	void *context;
	struct dwell_outlier_counts outliers[DWELL_MEASURES];
};

/*
 * Opens the output, loads and attaches as the options say. EXIT_DONE, or the
 * enum exit_code to end with: what was wrong has been said.
 */
int collection_open(struct collection *collection, const struct options *options);
void collection_clear(struct collection *collection);

/* Takes in what there is now, the window being open. 0 or a negative errno. */
int collection_sample(struct collection *collection);

/* Measures until the options, or the user, say stop. The enum exit_code to end with. */
int collection_run(struct collection *collection);

/* Fills @report but for its rows; @heading backs its strings. */
void collection_describe(struct collection *collection, struct session_heading *heading,
			 struct report *report);

/* Ends the output after @err from writing the report. The enum exit_code to end with. */
int collection_finish(struct collection *collection, int err);

#endif
