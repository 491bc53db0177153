// SPDX-License-Identifier: GPL-2.0-only
/* Series of Go: the owners and creators that are exported by name, and the sums of all others. */
#include "export/go_series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/*
 * A larger one takes the place of a named one after being more than CLEARLY times as large in
 * PATIENCE updates in a row, and at most one place in ten changes at a time.
 */
#define CLEARLY 2
#define PATIENCE 4
#define CHANGES(limit) (1 + (limit) / 10)

/* Names that are kept of a comm, also unnamed ones, for they may become large. */
#define ITEMS_MAX 8192

#define KINDS (GO_GOROUTINES + 1)

/* An owner of timers of one kind, or a creator of goroutines. */
struct item {
	uint64_t count;
	bool named;
	unsigned int streak; /* updates in a row with clearly more than a named one */
	unsigned int kind;   /* enum go_timer_kind, or GO_GOROUTINES */
	UT_hash_handle hh;
	char key[]; /* @kind in one byte, and the label */
};

static const char *label_of(const struct item *item)
{
	return item->key + 1;
}

struct comm {
	struct go_comm told;
	struct item *items;
	struct go_line *line; /* owned; told.line */
	uint64_t other[KINDS];
	bool has_other[KINDS]; /* now or at an earlier update */
	UT_hash_handle hh;
	char label[];
};

struct go_series {
	size_t limit;
	struct comm *comms;
	struct comm **list; /* owned; by label */
	size_t count;
};

struct go_series *go_series_new(size_t limit)
{
	struct go_series *series = calloc(1, sizeof(*series));

	if (series)
		series->limit = limit;
	return series;
}

static void forget_item(struct comm *comm, struct item *item)
{
	HASH_DEL(comm->items, item);
	free(item);
}

static void forget_comm(struct go_series *series, struct comm *comm)
{
	struct item *item, *next;

	HASH_ITER(hh, comm->items, item, next)
		forget_item(comm, item);
	HASH_DEL(series->comms, comm);
	free(comm->line);
	free(comm);
}

void go_series_free(struct go_series *series)
{
	struct comm *comm, *next;

	if (!series)
		return;
	HASH_ITER(hh, series->comms, comm, next)
		forget_comm(series, comm);
	free(series->list);
	free(series);
}

/* ---- adding up ----------------------------------------------------------------- */

void go_series_begin(struct go_series *series)
{
	series->count = 0;
	for (struct comm *comm = series->comms; comm; comm = comm->hh.next) {
		comm->told = (struct go_comm){.label = comm->label, .runqueue_known = true};
		memset(comm->other, 0, sizeof(comm->other));
		for (struct item *item = comm->items; item; item = item->hh.next)
			item->count = 0;
	}
}

/* The comm of @label, made if there is none. NULL without memory. */
static struct comm *comm_get(struct go_series *series, const char *label)
{
	const size_t length = strlen(label);
	struct comm *comm;

	HASH_FIND(hh, series->comms, label, length, comm);
	if (comm)
		return comm;
	comm = calloc(1, sizeof(*comm) + length + 1);
	if (!comm)
		return NULL;
	memcpy(comm->label, label, length);
	comm->told = (struct go_comm){.label = comm->label, .runqueue_known = true};
	HASH_ADD(hh, series->comms, label, length, comm);
	if (comm->hh.tbl)
		return comm;
	free(comm);
	return NULL;
}

/*
 * Writes the key of @kind and @name to @key. To a reader an empty label is none, so it gets
 * another one. Returns its length in bytes, with the NUL.
 */
static size_t write_key(char key[1 + LABEL_LEN], unsigned int kind, const char *name)
{
	key[0] = (char)kind;
	if (!name || !*label_write(key + 1, name, strlen(name)))
		strcpy(key + 1, GO_SERIES_NAMELESS);
	return 1 + strlen(key + 1) + 1;
}

/* The item of @kind and @name, made if there is none. NULL without memory or room. */
static struct item *item_get(struct comm *comm, unsigned int kind, const char *name)
{
	char key[1 + LABEL_LEN];
	const size_t length = write_key(key, kind, name);
	struct item *item;

	HASH_FIND(hh, comm->items, key, length, item);
	if (item || HASH_COUNT(comm->items) >= ITEMS_MAX)
		return item;
	item = calloc(1, sizeof(*item) + length);
	if (!item)
		return NULL;
	item->kind = kind;
	memcpy(item->key, key, length);
	HASH_ADD(hh, comm->items, key, length, item);
	if (item->hh.tbl)
		return item;
	free(item);
	return NULL;
}

static void add_count(struct comm *comm, unsigned int kind, const struct go_count *count)
{
	struct item *item = item_get(comm, kind, count->name);

	if (item)
		item->count += count->count;
	else
		comm->other[kind] += count->count;
}

int go_series_add(struct go_series *series, const char *name, const struct go_figures *figures)
{
	char label[LABEL_LEN];
	struct comm *comm;

	comm = comm_get(series, *label_write(label, name, strlen(name)) ? label : GO_SERIES_OTHER);
	if (!comm)
		return -ENOMEM;
	for (size_t i = 0; i < figures->timers; i++)
		add_count(comm, figures->timer[i].kind, &figures->timer[i]);
	for (size_t i = 0; i < figures->goroutines; i++)
		add_count(comm, GO_GOROUTINES, &figures->goroutine[i]);
	for (int i = 0; i < GO_TIMER_KINDS; i++)
		comm->other[i] += figures->folded_timers[i];
	comm->other[GO_GOROUTINES] += figures->folded_goroutines;
	comm->told.processes++;
	comm->told.dead += figures->dead;
	comm->told.overdue += figures->overdue;
	if (comm->told.overdue_max_ns < figures->overdue_max_ns)
		comm->told.overdue_max_ns = figures->overdue_max_ns;
	comm->told.runqueue += figures->runqueue;
	comm->told.runqueue_known &= figures->runqueue_known;
	return 0;
}

/* ---- who is named ---------------------------------------------------------------- */

static int compare_items(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;

	if ((*x)->count != (*y)->count)
		return (*x)->count < (*y)->count ? 1 : -1;
	return strcmp(label_of(*x), label_of(*y));
}

/* Lists the items of goroutines or of timers that are named or not, the largest first. */
static size_t list_items(const struct comm *comm, bool goroutines, bool named, struct item **list)
{
	size_t count = 0;

	for (struct item *item = comm->items; item; item = item->hh.next)
		if (item->named == named && (item->kind == GO_GOROUTINES) == goroutines)
			list[count++] = item;
	if (count)
		qsort(list, count, sizeof(*list), compare_items);
	return count;
}

/* Gives places to @other ones: free places at once, those of @named ones after some updates. */
static void elect(struct item **named, size_t nr_named, struct item **other, size_t others,
		  size_t limit)
{
	size_t changes = CHANGES(limit), at = 0;

	for (; nr_named + at < limit && at < others && other[at]->count; at++)
		other[at]->named = true;
	for (; at < others; at++, nr_named -= !!nr_named) {
		struct item *smallest = nr_named ? named[nr_named - 1] : NULL;
		const bool clearly = smallest && other[at]->count > CLEARLY * smallest->count;

		other[at]->streak = clearly ? other[at]->streak + 1 : 0;
		if (other[at]->streak < PATIENCE || !changes)
			continue;
		smallest->named = false;
		smallest->streak = 0;
		other[at]->named = true;
		changes--;
	}
}

/* Folds what is not named, and forgets the names of what is no more. */
static void fold(struct comm *comm)
{
	struct item *item, *next;

	HASH_ITER(hh, comm->items, item, next) {
		if (item->named)
			continue;
		comm->other[item->kind] += item->count;
		if (!item->count)
			forget_item(comm, item);
	}
	for (int i = 0; i < KINDS; i++)
		comm->has_other[i] |= comm->other[i] > 0;
}

static int compare_lines(const void *a, const void *b)
{
	const struct go_line *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->label, y->label);
}

/* 0 or -ENOMEM. */
static int make_lines(struct comm *comm)
{
	size_t count = 0;

	free(comm->line);
	comm->line = calloc(HASH_COUNT(comm->items) + KINDS, sizeof(*comm->line));
	if (!comm->line)
		return -ENOMEM;
	for (const struct item *item = comm->items; item; item = item->hh.next)
		if (item->named)
			comm->line[count++] = (struct go_line){
				.kind = item->kind, .label = label_of(item), .count = item->count};
	for (unsigned int i = 0; i < KINDS; i++)
		if (comm->has_other[i])
			comm->line[count++] = (struct go_line){
				.kind = i, .label = GO_SERIES_OTHER, .count = comm->other[i]};
	if (count)
		qsort(comm->line, count, sizeof(*comm->line), compare_lines);
	comm->told.line = comm->line;
	comm->told.lines = count;
	return 0;
}

/* 0 or -ENOMEM. */
static int settle(struct comm *comm, size_t limit)
{
	const size_t room = HASH_COUNT(comm->items) + 1;
	struct item **list = calloc(2 * room, sizeof(struct item *));

	if (!list)
		return -ENOMEM;
	for (int goroutines = 0; goroutines < 2; goroutines++) {
		const size_t named = list_items(comm, goroutines, true, list);
		const size_t others = list_items(comm, goroutines, false, list + room);

		elect(list, named, list + room, others, limit);
	}
	free(list);
	fold(comm);
	return make_lines(comm);
}

static int compare_comms(const void *a, const void *b)
{
	const struct comm *const *x = a, *const *y = b;

	return strcmp((*x)->label, (*y)->label);
}

int go_series_end(struct go_series *series)
{
	struct comm *comm, *next;
	size_t count = 0;

	HASH_ITER(hh, series->comms, comm, next)
		if (!comm->told.processes)
			forget_comm(series, comm);
	free(series->list);
	series->list = calloc(HASH_COUNT(series->comms) + 1, sizeof(struct comm *));
	if (!series->list)
		return -ENOMEM;
	for (comm = series->comms; comm; comm = comm->hh.next) {
		if (settle(comm, series->limit))
			return -ENOMEM;
		series->list[count++] = comm;
	}
	if (count)
		qsort(series->list, count, sizeof(struct comm *), compare_comms);
	series->count = count;
	return 0;
}

/* ---- what is exported -------------------------------------------------------------- */

size_t go_series_count(const struct go_series *series)
{
	return series->count;
}

const struct go_comm *go_series_at(const struct go_series *series, size_t at)
{
	return &series->list[at]->told;
}
