/* SPDX-License-Identifier: GPL-2.0-only */
/* Arithmetic on rows: adding counters up, and taking them apart again. */
#include "model/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"

static void add_to(uint64_t *value, uint64_t more)
{
	*value = saturating_add(*value, more);
}

static void subtract_from(uint64_t *value, uint64_t less)
{
	*value = saturating_subtract(*value, less);
}

static void add_open_blocks(struct open_blocks *blocks, const struct open_blocks *from)
{
	add_to(&blocks->window_ns, from->window_ns);
	if (blocks->max_ns < from->max_ns)
		blocks->max_ns = from->max_ns;
}

static int open_merge(struct open_intervals *open, const struct open_intervals *from)
{
	add_to(&open->window_ns, from->window_ns);
	return dist_merge(&open->age, &from->age);
}

void timer_counts_add(struct timer_counts *counts, const struct timer_counts *from)
{
	add_to(&counts->armed, from->armed);
	add_to(&counts->rearmed, from->rearmed);
	add_to(&counts->cancelled, from->cancelled);
	add_to(&counts->expired, from->expired);
	add_to(&counts->outstanding, from->outstanding);
}

int row_add(struct row *row, const struct row *from)
{
	add_to(&row->tasks, from->tasks);
	add_to(&row->exited, from->exited);
	add_to(&row->live, from->live);
	add_to(&row->groups, from->groups);
	timer_counts_add(&row->timers, &from->timers);
	add_to(&row->oncpu_ns, from->oncpu_ns);
	add_to(&row->voluntary, from->voluntary);
	add_to(&row->involuntary, from->involuntary);
	for (int i = 0; i < DWELL_BLOCKS; i++)
		add_to(&row->blocked_ns[i], from->blocked_ns[i]);
	add_open_blocks(&row->open_d, &from->open_d);
	add_open_blocks(&row->open_waits, &from->open_waits);
	for (int i = 0; i < DWELL_MEASURES; i++) {
		int err = dist_merge(&row->measure[i], &from->measure[i]);

		if (!err)
			err = open_merge(&row->open[i], &from->open[i]);
		if (err)
			return err;
	}
	return 0;
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
	struct open_intervals open[DWELL_MEASURES];

	memcpy(measure, row->measure, sizeof(measure));
	memcpy(open, row->open, sizeof(open));
	memset(row, 0, sizeof(*row));
	memcpy(row->measure, measure, sizeof(measure));
	memcpy(row->open, open, sizeof(open));
	for (int i = 0; i < DWELL_MEASURES; i++)
		dist_reset(&row->measure[i]);
	row_close(row);
}

void row_close(struct row *row)
{
	for (int i = 0; i < DWELL_MEASURES; i++) {
		dist_reset(&row->open[i].age);
		row->open[i].window_ns = 0;
	}
	row->open_d = row->open_waits = (struct open_blocks){0};
}

void row_clear(struct row *row)
{
	for (int i = 0; i < DWELL_MEASURES; i++) {
		dist_clear(&row->measure[i]);
		dist_clear(&row->open[i].age);
	}
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

int row_open_runqueue(const struct row *row, struct open_intervals *open)
{
	int err = open_merge(open, &row->open[DWELL_WOKEN]);

	return err ? err : open_merge(open, &row->open[DWELL_PREEMPTED]);
}

uint64_t row_percentile(const struct dist *dist, const struct open_intervals *open,
			unsigned int per_mille)
{
	uint64_t closed = dist_percentile(dist, per_mille);
	uint64_t all = dist_percentile_with(dist, &open->age, per_mille);

	return closed > all ? closed : all;
}
