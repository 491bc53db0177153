/* SPDX-License-Identifier: GPL-2.0-only */
/* Sparse histograms of durations: filling, merging and reading percentiles. */
#include "model/dist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"

#define FIRST_ROOM 4

uint64_t dist_bucket_start(uint32_t bucket)
{
	static const uint64_t steps[] = {256, DWELL_SECOND_STEP, DWELL_THIRD_STEP};
	unsigned int octave;

	if (bucket == 0)
		return 0;
	octave = DWELL_FIRST_OCTAVE + (bucket - 1) / 3;
	/* Rounded up: dwell_bucket() compares 256ths that are rounded down. */
	return ((steps[(bucket - 1) % 3] << octave) + 255) >> 8;
}

/* The position of the first cell whose bucket is not below @bucket. */
static uint32_t find_cell(const struct dist *dist, uint32_t bucket)
{
	uint32_t low = 0, high = dist->used;

	/* Most buckets belong at the end, because merges add them in ascending order. */
	if (high == 0 || dist->cells[high - 1].bucket < bucket)
		return high;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (dist->cells[middle].bucket < bucket)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make_room(struct dist *dist)
{
	uint32_t room = dist->room ? 2 * dist->room : FIRST_ROOM;
	struct dist_cell *cells;

	if (dist->used < dist->room)
		return 0;
	cells = reallocarray(dist->cells, room, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	dist->cells = cells;
	dist->room = room;
	return 0;
}

int dist_add(struct dist *dist, uint32_t bucket, uint64_t count)
{
	uint32_t at;
	int err;

	if (count == 0)
		return 0;
	if (bucket >= DWELL_BUCKETS)
		bucket = DWELL_BUCKETS - 1;
	at = find_cell(dist, bucket);
	if (at < dist->used && dist->cells[at].bucket == bucket) {
		dist->cells[at].count = saturating_add(dist->cells[at].count, count);
		return 0;
	}
	err = make_room(dist);
	if (err)
		return err;
	memmove(&dist->cells[at + 1], &dist->cells[at], (dist->used - at) * sizeof(*dist->cells));
	dist->cells[at] = (struct dist_cell){.bucket = bucket, .count = count};
	dist->used++;
	return 0;
}

int dist_merge(struct dist *dist, const struct dist *from)
{
	for (uint32_t i = 0; i < from->used; i++) {
		int err = dist_add(dist, from->cells[i].bucket, from->cells[i].count);

		if (err)
			return err;
	}
	dist->sum = saturating_add(dist->sum, from->sum);
	if (dist->max < from->max)
		dist->max = from->max;
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
			cell.count = saturating_subtract(cell.count, base->cells[at].count);
		if (cell.count)
			dist->cells[used++] = cell;
	}
	dist->used = used;
	dist->sum = saturating_subtract(dist->sum, base->sum);
	if (dist->max > base->max)
		return;
	/* The maximum may be gone: the rest lies below the end of its last bucket. */
	if (!used)
		dist->max = 0;
	else if (dist->cells[used - 1].bucket < DWELL_BUCKETS - 1 &&
		 dist->max >= dist_bucket_start(dist->cells[used - 1].bucket + 1))
		dist->max = dist_bucket_start(dist->cells[used - 1].bucket + 1) - 1;
}

uint64_t dist_count(const struct dist *dist)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < dist->used; i++)
		count = saturating_add(count, dist->cells[i].count);
	return count;
}

/*
 * A duration that stands for all in @bucket. The harmonic middle has the same relative error at
 * both ends. The bucket ends at @max if that lies inside.
 */
static uint64_t bucket_middle(uint32_t bucket, uint64_t max)
{
	uint64_t low = dist_bucket_start(bucket), high = max;

	if (dist_bucket_start(bucket + 1) - 1 < max)
		high = dist_bucket_start(bucket + 1) - 1;
	if (high <= low)
		return max;
	/* No middle is relatively near to 0: half is as good as any. */
	if (low == 0)
		return high / 2;
	/* In floating point: the product of two durations does not fit 64 bits. */
	return (uint64_t)(2.0 * (double)low * (double)high / ((double)low + (double)high));
}

/* Two distributions, read as one without merging them. */
struct pair {
	const struct dist *dist[2];
	uint64_t max;
};

static struct pair pair_of(const struct dist *dist, const struct dist *more)
{
	return (struct pair){{dist, more}, dist->max > more->max ? dist->max : more->max};
}

/* Finds the next cell of @pair in ascending order; false: none. @at holds each one's position. */
static bool pair_next(const struct pair *pair, uint32_t at[2], struct dist_cell *cell)
{
	*cell = (struct dist_cell){.bucket = DWELL_BUCKETS};
	for (int i = 0; i < 2; i++)
		if (at[i] < pair->dist[i]->used &&
		    pair->dist[i]->cells[at[i]].bucket < cell->bucket)
			cell->bucket = pair->dist[i]->cells[at[i]].bucket;
	if (cell->bucket == DWELL_BUCKETS)
		return false;
	for (int i = 0; i < 2; i++)
		if (at[i] < pair->dist[i]->used &&
		    pair->dist[i]->cells[at[i]].bucket == cell->bucket)
			cell->count =
				saturating_add(cell->count, pair->dist[i]->cells[at[i]++].count);
	return true;
}

/*
 * A duration that stands for all in the last bucket, which has no end: their mean. Their sum is
 * the whole sum without an estimate for the other buckets.
 */
static uint64_t last_middle(const struct pair *pair)
{
	double rest = (double)pair->dist[0]->sum + (double)pair->dist[1]->sum;
	struct dist_cell cell, last = {0};
	uint32_t at[2] = {0};
	uint64_t mean;

	while (pair_next(pair, at, &cell)) {
		last = cell;
		if (cell.bucket < DWELL_BUCKETS - 1)
			rest -= (double)bucket_middle(cell.bucket, pair->max) * (double)cell.count;
	}
	mean = rest > 0 ? saturating_round(rest / (double)last.count) : 0;
	if (mean < dist_bucket_start(last.bucket))
		mean = dist_bucket_start(last.bucket);
	return mean < pair->max ? mean : pair->max;
}

uint64_t dist_percentile_with(const struct dist *dist, const struct dist *more,
			      unsigned int per_mille)
{
	const struct pair pair = pair_of(dist, more);
	uint64_t count = saturating_add(dist_count(dist), dist_count(more)), rank, seen = 0;
	struct dist_cell cell;
	uint32_t at[2] = {0};

	if (count == 0)
		return 0;
	if (per_mille > 1000)
		per_mille = 1000;
	rank = (uint64_t)(((unsigned __int128)count * per_mille + 999) / 1000);
	/* The largest duration is known exactly. */
	if (rank == count)
		return pair.max;
	while (pair_next(&pair, at, &cell)) {
		seen = saturating_add(seen, cell.count);
		if (seen >= rank)
			return cell.bucket == DWELL_BUCKETS - 1 ?
				       last_middle(&pair) :
				       bucket_middle(cell.bucket, pair.max);
	}
	return pair.max;
}

uint64_t dist_percentile(const struct dist *dist, unsigned int per_mille)
{
	static const struct dist none;

	return dist_percentile_with(dist, &none, per_mille);
}

void dist_reset(struct dist *dist)
{
	dist->used = 0;
	dist->sum = dist->max = 0;
}

void dist_clear(struct dist *dist)
{
	free(dist->cells);
	memset(dist, 0, sizeof(*dist));
}
