/* SPDX-License-Identifier: GPL-2.0-only */
/* Courses: how the rows of one process come and go from snapshot to snapshot. */
#include "go/course.h"

#include <stdlib.h>
#include <string.h>

#include "go/row_key.h"

#define SAMPLES 64    /* even; more snapshots are thinned out to fit */
#define ROWS_MAX 8192 /* that are followed, of timers and of goroutines */

/* A number grows if it rises at least by this many, and by this share of its beginning. */
#define GROWTH_LEAST 5
#define GROWTH_SHARE 0.02

/* The counts of the rows of one table, each at every sample; 0 where there was no such row. */
struct table {
	struct go_keys index;
	double (*value)[SAMPLES]; /* owned */
	size_t room;
};

struct go_course {
	struct go_view view;
	uint64_t at[SAMPLES]; /* mono ns */
	size_t samples;
	size_t every, skipped; /* one of so many snapshots is kept; how many since the last one */
	struct table timers, goroutines;
};

struct go_course *go_course_new(const struct go_view *view)
{
	struct go_course *course = calloc(1, sizeof(*course));

	if (course) {
		course->view = *view;
		course->every = 1;
	}
	return course;
}

void go_course_free(struct go_course *course)
{
	if (!course)
		return;
	go_keys_clear(&course->timers.index);
	go_keys_clear(&course->goroutines.index);
	free(course->timers.value);
	free(course->goroutines.value);
	free(course);
}

/* ---- samples -------------------------------------------------------------------- */

/* The counts of @key; NULL: they are not followed, and cannot be. */
static double *follow(struct table *table, struct go_row_key *key)
{
	size_t *found = go_keys_find(&table->index, key, sizeof(*key));

	if (found)
		return table->value[*found];
	if (table->index.count >= ROWS_MAX)
		return NULL;
	if (table->index.count == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		void *value = realloc(table->value, room * sizeof(*table->value));

		if (!value)
			return NULL;
		table->value = value;
		table->room = room;
	}
	found = go_keys_add(&table->index, key, sizeof(*key));
	if (!found)
		return NULL;
	*found = table->index.count - 1;
	return memset(table->value[*found], 0, sizeof(*table->value));
}

static void thin_table(struct table *table)
{
	for (size_t i = 0; i < table->index.count; i++)
		for (size_t k = 0; k < SAMPLES; k++)
			table->value[i][k] = k < SAMPLES / 2 ? table->value[i][2 * k] : 0;
}

/* Drops every second sample. */
static void thin(struct go_course *course)
{
	for (size_t i = 0; i < SAMPLES / 2; i++)
		course->at[i] = course->at[2 * i];
	thin_table(&course->timers);
	thin_table(&course->goroutines);
	course->samples = SAMPLES / 2;
	course->every *= 2;
}

static enum go_state state_of(const struct go_goroutine_row *row)
{
	int state = 0;

	while (state < GO_STATES - 1 && !row->state[state])
		state++;
	return (enum go_state)state;
}

static double *follow_timers(struct go_course *course, const struct go_timer_row *row)
{
	struct go_row_key key =
		go_timer_key(&course->view, row->kind, row->period_ns, row->owner, row->creator);

	return row->others ? NULL : follow(&course->timers, &key);
}

static double *follow_goroutines(struct go_course *course, const struct go_goroutine_row *row)
{
	struct go_row_key key =
		go_goroutine_key(&course->view, state_of(row), row->creator, row->place, row->wait);

	return row->others ? NULL : follow(&course->goroutines, &key);
}

void go_course_add(struct go_course *course, const struct go_rows *rows, int64_t at)
{
	double *value;

	if (course->skipped++ % course->every)
		return;
	if (course->samples == SAMPLES) {
		thin(course);
		course->skipped = 1;
	}
	course->at[course->samples] = (uint64_t)at;
	for (size_t i = 0; i < rows->timers; i++) {
		value = follow_timers(course, &rows->timer[i]);
		if (value)
			value[course->samples] = (double)rows->timer[i].count;
	}
	for (size_t i = 0; i < rows->goroutines; i++) {
		value = follow_goroutines(course, &rows->goroutine[i]);
		if (value)
			value[course->samples] = (double)rows->goroutine[i].count;
	}
	course->samples++;
}

/* ---- judging ---------------------------------------------------------------------- */

static struct growth judge(const struct go_course *course, const double *value)
{
	return value ? growth_judge(course->at, value, course->samples, GROWTH_LEAST,
				    GROWTH_SHARE) :
		       (struct growth){0};
}

void go_course_judge(struct go_course *course, struct go_rows *rows)
{
	rows->samples = course->samples;
	rows->grown = 0;
	for (size_t i = 0; i < rows->timers; i++) {
		struct go_timer_row *row = &rows->timer[i];

		row->growth = judge(course, follow_timers(course, row));
		rows->grown += row->growth.grows;
	}
	for (size_t i = 0; i < rows->goroutines; i++) {
		struct go_goroutine_row *row = &rows->goroutine[i];

		row->growth = judge(course, follow_goroutines(course, row));
		rows->grown += row->growth.grows;
	}
}
