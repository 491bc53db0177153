/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranks: the order of rows, and which of them are shown. */
#include <stdlib.h>
#include <string.h>

#include "go/view.h"

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_times(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_growths(const struct growth *a, const struct growth *b)
{
	const double x = a->grows ? a->per_s : 0, y = b->grows ? b->per_s : 0;

	return x < y ? -1 : x > y;
}

/* What has no name comes first. */
static int compare_names(const char *a, const char *b)
{
	return a == b ? 0 : !a ? -1 : !b ? 1 : strcmp(a, b);
}

static int rank_timers(const struct go_timer_row *x, const struct go_timer_row *y,
		       enum go_sort sort)
{
	/* Rows without an armed timer have no times. */
	const int none = compare(!x->count, !y->count);

	switch (sort) {
	case GO_SORT_GROWTH:
		return compare_growths(&y->growth, &x->growth);
	case GO_SORT_OVERDUE:
		return compare(y->overdue_max_ns, x->overdue_max_ns);
	case GO_SORT_NEXT:
		return none ?: compare_times(x->next, y->next);
	case GO_SORT_LAST:
		return none ?: compare_times(y->last, x->last);
	default:
		return 0;
	}
}

static int compare_timers(const void *a, const void *b, void *context)
{
	const struct go_timer_row *x = a, *y = b;
	const struct go_view *view = context;
	int order = rank_timers(x, y, view->sort);

	order = order ?: compare(y->count, x->count) ?: compare(y->dead, x->dead);
	order = order ?: compare(x->kind, y->kind) ?: compare(x->period_ns, y->period_ns);
	return order ?: compare_names(x->owner, y->owner) ?: compare_names(x->creator, y->creator);
}

static int compare_goroutines(const void *a, const void *b, void *context)
{
	const struct go_goroutine_row *x = a, *y = b;
	const struct go_view *view = context;
	int order = 0;

	if (view->sort == GO_SORT_GROWTH)
		order = compare_growths(&y->growth, &x->growth);
	else if (view->sort == GO_SORT_AGE)
		order = compare(y->oldest_ns, x->oldest_ns);
	order = order ?: compare(y->count, x->count) ?: compare_names(x->place, y->place);
	order = order ?: compare_names(x->creator, y->creator) ?: compare_names(x->wait, y->wait);
	for (int i = 0; i < GO_STATES && !order; i++)
		order = compare(y->state[i], x->state[i]);
	return order;
}

static void keep_growing(struct go_rows *rows)
{
	size_t timers = 0, goroutines = 0;

	for (size_t i = 0; i < rows->timers; i++)
		if (rows->timer[i].growth.grows)
			rows->timer[timers++] = rows->timer[i];
	for (size_t i = 0; i < rows->goroutines; i++)
		if (rows->goroutine[i].growth.grows)
			rows->goroutine[goroutines++] = rows->goroutine[i];
	rows->timers = timers;
	rows->goroutines = goroutines;
}

static void cut_timers(struct go_rows *rows, size_t limit)
{
	while (limit && rows->timers > limit)
		rows->timers_hidden += rows->timer[--rows->timers].count > 0;
}

static void cut_goroutines(struct go_rows *rows, size_t limit)
{
	if (!limit || rows->goroutines <= limit)
		return;
	rows->goroutines_hidden += rows->goroutines - limit;
	rows->goroutines = limit;
}

void go_rows_rank(struct go_rows *rows, const struct go_view *view)
{
	if (view->leaks)
		keep_growing(rows);
	if (rows->timers)
		qsort_r(rows->timer, rows->timers, sizeof(*rows->timer), compare_timers,
			(void *)view);
	if (rows->goroutines)
		qsort_r(rows->goroutine, rows->goroutines, sizeof(*rows->goroutine),
			compare_goroutines, (void *)view);
	cut_timers(rows, view->limit);
	cut_goroutines(rows, view->limit);
}
