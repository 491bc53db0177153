/* SPDX-License-Identifier: GPL-2.0-only */
/* Arithmetic on rows: counters added up, and taken apart again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

static void add_to(uint64_t *value, uint64_t more)
{
	*value = saturating_add(*value, more);
}

static void subtract_from(uint64_t *value, uint64_t less)
{
	*value = saturating_subtract(*value, less);
}

int row_add(struct row *row, const struct row *from)
{
	add_to(&row->tasks, from->tasks);
	add_to(&row->exited, from->exited);
	add_to(&row->live, from->live);
	add_to(&row->timers.armed, from->timers.armed);
	add_to(&row->timers.rearmed, from->timers.rearmed);
	add_to(&row->timers.cancelled, from->timers.cancelled);
	add_to(&row->timers.expired, from->timers.expired);
	add_to(&row->timers.outstanding, from->timers.outstanding);
	add_to(&row->oncpu_ns, from->oncpu_ns);
	add_to(&row->voluntary, from->voluntary);
	add_to(&row->involuntary, from->involuntary);
	for (int i = 0; i < DWELL_BLOCKS; i++)
		add_to(&row->blocked_ns[i], from->blocked_ns[i]);
	for (int i = 0; i < DWELL_MEASURES; i++) {
		int err = dist_merge(&row->measure[i], &from->measure[i]);

		if (err)
			return err;
	}
	return 0;
}

void dist_subtract(struct dist *dist, const struct dist *base)
{
	uint32_t used = 0, at = 0;

	for (uint32_t i = 0; i < dist->used; i++) {
		struct dist_cell cell = dist->cells[i];

		while (at < base->used && base->cells[at].bucket < cell.bucket)
			at++;
		if (at < base->used && base->cells[at].bucket == cell.bucket)
			subtract_from(&cell.count, base->cells[at].count);
		if (cell.count)
			dist->cells[used++] = cell;
	}
	dist->used = used;
	subtract_from(&dist->sum, base->sum);
	if (dist->max > base->max)
		return;
	/* The maximum is of the part removed; what is left lies below its last bucket's end. */
	if (!used)
		dist->max = 0;
	else if (dist->cells[used - 1].bucket < DWELL_BUCKETS - 1 &&
		 dist->max >= dist_bucket_start(dist->cells[used - 1].bucket + 1))
		dist->max = dist_bucket_start(dist->cells[used - 1].bucket + 1) - 1;
}

void row_subtract(struct row *row, const struct row *base)
{
	subtract_from(&row->timers.armed, base->timers.armed);
	subtract_from(&row->timers.rearmed, base->timers.rearmed);
	subtract_from(&row->timers.cancelled, base->timers.cancelled);
	subtract_from(&row->timers.expired, base->timers.expired);
	subtract_from(&row->oncpu_ns, base->oncpu_ns);
	subtract_from(&row->voluntary, base->voluntary);
	subtract_from(&row->involuntary, base->involuntary);
	for (int i = 0; i < DWELL_BLOCKS; i++)
		subtract_from(&row->blocked_ns[i], base->blocked_ns[i]);
	for (int i = 0; i < DWELL_MEASURES; i++)
		dist_subtract(&row->measure[i], &base->measure[i]);
}

void row_reset(struct row *row)
{
	struct dist measure[DWELL_MEASURES];

	memcpy(measure, row->measure, sizeof(measure));
	memset(row, 0, sizeof(*row));
	for (int i = 0; i < DWELL_MEASURES; i++) {
		row->measure[i].cells = measure[i].cells;
		row->measure[i].room = measure[i].room;
	}
}

void row_clear(struct row *row)
{
	for (int i = 0; i < DWELL_MEASURES; i++)
		dist_clear(&row->measure[i]);
	memset(row, 0, sizeof(*row));
}

struct row *row_new(void)
{
	return calloc(1, sizeof(struct row));
}

void row_free(struct row *row)
{
	if (!row)
		return;
	row_clear(row);
	free(row);
}

int row_runqueue(const struct row *row, struct dist *dist)
{
	int err = dist_merge(dist, &row->measure[DWELL_WOKEN]);

	return err ? err : dist_merge(dist, &row->measure[DWELL_PREEMPTED]);
}
