// SPDX-License-Identifier: GPL-2.0-only
/* Figures of Go: what a Go process held at one moment, in no more detail than is exported. */
#include "export/go_figures.h"

#include <errno.h>
#include <stdlib.h>

/* Equal names of one process are one pointer. */
static int compare_names(const void *a, const void *b)
{
	const struct go_count *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return ((uintptr_t)x->name > (uintptr_t)y->name) -
	       ((uintptr_t)x->name < (uintptr_t)y->name);
}

static int compare_counts(const void *a, const void *b)
{
	const struct go_count *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

/* Adds up counts of one kind and name, and sorts them, the largest first. Returns how many are left. */
static size_t merge(struct go_count *count, size_t counts)
{
	size_t kept = 0;

	if (!counts)
		return 0;
	qsort(count, counts, sizeof(*count), compare_names);
	for (size_t i = 1; i < counts; i++)
		if (compare_names(&count[kept], &count[i]))
			count[++kept] = count[i];
		else
			count[kept].count += count[i].count;
	kept++;
	qsort(count, kept, sizeof(*count), compare_counts);
	return kept;
}

/* Gives back what *@count has beyond @counts. */
static void shrink(struct go_count **count, size_t counts)
{
	struct go_count *smaller = counts ? realloc(*count, counts * sizeof(**count)) : NULL;

	if (smaller)
		*count = smaller;
}

static int take_timers(const struct go_rows *rows, struct go_figures *figures)
{
	size_t count = 0;

	figures->timer = malloc((rows->timers + 1) * sizeof(*figures->timer));
	if (!figures->timer)
		return -ENOMEM;
	for (size_t i = 0; i < rows->timers; i++) {
		const struct go_timer_row *row = &rows->timer[i];

		if (row->others)
			figures->folded_timers[row->kind] += row->count;
		else if (row->count)
			figures->timer[count++] = (struct go_count){
				.name = row->owner, .kind = row->kind, .count = row->count};
	}
	count = merge(figures->timer, count);
	for (; count > GO_COUNTS_MAX; count--)
		figures->folded_timers[figures->timer[count - 1].kind] +=
			figures->timer[count - 1].count;
	figures->timers = count;
	shrink(&figures->timer, count);
	return 0;
}

static int take_goroutines(const struct go_rows *rows, struct go_figures *figures)
{
	size_t count = 0;

	figures->goroutine = malloc((rows->goroutines + 1) * sizeof(*figures->goroutine));
	if (!figures->goroutine)
		return -ENOMEM;
	for (size_t i = 0; i < rows->goroutines; i++) {
		const struct go_goroutine_row *row = &rows->goroutine[i];

		if (row->others)
			figures->folded_goroutines += row->count;
		else if (row->count)
			figures->goroutine[count++] =
				(struct go_count){.name = row->creator, .count = row->count};
	}
	count = merge(figures->goroutine, count);
	for (; count > GO_COUNTS_MAX; count--)
		figures->folded_goroutines += figures->goroutine[count - 1].count;
	figures->goroutines = count;
	shrink(&figures->goroutine, count);
	return 0;
}

int go_figures_make(const struct go_snapshot *snapshot, const struct go_rows *rows,
		    struct go_figures *figures)
{
	int err;

	*figures = (struct go_figures){
		.dead = rows->dead,
		.overdue = rows->overdue,
		.overdue_max_ns = rows->overdue_max_ns,
		.runqueue = snapshot->runqueue,
		.runqueue_known = snapshot->runqueue_known,
	};
	err = take_timers(rows, figures);
	if (!err)
		err = take_goroutines(rows, figures);
	if (err)
		go_figures_clear(figures);
	return err;
}

void go_figures_clear(struct go_figures *figures)
{
	free(figures->timer);
	free(figures->goroutine);
	*figures = (struct go_figures){0};
}
