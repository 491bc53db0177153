// SPDX-License-Identifier: GPL-2.0-only
/* Rows of dwell go --sites: what probes counted, and which timers are still in a heap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/go_sites_private.h"

/* ---- which timers are in a heap ---------------------------------------------------- */

/* Addresses of the timers that were armed in a heap at @at (mono ns), sorted. */
struct heap {
	uint64_t *address; /* owned */
	size_t count;
	uint64_t at;
};

static int compare_addresses(const void *a, const void *b)
{
	const uint64_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* 0 or -ENOMEM. */
static int heap_fill(struct heap *heap, const struct go_snapshot *snapshot)
{
	heap->address = calloc(snapshot->timers + 1, sizeof(*heap->address));
	if (!heap->address)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->timers; i++)
		if (!snapshot->timer[i].dead)
			heap->address[heap->count++] = snapshot->timer[i].address;
	qsort(heap->address, heap->count, sizeof(*heap->address), compare_addresses);
	heap->at = snapshot->at;
	return 0;
}

static bool heap_has(const struct heap *heap, uint64_t address)
{
	return bsearch(&address, heap->address, heap->count, sizeof(address), compare_addresses);
}

/* ---- rows --------------------------------------------------------------------------- */

struct filling {
	struct go_sites_row *row; /* by index of the site */
	size_t rows;
	const struct heap *heap; /* NULL: nothing is reconciled */
	uint64_t until;		 /* mono ns */
};

static int take_timer(void *context, uint64_t address, const struct go_site_timer *timer)
{
	struct filling *filling = context;
	struct go_sites_row *row;
	uint64_t age = filling->until > timer->armed ? filling->until - timer->armed : 0;

	if (timer->site >= filling->rows) /* counted as lost */
		return 0;
	row = &filling->row[timer->site];
	/* One that was armed since is newer than the snapshot. */
	if (filling->heap && timer->armed < filling->heap->at &&
	    !heap_has(filling->heap, address)) {
		row->dropped++;
		return 0;
	}
	row->live++;
	if (age > row->oldest_ns)
		row->oldest_ns = age;
	return 0;
}

/* Most live first, then most dropped, then most created, then in the order of stacks. */
static int compare_rows(const void *a, const void *b)
{
	const struct go_sites_row *one = a, *other = b;

	if (one->live != other->live)
		return one->live < other->live ? 1 : -1;
	if (one->dropped != other->dropped)
		return one->dropped < other->dropped ? 1 : -1;
	if (one->created != other->created)
		return one->created < other->created ? 1 : -1;
	return memcmp(&one->key, &other->key, sizeof(one->key));
}

static void add_row(struct go_sites_row *total, const struct go_sites_row *row)
{
	total->created += row->created;
	total->stopped += row->stopped;
	total->reset += row->reset;
	total->fired += row->fired;
	total->live += row->live;
	total->dropped += row->dropped;
	if (row->oldest_ns > total->oldest_ns)
		total->oldest_ns = row->oldest_ns;
}

/* Makes a row of each site, in their order. Returns rows that the caller frees; NULL: no memory. */
static struct go_sites_row *make_rows(const struct go_site *site, size_t sites, bool reconciled)
{
	struct go_sites_row *row = calloc(sites ?: 1, sizeof(*row));

	for (size_t i = 0; row && i < sites; i++)
		row[i] = (struct go_sites_row){
			.key = site[i].key,
			.created = site[i].counts.created,
			.stopped = site[i].counts.stopped,
			.reset = site[i].counts.reset,
			.fired = site[i].counts.fired,
			.dropped = reconciled ? site[i].counts.replaced : 0,
		};
	return row;
}

/* Sorts the rows of @report, adds them up, and leaves out empty ones and those beyond @limit. */
static void arrange(struct go_sites_report *report, size_t limit)
{
	qsort(report->row, report->rows, sizeof(*report->row), compare_rows);
	/* Places that two threads began at the same time are empty, and sort last. */
	while (report->rows && !report->row[report->rows - 1].created)
		report->rows--;
	for (size_t i = 0; i < report->rows; i++)
		add_row(&report->total, &report->row[i]);
	if (!limit || report->rows <= limit)
		return;
	report->hidden = report->rows - limit;
	report->rows = limit;
}

/* ---- all of it ---------------------------------------------------------------------- */

static int fill_lateness(struct dist *dist, const struct go_sites_lateness *late)
{
	int err = 0;

	for (uint32_t i = 0; i < DWELL_BUCKETS && !err; i++)
		if (late->bucket[i])
			err = dist_add(dist, i, late->bucket[i]);
	dist->sum = late->sum_ns;
	dist->max = late->max_ns;
	return err;
}

int go_sites_fill(struct go_sites_report *report, const struct go_probes *probes,
		  const struct go_snapshot *snapshot, uint64_t until, size_t limit)
{
	const struct go_sites_totals *totals = go_probes_totals(probes);
	const struct go_site *site = go_probes_sites(probes, &report->rows);
	struct heap heap = {0};
	struct filling filling = {
		.rows = report->rows, .heap = snapshot ? &heap : NULL, .until = until};
	int err = snapshot ? heap_fill(&heap, snapshot) : 0;

	report->reconciled = snapshot;
	report->others = totals->others;
	report->row = make_rows(site, report->rows, report->reconciled);
	if (!err && !report->row)
		err = -ENOMEM;
	filling.row = report->row;
	if (!err)
		err = go_probes_armed(probes, take_timer, &filling);
	if (!err)
		arrange(report, limit);
	free(heap.address);
	return err ? err : fill_lateness(&report->lateness, &totals->late);
}
