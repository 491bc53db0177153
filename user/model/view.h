/* SPDX-License-Identifier: GPL-2.0-only */
/* Views of the model: rows by task or group, ranked and cut to a limit. */
#ifndef DWELL_MODEL_VIEW_H
#define DWELL_MODEL_VIEW_H

#include <stddef.h>

#include "model/row.h"

struct column;
struct model;

/* The rows of a view. */
struct rows {
	struct row *row; /* owned; @count of them */
	size_t count;
	size_t hidden; /* rows cut off by the view's limit */
};

struct view {
	enum row_by by;
	const struct column *sort; /* from row_sort_key(); NULL: row_sort_key(0) */
	size_t limit;		   /* of kernel timers' rows, and of all others; 0: no limit */
};

/*
 * Makes the sorted rows of @view, idle ones included. The remainder comes last, and so do kernel
 * timers if the column does not apply to them. A group's counters never fall from one call to the
 * next, though tasks exit, change their name or move. 0; or -ENOMEM, and @rows is empty. The caller
 * frees @rows with rows_free().
 */
int model_rows(struct model *model, const struct view *view, struct rows *rows);

/*
 * Makes all rows by @by in no order, to be added up: idle ones and kernel timers' included. They
 * count the same as those of model_rows(). 0; or -ENOMEM, and @rows is empty. The caller frees
 * @rows with rows_free().
 */
int model_rows_unranked(struct model *model, enum row_by by, struct rows *rows);

/* Frees what @rows holds, and makes it empty. */
void rows_free(struct rows *rows);

#endif
