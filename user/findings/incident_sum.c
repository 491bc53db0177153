/* SPDX-License-Identifier: GPL-2.0-only */
/* Sums up the outliers of an incident: numbers, tasks, the worst one, the culprits. */
#include <stdlib.h>
#include <string.h>

#include "findings/incident_private.h"

static bool is_worse(enum incident_class class, const struct dwell_outlier *a,
		     const struct dwell_outlier *b)
{
	/* Durations of outliers of different classes cannot be compared. */
	return class == INCIDENT_REST ? outlier_excess(a) > outlier_excess(b) : a->ns > b->ns;
}

/* ---- different ones --------------------------------------------------------- */

typedef int comparison(const void *left, const void *right);

static const struct dwell_outlier *outlier_at(const void *place)
{
	return &(*(const struct incident_held *const *)place)->outlier;
}

static int compare_tasks(const void *left, const void *right)
{
	const struct dwell_outlier *a = outlier_at(left), *b = outlier_at(right);

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

static int compare_processes(const void *left, const void *right)
{
	const struct dwell_outlier *a = outlier_at(left), *b = outlier_at(right);

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int compare_programs(const void *left, const void *right)
{
	return strncmp(outlier_at(left)->comm, outlier_at(right)->comm, DWELL_COMM_LEN);
}

/* Counts different outliers by @compare, and sorts @held. Timers of unknown owners do not count. */
static size_t count_different(const struct incident_held **held, size_t count, comparison *compare)
{
	const struct incident_held *previous = NULL;
	size_t different = 0;

	qsort(held, count, sizeof(*held), compare);
	for (size_t i = 0; i < count; i++) {
		if (!held[i]->outlier.tid)
			continue;
		different += !previous || compare(&previous, &held[i]) != 0;
		previous = held[i];
	}
	return different;
}

/* ---- culprits --------------------------------------------------------------- */

/* Culprits are the same by name; those without a name, by number. */
static int compare_names(const struct outlier_culprit *a, const struct outlier_culprit *b)
{
	int order = strncmp(a->comm, b->comm, DWELL_COMM_LEN);

	if (order || *a->comm)
		return order;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

static int compare_culprits(const void *left, const void *right)
{
	const struct outlier_culprit *a = *(const struct outlier_culprit *const *)left;
	const struct outlier_culprit *b = *(const struct outlier_culprit *const *)right;
	int order = compare_names(a, b);

	return order ? order : (a->tid > b->tid) - (a->tid < b->tid);
}

/* Keeps @culprit if it is among the largest. */
static void keep_culprit(struct incident *incident, const struct outlier_culprit *culprit)
{
	size_t at = incident->culprits;

	while (at && incident->culprit[at - 1].ns < culprit->ns)
		at--;
	if (at == INCIDENT_CULPRITS)
		return;
	if (incident->culprits < INCIDENT_CULPRITS)
		incident->culprits++;
	memmove(&incident->culprit[at + 1], &incident->culprit[at],
		(incident->culprits - at - 1) * sizeof(*culprit));
	incident->culprit[at] = *culprit;
}

/*
 * Adds the @count parts of waits, all of one name and sorted by task, as one culprit. Parts of
 * several tasks may be of the same tasks or of different ones. So the number of tasks is the larger
 * one of the largest part's number and of the number of tasks that have a part of their own.
 */
static void add_culprit(struct incident *incident, const struct outlier_culprit **parts,
			size_t count)
{
	struct outlier_culprit sum = *parts[0];
	uint32_t alone = 0;

	sum.ns = 0;
	for (size_t i = 0; i < count; i++) {
		sum.ns += parts[i]->ns;
		if (parts[i]->pid != sum.pid)
			sum.pid = 0;
		if (parts[i]->tid != sum.tid)
			sum.tid = 0;
		if (parts[i]->tasks > sum.tasks)
			sum.tasks = parts[i]->tasks;
		alone += parts[i]->tid && (!i || parts[i]->tid != parts[i - 1]->tid);
	}
	if (alone > sum.tasks)
		sum.tasks = alone;
	sum.share = (double)sum.ns / (double)incident->waited_ns;
	keep_culprit(incident, &sum);
}

static void add_culprits(struct incident *incident, const struct outlier_culprit **parts,
			 size_t count)
{
	size_t begin = 0;

	qsort(parts, count, sizeof(*parts), compare_culprits);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && !compare_names(parts[begin], parts[i]))
			continue;
		add_culprit(incident, &parts[begin], i - begin);
		begin = i;
	}
}

static void sum_up_waits(struct incident *incident, const struct incident_held **held, size_t count)
{
	const struct outlier_culprit **parts = calloc(count, OUTLIER_CULPRITS * sizeof(*parts));
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		const struct outlier_wait *wait = &held[i]->wait;

		incident->waited_ns += wait->ns;
		incident->others_ns += (uint64_t)(wait->others_share * (double)wait->ns);
		incident->unseen_ns += (uint64_t)(wait->unseen_share * (double)wait->ns);
		for (size_t k = 0; k < wait->count && parts; k++)
			parts[used++] = &wait->culprit[k];
	}
	/* Without memory the line has no culprits; -v still tells each outlier's. */
	if (used)
		add_culprits(incident, parts, used);
	free(parts);
}

void incident_sum_up(struct incident *incident, const struct incident_held **held, size_t count)
{
	*incident = (struct incident){.class = held[0]->class, .count = count};
	for (size_t i = 1; i < count; i++)
		if (held[i]->class != incident->class)
			incident->class = INCIDENT_REST;
	for (size_t i = 0; i < count; i++) {
		const struct dwell_outlier *outlier = &held[i]->outlier;

		incident->open += outlier->open != 0;
		if (outlier->measure < DWELL_MEASURES)
			incident->kinds[outlier->measure]++;
		if (!incident->worst || is_worse(incident->class, outlier, incident->worst))
			incident->worst = outlier;
	}
	sum_up_waits(incident, held, count);
	incident->tasks = count_different(held, count, compare_tasks);
	incident->processes = count_different(held, count, compare_processes);
	incident->programs = count_different(held, count, compare_programs);
}
