/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents: holding the outliers of a second, and telling the few incidents that they make. */
#include "findings/incident.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "findings/incident_private.h"
#include "findings/told.h"

#define FIRST_ROOM 64
#define KEPT_ROOM 128 /* more room is freed after a flood, because an outlier takes 5 KB */

struct incidents {
	struct incident_held *held; /* owned */
	/* Owned; has the same room in advance, because telling must not fail for want of memory. */
	const struct incident_held **order;
	size_t count, room;
	uint64_t began; /* mono ns: when the second began, if anything is held */
	uint64_t taken; /* outliers so far, which is the next one's number */
	struct told told;
	struct incident_counts counts;
};

struct incidents *incidents_new(void)
{
	return calloc(1, sizeof(struct incidents));
}

void incidents_free(struct incidents *incidents)
{
	if (!incidents)
		return;
	free(incidents->held);
	free(incidents->order);
	free(incidents);
}

struct incident_counts incidents_counts(const struct incidents *incidents)
{
	return incidents->counts;
}

bool incidents_due(const struct incidents *incidents, uint64_t now)
{
	return incidents->count &&
	       (now - incidents->began >= INCIDENT_NS || incidents->count == INCIDENT_HELD);
}

/* ---- taking ------------------------------------------------------------------ */

static int make_room(struct incidents *incidents)
{
	size_t room = incidents->room ? 2 * incidents->room : FIRST_ROOM;
	const struct incident_held **order;
	struct incident_held *held;

	if (incidents->count < incidents->room)
		return 0;
	if (incidents->count == INCIDENT_HELD)
		return -ENOBUFS;
	held = realloc(incidents->held, room * sizeof(*held));
	if (!held)
		return -ENOMEM;
	incidents->held = held;
	order = realloc(incidents->order, room * sizeof(*order));
	if (!order)
		return -ENOMEM;
	incidents->order = order;
	incidents->room = room;
	return 0;
}

static void make_part(struct incidents *incidents, struct incident_held *held)
{
	if (held->part)
		return;
	held->part = true;
	incidents->counts.parts++;
}

/* The outlier that was remembered under @number, if it is still held. */
static struct incident_held *find_held(struct incidents *incidents, uint64_t number)
{
	uint64_t first = incidents->taken - incidents->count;

	return number < first || number >= incidents->taken ? NULL :
							      &incidents->held[number - first];
}

/*
 * Makes held outliers parts of @outlier if they told of it while it was open. With @also_ended its
 * ended parts become such, too.
 */
static void take_parts(struct incidents *incidents, const struct dwell_outlier *outlier,
		       bool also_ended)
{
	for (size_t i = 0; i < TOLD_MAX; i++) {
		const struct told_interval *interval = &incidents->told.interval[i];
		struct incident_held *held = find_held(incidents, interval->number);

		if (!held || interval->tid != outlier->tid)
			continue;
		if (told_is_beginning(interval, outlier) ||
		    (also_ended && told_is_part(interval, outlier)))
			make_part(incidents, held);
	}
}

static int add(struct incidents *incidents, const struct dwell_outlier *outlier,
	       const struct naming *naming, uint64_t now)
{
	struct incident_held *held;
	enum told_choice choice;
	struct told_parts parts;
	int err = make_room(incidents);

	if (err)
		return err;
	if (!incidents->count)
		incidents->began = now;
	told_find(&incidents->told, outlier, &parts);
	choice = told_choose(outlier, &parts);
	take_parts(incidents, outlier, choice == TOLD_OUTER);
	held = &incidents->held[incidents->count];
	held->outlier = *outlier;
	incident_classify(held, naming);
	if (choice == TOLD_PARTS)
		make_part(incidents, held);
	told_add(&incidents->told, outlier, &parts, incidents->taken++);
	incidents->count++;
	return 0;
}

/* ---- telling ----------------------------------------------------------------- */

/* How much a group matters: the sum of its outliers' durations as multiples of their thresholds. */
struct rank {
	size_t group;
	double weight;
};

static int compare_ranks(const void *left, const void *right)
{
	const struct rank *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

/* Joins the groups that matter least into one, and numbers all groups anew. 0 or -ENOMEM. */
static int join_least(struct incidents *incidents, size_t groups)
{
	struct rank *ranks = calloc(groups, sizeof(*ranks));
	size_t *numbers = calloc(groups, sizeof(*numbers));
	int err = ranks && numbers ? 0 : -ENOMEM;

	for (size_t i = 0; i < groups && !err; i++)
		ranks[i].group = i;
	for (size_t i = 0; i < incidents->count && !err; i++) {
		const struct incident_held *held = &incidents->held[i];

		if (!held->part)
			ranks[held->group].weight += outlier_excess(&held->outlier);
	}
	if (!err)
		qsort(ranks, groups, sizeof(*ranks), compare_ranks);
	for (size_t i = 0; i < groups && !err; i++)
		numbers[ranks[i].group] = i < INCIDENT_LINES ? i : INCIDENT_LINES;
	for (size_t i = 0; i < incidents->count && !err; i++)
		if (!incidents->held[i].part)
			incidents->held[i].group = numbers[incidents->held[i].group];
	free(ranks);
	free(numbers);
	return err;
}

/* Makes all outliers one group, for want of memory to divide them. */
static void join_all(struct incidents *incidents)
{
	for (size_t i = 0; i < incidents->count; i++)
		incidents->held[i].group = 0;
}

static int compare_groups(const void *left, const void *right)
{
	const struct incident_held *a = *(const struct incident_held *const *)left;
	const struct incident_held *b = *(const struct incident_held *const *)right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return (a > b) - (a < b); /* in the order in which they came */
}

/* Makes an incident of each group of the @count outliers at @held. Returns how many there are. */
static size_t sum_up_groups(const struct incident_held **held, size_t count,
			    struct incident incident[INCIDENT_LINES + 1])
{
	size_t begin = 0, incidents = 0;

	qsort(held, count, sizeof(*held), compare_groups);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && held[i]->group == held[begin]->group)
			continue;
		incident_sum_up(&incident[incidents++], &held[begin], i - begin);
		begin = i;
	}
	return incidents;
}

static int compare_times(const void *left, const void *right)
{
	const struct dwell_outlier *a = ((const struct incident *)left)->worst;
	const struct dwell_outlier *b = ((const struct incident *)right)->worst;

	return (a->to > b->to) - (a->to < b->to);
}

static int tell_all(struct incidents *incidents, incident_teller *tell, void *context)
{
	struct incident incident[INCIDENT_LINES + 1];
	size_t count = 0, lines;
	int err = 0;

	for (size_t i = 0; i < incidents->count; i++)
		if (!incidents->held[i].part)
			incidents->order[count++] = &incidents->held[i];
	lines = sum_up_groups(incidents->order, count, incident);
	qsort(incident, lines, sizeof(*incident), compare_times);
	for (size_t i = 0; i < lines && !err; i++) {
		err = tell(context, &incident[i]);
		incidents->counts.lines++;
		incidents->counts.outliers += incident[i].count;
	}
	return err;
}

int incidents_tell(struct incidents *incidents, incident_teller *tell, void *context)
{
	long groups;
	int err;

	if (!incidents->count)
		return 0;
	groups = incident_divide(incidents->held, incidents->count);
	/* One group beyond INCIDENT_LINES needs no joining: the last line has room for it. */
	if (groups < 0 || (groups > INCIDENT_LINES + 1 && join_least(incidents, (size_t)groups)))
		join_all(incidents);
	err = tell_all(incidents, tell, context);
	incidents->count = 0;
	if (incidents->room > KEPT_ROOM) {
		free(incidents->held);
		free(incidents->order);
		incidents->held = NULL;
		incidents->order = NULL;
		incidents->room = 0;
	}
	return err;
}

int incidents_take(struct incidents *incidents, const struct dwell_outlier *outlier,
		   const struct naming *naming, uint64_t now, incident_teller *tell, void *context)
{
	int err = 0;

	if (incidents_due(incidents, now))
		err = incidents_tell(incidents, tell, context);
	if (!err)
		err = add(incidents, outlier, naming, now);
	if (err != -ENOMEM || !incidents->count)
		return err;
	/* Telling makes room in the memory that there is. */
	err = incidents_tell(incidents, tell, context);
	return err ? err : add(incidents, outlier, naming, now);
}
