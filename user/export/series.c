// SPDX-License-Identifier: GPL-2.0-only
/* Series: the groups that are exported by name, and the sum of all others. */
#include <stdlib.h>
#include <string.h>

#include "export/series_private.h"

/*
 * A group's activity is the time each second in which it had a CPU, wanted one, or was stuck
 * uninterruptibly. Other blocks are not activity, for a task that sleeps all day is in one all
 * the time. Events count as time too. A timer counts as what it may cost to arm and expire it.
 * An outlier counts for so much that a few each minute outrank a group that only idles along.
 */
#define TIMER_NS 5000ULL
#define OUTLIER_NS 10000000ULL

/* The most bases, as several origins may have one label: it bounds memory, and costs names. */
#define BASES_MAX(limit) (64 + 4 * (limit))

struct series *series_new(const struct series_options *options)
{
	struct series *series = calloc(1, sizeof(*series));

	if (!series)
		return NULL;
	series->options = *options;
	series->named = calloc(options->limit + 1, sizeof(struct group *));
	if (series->named)
		return series;
	free(series);
	return NULL;
}

void series_free(struct series *series)
{
	struct origin *origin, *next_origin;
	struct group *group, *next;

	if (!series)
		return;
	HASH_ITER(hh, series->groups, group, next) {
		free(group->counters);
		group->counters = NULL;
		group->named = false;
		series_release(series, group);
	}
	/* A group with origins goes with the last of them. */
	HASH_ITER(hh, series->origins, origin, next_origin)
		origin_forget(series, origin);
	free(series->named);
	free(series);
}

/* ---- what grew --------------------------------------------------------------- */

static wide activity_of(const struct row *row)
{
	const struct dist *measure = row->measure;
	const struct open_intervals *open = row->open;

	return (wide)row->oncpu_ns + measure[DWELL_WOKEN].sum + measure[DWELL_PREEMPTED].sum +
	       measure[DWELL_THROTTLED].sum + row->blocked_ns[DWELL_BLOCK_D] +
	       open[DWELL_WOKEN].window_ns + open[DWELL_PREEMPTED].window_ns +
	       open[DWELL_THROTTLED].window_ns + row->open_d.window_ns +
	       (wide)row->timers.armed * TIMER_NS;
}

static void at_least(uint64_t *value, uint64_t to)
{
	if (*value < to)
		*value = to;
}

/* Raises @open_ns to the longest intervals that are open in @row. */
static void take_open(uint64_t open_ns[SERIES_OPENS], const struct row *row)
{
	at_least(&open_ns[SERIES_OPEN_RUNQUEUE], row->open[DWELL_WOKEN].age.max);
	at_least(&open_ns[SERIES_OPEN_RUNQUEUE], row->open[DWELL_PREEMPTED].age.max);
	at_least(&open_ns[SERIES_OPEN_THROTTLED], row->open[DWELL_THROTTLED].age.max);
	at_least(&open_ns[SERIES_OPEN_BLOCKED], row->open_waits.max_ns);
	at_least(&open_ns[SERIES_OPEN_UNINTERRUPTIBLE], row->open_d.max_ns);
	at_least(&open_ns[SERIES_OPEN_DWELL], row->open[DWELL_DWELL].age.max);
}

static void take_row(struct series *series, const struct row *row)
{
	const struct key key = origin_key(series, row->comm, row->cgroup);
	wide activity = activity_of(row);
	struct origin *origin = origin_find(series, &key);

	if (!origin) {
		origin = origin_new(series, &key);
		if (origin && !origin->fresh)
			origin->activity = activity;
	}
	if (!origin) {
		series->blind = true;
		series->unknown++;
		take_open(series->open_ns, row);
		return;
	}
	origin->row = row;
	origin_place(series, origin);
	origin->idle = !row->live && activity == origin->activity;
	if (origin->group) {
		if (activity > origin->activity)
			origin->group->grown += activity - origin->activity;
		origin->group->tasks += row->live;
		origin->group->outstanding += row->timers.outstanding;
		take_open(origin->group->open_ns, row);
	} else {
		series->unknown++;
		take_open(series->open_ns, row);
	}
	origin->activity = activity;
}

/* Takes in all rows; adds those of tasks to @total, and the kernel's timers to @kernel. */
static void take_rows(struct series *series, const struct rows *rows, struct counters *total,
		      struct counters *kernel)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		if (row->kernel_timer) {
			counters_add_row(kernel, row);
			series->kernel_outstanding += row->timers.outstanding;
			continue;
		}
		counters_add_row(total, row);
		series->tasks += row->live;
		series->outstanding += row->timers.outstanding;
		if (!row->remainder)
			take_row(series, row);
	}
}

/* ---- what it is given to ----------------------------------------------------- */

/*
 * Adds the growth of @origin since the last update to its group and to @given, if the group was
 * named then and is now. Other growth goes to the others: nobody sees what a series has when it
 * appears, or gains after it is last written.
 */
static void give_growth(struct origin *origin, struct counters *given)
{
	struct counters growth = {0};

	if (!origin->group || !origin->group->named || origin->group->begins)
		return;
	/* Without a known past the growth is not known: it goes to the others. */
	if (!origin->base && !origin->fresh)
		return;
	counters_add_row(&growth, origin->row);
	if (origin->base)
		counters_subtract(&growth, origin->base);
	counters_add(origin->group->counters, &growth);
	counters_add(given, &growth);
}

/* Adds the outliers since the last update to the counters of their groups, or of the others. */
static void give_outliers(struct series *series)
{
	for (struct group *group = series->groups; group; group = group->hh.next) {
		bool own = group->named && !group->begins;
		struct counters *counters = own ? group->counters : &series->other;

		for (int i = 0; i < DWELL_MEASURES; i++) {
			counters->outliers[i] += group->outliers[i];
			group->outliers[i] = 0;
		}
	}
}

/* Adds the growth from @before to @now, without what groups were @given, to @counters. */
static void give_rest(struct counters *counters, struct counters *before,
		      const struct counters *now, const struct counters *given)
{
	struct counters growth = *now;

	counters_subtract(&growth, before);
	counters_subtract(&growth, given);
	counters_add(counters, &growth);
	*before = *now;
}

/* ---- an update --------------------------------------------------------------- */

/*
 * Sets @origin's base for the next update. Drops it if the group is not named, or if bases are
 * scarce and @origin is idle.
 */
static void keep_base(struct series *series, struct origin *origin, bool crowded)
{
	if (!origin->group || !origin->group->named || (crowded && origin->idle)) {
		origin_drop_base(series, origin);
		return;
	}
	if (!origin->base && series->bases < BASES_MAX(series->options.limit)) {
		origin->base = malloc(sizeof(*origin->base));
		series->bases += !!origin->base;
	}
	if (!origin->base)
		return;
	*origin->base = (struct counters){0};
	counters_add_row(origin->base, origin->row);
}

/* Gives each group the growth of its origins, and adds all of it to @given. */
static void settle_origins(struct series *series, struct counters *given)
{
	bool crowded = series->bases >= BASES_MAX(series->options.limit);
	struct origin *origin, *next;

	HASH_ITER(hh, series->origins, origin, next) {
		/* The model has forgotten this origin: a later one of its name begins at 0. */
		if (!origin->row) {
			origin_forget(series, origin);
			continue;
		}
		give_growth(origin, given);
		keep_base(series, origin, crowded);
		origin->fresh = false;
		origin->row = NULL;
	}
}

/* Remembers as many evicted groups as there can be named ones. */
static void trim_kept(struct series *series)
{
	while (series->kept > series->options.limit) {
		struct group *oldest = NULL;

		for (struct group *group = series->groups; group; group = group->hh.next)
			if (group->counters && !group->named &&
			    (!oldest || group->evicted < oldest->evicted))
				oldest = group;
		free(oldest->counters);
		oldest->counters = NULL;
		series->kept--;
		series_release(series, oldest);
	}
}

static void begin_update(struct series *series)
{
	for (struct group *group = series->groups; group; group = group->hh.next) {
		group->tasks = group->outstanding = 0;
		memset(group->open_ns, 0, sizeof(group->open_ns));
		group->begins = false;
	}
	series->tasks = series->outstanding = series->kernel_outstanding = 0;
	series->unknown = 0;
	memset(series->open_ns, 0, sizeof(series->open_ns));
}

static void count_folded(struct series *series)
{
	series->census.folded = series->unknown;
	for (struct group *group = series->groups; group; group = group->hh.next)
		series->census.folded += group->origins && !group->named;
}

void series_update(struct series *series, const struct rows *rows, uint64_t now)
{
	struct counters total = {0}, kernel = {0}, given = {0}, none = {0};

	begin_update(series);
	take_rows(series, rows, &total, &kernel);
	/* It is not known how long the first rows took to become what they are. */
	if (series->updated && now > series->updated) {
		election_rate(series, (double)(now - series->updated));
		election_hold(series);
	}
	give_outliers(series);
	settle_origins(series, &given);
	give_rest(&series->other, &series->total, &total, &given);
	give_rest(&series->kernel, &series->kernel_total, &kernel, &none);
	trim_kept(series);
	count_folded(series);
	series->updated = now;
}

void series_count_outlier(struct series *series, const struct dwell_outlier *outlier)
{
	const struct key key = origin_key(series, outlier->comm, outlier->cgroup);
	struct origin *origin = origin_find(series, &key);
	struct group *group = origin ? origin->group : NULL;

	if (outlier->open || outlier->measure >= DWELL_MEASURES)
		return;
	if (!group) {
		series->other.outliers[outlier->measure]++;
		return;
	}
	group->outliers[outlier->measure]++;
	group->grown += OUTLIER_NS;
}

/* ---- what is exported -------------------------------------------------------- */

size_t series_count(const struct series *series)
{
	return series->census.named + 2;
}

/* The others: what remains without the named groups. */
static struct series_group others(const struct series *series)
{
	struct series_group others = {
		.label = SERIES_OTHER,
		.tasks = series->tasks,
		.outstanding = series->outstanding,
		.counters = &series->other,
	};

	for (size_t i = 0; i < series->census.named; i++) {
		others.tasks -= series->named[i]->tasks;
		others.outstanding -= series->named[i]->outstanding;
	}
	memcpy(others.open_ns, series->open_ns, sizeof(others.open_ns));
	for (const struct group *group = series->groups; group; group = group->hh.next)
		for (int i = 0; i < SERIES_OPENS && !group->named; i++)
			at_least(&others.open_ns[i], group->open_ns[i]);
	return others;
}

struct series_group series_at(const struct series *series, size_t at)
{
	const struct group *group;
	struct series_group found;

	if (at > series->census.named)
		return others(series);
	if (at == series->census.named)
		return (struct series_group){
			.label = SERIES_KERNEL,
			.kernel = true,
			.outstanding = series->kernel_outstanding,
			.counters = &series->kernel,
		};
	group = series->named[at];
	found = (struct series_group){
		.label = group->label,
		.tasks = group->tasks,
		.outstanding = group->outstanding,
		.counters = group->counters,
	};
	memcpy(found.open_ns, group->open_ns, sizeof(found.open_ns));
	return found;
}

const char *series_key(const struct series *series)
{
	return series->options.by == ROW_BY_CGROUP ? "cgroup" : "comm";
}

struct series_census series_census(const struct series *series)
{
	return series->census;
}
