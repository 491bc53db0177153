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
	struct row *row;
	size_t count;
	size_t hidden; /* rows cut off by the limit of the view */
};

struct view {
	enum row_by by;
	const struct column *sort; /* one that row_sort_key() tells; NULL: the first of them */
	size_t limit;		   /* of kernel timers' rows, and of all others; 0: no limit */
};

/*
 * The rows of @view, sorted, idle ones included, kernel timers' last when the
 * column does not apply to them. A group's counters never fall from one call to
 * the next, though tasks exit, change their name or move. 0 or -ENOMEM; the
 * caller frees @rows with rows_free().
 */
int model_rows(struct model *model, const struct view *view, struct rows *rows);

/*
 * All rows by @by, idle ones and kernel timers' included, in no order: for who adds them up. They
 * count what those of model_rows() do. 0 or -ENOMEM; the caller frees @rows with rows_free().
 */
int model_rows_unranked(struct model *model, enum row_by by, struct rows *rows);

/* Frees what @rows holds and makes it empty. */
void rows_free(struct rows *rows);

#endif
