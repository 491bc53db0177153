/* SPDX-License-Identifier: GPL-2.0-only */
/* Views of the timer ledger: making rows of tallies, ranking them, and cutting them to a limit. */
#include "model/timer_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "model/state.h"
#include "model/tally.h"
#include "model/timer_column.h"

/* A number grows if it rises at least by this many, and by this share of its beginning. */
#define OUTSTANDING_LEAST 5
#define OUTSTANDING_SHARE 0.02
#define RATE_LEAST 5 /* a second */
#define RATE_SHARE 0.2
#define SAMPLE_LEAST_NS 500000000ULL /* half of the time between two samples */

/* ---- rows --------------------------------------------------------------------------- */

/*
 * Fills @rate with the timers armed a second between samples, and @at with the mono times at which
 * these intervals end. Returns how many there are. Intervals that are too short to tell, as the
 * window's last one may be, are left out.
 */
static size_t rates_of(const struct model *model, const struct course *course, uint64_t *at,
		       double *rate)
{
	const uint64_t least = SAMPLE_LEAST_NS * model->sample_every;
	uint64_t before = model->window_start, armed = 0;
	size_t count = 0;

	for (size_t i = 0; i < model->samples; i++) {
		uint64_t ns = saturating_subtract(model->sample_at[i], before);

		if (ns < least)
			continue;
		at[count] = model->sample_at[i];
		rate[count++] =
			(double)saturating_subtract(course->armed[i], armed) * 1e9 / (double)ns;
		before = model->sample_at[i];
		armed = course->armed[i];
	}
	return count;
}

static void judge_growth(const struct model *model, const struct course *course,
			 struct timer_row *row)
{
	double outstanding[COURSE_SAMPLES], rate[COURSE_SAMPLES];
	uint64_t at[COURSE_SAMPLES];
	size_t rates = rates_of(model, course, at, rate);

	for (size_t i = 0; i < model->samples; i++)
		outstanding[i] = (double)course->outstanding[i];
	row->outstanding = growth_judge(model->sample_at, outstanding, model->samples,
					OUTSTANDING_LEAST, OUTSTANDING_SHARE);
	row->rate = growth_judge(at, rate, rates, RATE_LEAST, RATE_SHARE);
}

/* The number of return addresses in @stack; zeros follow them. */
static size_t depth_of(const uint64_t stack[DWELL_STACK_DEPTH])
{
	size_t depth = 0;

	while (depth < DWELL_STACK_DEPTH && stack[depth])
		depth++;
	return depth;
}

/* Fills @row from @tally, and moves what that owns to it. */
static void fill_row(const struct model *model, struct tally *tally, enum timer_by by,
		     struct timer_row *row)
{
	const struct timer_row_key *key = &tally->key;
	struct timer_sums *sums = &tally->sums;

	row->by = by;
	row->pid = key->pid;
	row->tid = key->tid;
	row->cgroup = key->cgroup;
	memcpy(row->comm, key->comm, sizeof(row->comm));
	memcpy(row->api, key->api, sizeof(row->api));
	row->function = key->function;
	row->kernel = key->kernel;
	row->unowned = key->unowned;
	row->remainder = key->remainder;
	row->wheel = key->wheel;
	row->kind = key->kind;
	row->exited = !tally->alive;
	row->timers = sums->counts;
	row->before = sums->before;
	row->woke = sums->woke;
	row->callback_ns = sums->callback_ns;
	row->slack_granted = sums->slack_granted;
	row->slack_used = sums->slack_used;
	row->timeout = sums->timeout;
	row->lateness = sums->lateness;
	memset(&sums->timeout, 0, sizeof(sums->timeout));
	memset(&sums->lateness, 0, sizeof(sums->lateness));
	if (tally->oldest)
		row->oldest_ns = saturating_subtract(model->window_end, tally->oldest);
	if (tally->due > (int64_t)model->window_end)
		row->due_ns = (uint64_t)tally->due - model->window_end;
	judge_growth(model, &tally->course, row);
	memcpy(row->site, tally->site, sizeof(row->site));
	row->sites = tally->sites;
	row->site_samples = tally->site_samples;
	for (size_t i = 0; i < row->sites; i++) {
		row->site[i].depth = depth_of(row->site[i].stack);
		row->site[i].user_depth = depth_of(row->site[i].user_stack);
	}
}

unsigned int timer_unmeasured(const struct unmeasured *unmeasured, enum dwell_timer_kind kind)
{
	const unsigned int figures[] = {
		[DWELL_TIMER_KERNEL] = unmeasured->kernel,
		[DWELL_TIMER_SLEEP] = unmeasured->sleeps,
		[DWELL_TIMER_USER] = unmeasured->users,
		[DWELL_TIMER_WHEEL] = unmeasured->wheel,
	};

	return figures[kind];
}

/* Growth says nothing if events are not seen: then counts may rise and never fall. */
static void forget_unmeasured(const struct unmeasured *unmeasured, struct timer_row *row)
{
	const unsigned int figures = timer_unmeasured(unmeasured, row->kind);

	if (figures & FIGURE_OUTSTANDING)
		row->outstanding = (struct growth){0};
	if (figures & FIGURE_ARMED)
		row->rate = (struct growth){0};
}

bool timer_row_leaks(const struct timer_row *row)
{
	return row->outstanding.grows;
}

bool timer_rows_judged(const struct timer_rows *rows)
{
	return rows->samples >= GROWTH_SAMPLES;
}

/* ---- ranking -------------------------------------------------------------------------- */

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Compares ids, beginning with the one that is sorted by. */
static int compare_ids(const struct timer_row *a, const struct timer_row *b,
		       const struct column *sort)
{
	struct value x = {0}, y = {0};
	int order;

	if (sort->type == COLUMN_ID) {
		timer_value(sort, a, &x);
		timer_value(sort, b, &y);
	}
	order = compare(x.number, y.number) ?: compare(a->pid, b->pid) ?: compare(a->tid, b->tid);
	return order ?: compare(a->cgroup, b->cgroup) ?: compare(a->function, b->function);
}

static int compare_rows(const void *a, const void *b, void *context)
{
	const struct timer_row *x = a, *y = b;
	const struct column *sort = context;
	int ranks = compare(timer_rank(sort, y), timer_rank(sort, x));
	int names = strncmp(x->comm, y->comm, DWELL_COMM_LEN), apis = strcmp(x->api, y->api);

	if (ranks)
		return ranks;
	if (sort->type == COLUMN_COMM && names)
		return names;
	if (sort->type == COLUMN_API && apis)
		return apis;
	return compare_ids(x, y, sort) ?: names ?: apis;
}

static void row_free_parts(struct timer_row *row)
{
	dist_clear(&row->timeout);
	dist_clear(&row->lateness);
}

/* Cuts @rows to what @view shows. */
static void limit_rows(const struct timer_view *view, struct timer_rows *rows)
{
	size_t limit = view->limit ? view->limit : SIZE_MAX;

	while (rows->count > limit) {
		row_free_parts(&rows->row[--rows->count]);
		rows->hidden++;
	}
}

static int make_rows(const struct model *model, struct tally *tally, const struct timer_view *view,
		     const struct unmeasured *unmeasured, struct timer_rows *rows)
{
	rows->samples = model->samples;
	rows->row = calloc(HASH_COUNT(tally) + 1, sizeof(*rows->row));
	if (!rows->row)
		return -ENOMEM;
	for (; tally; tally = tally->hh.next) {
		struct timer_row *row = &rows->row[rows->count];

		fill_row(model, tally, view->by, row);
		forget_unmeasured(unmeasured, row);
		rows->grown += timer_row_leaks(row);
		rows->faster += row->rate.grows && !timer_row_leaks(row);
		if (!view->leaks || timer_row_leaks(row)) {
			rows->count++;
			continue;
		}
		row_free_parts(row);
		memset(row, 0, sizeof(*row));
	}
	qsort_r(rows->row, rows->count, sizeof(*rows->row), compare_rows,
		(void *)(view->sort ?: timer_sort_key(0)));
	limit_rows(view, rows);
	return 0;
}

int model_timer_rows(struct model *model, const struct timer_view *view,
		     const struct naming *naming, const struct unmeasured *unmeasured,
		     struct timer_rows *rows)
{
	__attribute__((cleanup(tallies_free))) struct tally *tallies = NULL;
	int err = tally_all(model, view, naming, &tallies);

	memset(rows, 0, sizeof(*rows));
	return err ? err : make_rows(model, tallies, view, unmeasured, rows);
}

void timer_rows_free(struct timer_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		row_free_parts(&rows->row[i]);
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}
