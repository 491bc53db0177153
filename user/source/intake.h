/* SPDX-License-Identifier: GPL-2.0-only */
/* The intake: who takes what a source hands over. A recorder implements it, a replay calls it. */
#ifndef DWELL_SOURCE_INTAKE_H
#define DWELL_SOURCE_INTAKE_H

#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

/* A place where a timer was armed, and how often it was met there. */
struct intake_site {
	const struct dwell_timer_key *owner;
	uint64_t samples;
	uint64_t stack[DWELL_STACK_DEPTH]; /* return addresses, the innermost first, then zeros */
	uint64_t user_stack[DWELL_STACK_DEPTH];
};

/*
 * One function for each kind of thing. A NULL one takes none of its kind, and a source may
 * leave that unread. What a pointer shows is the source's, and gone when the call returns.
 * Each returns 0, or a negative errno that ends what the source was asked for.
 */
struct intake {
	void *context; /* the first argument of each call */

	/* A task's record, whole: DWELL_LIVE of a read, the other kinds as they happen. */
	int (*record)(void *context, const struct dwell_record *record);

	/*
	 * All that a timer's key has counted so far. May also return 1: the owner is gone. Then
	 * the source may forget the key, and says so by a call of @forgotten.
	 */
	int (*timers)(void *context, const struct dwell_timer_key *key,
		      const struct dwell_timer_counts *counts);
	/* The last counts of a key: the next ones under it begin at 0. */
	int (*forgotten)(void *context, const struct dwell_timer_key *key,
			 const struct dwell_timer_counts *counts);

	/* Each read of the timers that are armed begins with @clear_armed; then one call a timer. */
	void (*clear_armed)(void *context);
	int (*armed)(void *context, const struct dwell_armed_timer *timer);

	/* An interval beyond its threshold, when it has ended or is found open. */
	int (*outlier)(void *context, const struct dwell_outlier *outlier);

	/*
	 * All timers as of the mono time @at have been handed over: with a ledger once a second,
	 * and at the end of the window.
	 */
	int (*sampled)(void *context, uint64_t at);
	/* Only after the end of the window, and only with a ledger of sites. */
	int (*site)(void *context, const struct intake_site *site);
};

static inline int intake_record(const struct intake *intake, const struct dwell_record *record)
{
	return intake->record ? intake->record(intake->context, record) : 0;
}

static inline int intake_timers(const struct intake *intake, const struct dwell_timer_key *key,
				const struct dwell_timer_counts *counts)
{
	return intake->timers ? intake->timers(intake->context, key, counts) : 0;
}

static inline int intake_forgotten(const struct intake *intake, const struct dwell_timer_key *key,
				   const struct dwell_timer_counts *counts)
{
	return intake->forgotten ? intake->forgotten(intake->context, key, counts) : 0;
}

static inline void intake_clear_armed(const struct intake *intake)
{
	if (intake->clear_armed)
		intake->clear_armed(intake->context);
}

static inline int intake_armed(const struct intake *intake, const struct dwell_armed_timer *timer)
{
	return intake->armed ? intake->armed(intake->context, timer) : 0;
}

static inline int intake_outlier(const struct intake *intake, const struct dwell_outlier *outlier)
{
	return intake->outlier ? intake->outlier(intake->context, outlier) : 0;
}

static inline int intake_sampled(const struct intake *intake, uint64_t at)
{
	return intake->sampled ? intake->sampled(intake->context, at) : 0;
}

static inline int intake_site(const struct intake *intake, const struct intake_site *site)
{
	return intake->site ? intake->site(intake->context, site) : 0;
}

#endif
