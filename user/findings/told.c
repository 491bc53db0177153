/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of the intervals told lately, by which one that tells the same again is recognized. */
#include "findings/told.h"

#define BIT(measure) (1U << (measure))
#define WAITS (BIT(DWELL_WOKEN) | BIT(DWELL_PREEMPTED) | BIT(DWELL_THROTTLED))

/* The scheduler's time stamps and dwell's own differ by less than this. */
#define TOLERANCE_NS 50000

static bool is_wait(uint32_t measure)
{
	return measure < DWELL_MEASURES && (BIT(measure) & WAITS);
}

static bool same_task(const struct told_interval *interval, const struct dwell_outlier *outlier)
{
	return interval->tid && interval->tid == outlier->tid && interval->start == outlier->start;
}

struct told_interval told_interval(const struct dwell_outlier *outlier)
{
	return (struct told_interval){
		.tid = outlier->tid,
		.measure = outlier->measure,
		.start = outlier->start,
		.from = outlier->from,
		.to = outlier->to,
		.open = outlier->open != 0,
	};
}

bool told_is_part(const struct told_interval *part, const struct dwell_outlier *outlier)
{
	bool wanted = is_wait(part->measure);

	if (outlier->measure == DWELL_TIMER_LATENCY)
		wanted |= part->measure == DWELL_LATENESS;
	else if (outlier->measure != DWELL_DWELL)
		return false;
	return wanted && !part->open && same_task(part, outlier) &&
	       part->from + TOLERANCE_NS >= outlier->from && part->to <= outlier->to + TOLERANCE_NS;
}

bool told_is_beginning(const struct told_interval *interval, const struct dwell_outlier *outlier)
{
	bool alike = interval->measure == outlier->measure ||
		     (is_wait(interval->measure) && is_wait(outlier->measure));

	return interval->open && alike && same_task(interval, outlier) &&
	       interval->to > outlier->from && interval->to <= outlier->to + TOLERANCE_NS;
}

void told_count(struct told_parts *parts, const struct told_interval *part)
{
	parts->kinds |= BIT(part->measure);
	if (part->measure == DWELL_LATENESS)
		parts->lateness_ns += part->to - part->from;
	else
		parts->waits_ns += part->to - part->from;
}

void told_find(const struct told *told, const struct dwell_outlier *outlier,
	       struct told_parts *parts)
{
	*parts = (struct told_parts){0};
	if (outlier->measure != DWELL_TIMER_LATENCY && outlier->measure != DWELL_DWELL)
		return;
	for (size_t i = 0; i < TOLD_MAX; i++)
		if (told_is_part(&told->interval[i], outlier))
			told_count(parts, &told->interval[i]);
}

/* Whether @outlier would be none without the @ns that were already told. */
static bool explains(const struct dwell_outlier *outlier, uint64_t ns)
{
	return ns && (ns >= outlier->ns || outlier->ns - ns <= outlier->threshold);
}

enum told_choice told_choose(const struct dwell_outlier *outlier, const struct told_parts *parts)
{
	if (!parts->kinds)
		return TOLD_BOTH;
	/* The waits are the incident; a long run besides is another one. */
	if (outlier->measure == DWELL_DWELL)
		return explains(outlier, parts->waits_ns) ? TOLD_PARTS : TOLD_BOTH;
	/*
	 * The parts tell more than the whole: lateness which callbacks ran ahead of the timer,
	 * throttling which group's quota it was.
	 */
	if (explains(outlier, parts->lateness_ns))
		return TOLD_PARTS;
	if (parts->kinds & BIT(DWELL_THROTTLED))
		return explains(outlier, parts->lateness_ns + parts->waits_ns) ? TOLD_PARTS :
										 TOLD_BOTH;
	return TOLD_OUTER;
}

void told_add(struct told *told, const struct dwell_outlier *outlier,
	      const struct told_parts *parts, uint64_t number)
{
	struct told_interval interval = told_interval(outlier);

	/* The dwell that follows a timer latency contains its wait, which may already be told. */
	if (outlier->measure == DWELL_TIMER_LATENCY) {
		if (parts->kinds & WAITS || outlier->runqueue > outlier->to)
			return;
		interval.measure = DWELL_WOKEN;
		interval.from = outlier->to - outlier->runqueue;
	}
	if (outlier->measure == DWELL_DWELL || !outlier->tid)
		return;
	interval.number = number;
	told->interval[told->next++ % TOLD_MAX] = interval;
}
