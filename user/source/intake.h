/* SPDX-License-Identifier: GPL-2.0-only */
/* The intake: takes what a source hands over. A recorder implements it, and a replay calls it. */
#ifndef DWELL_SOURCE_INTAKE_H
#define DWELL_SOURCE_INTAKE_H

#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

/* A place where timers of one owner are armed. */
struct intake_site {
	const struct dwell_timer_key *owner;
	uint64_t samples; /* armings seen there; one in DWELL_SITE_EVERY is looked at */
	uint64_t stack[DWELL_STACK_DEPTH]; /* return addresses, the innermost first, then zeros */
	uint64_t user_stack[DWELL_STACK_DEPTH]; /* in user space, in the same form */
};

/*
 * One function for each kind of thing. If a function is NULL, things of its kind are
 * dropped, and a source may leave them unread. Data behind pointers is the source's, and
 * gone when the call returns. Each function returns 0, or a negative errno, which ends the
 * call to the source and is returned by that.
 */
struct intake {
	void *context; /* the first argument of each call */

	/* The whole record of a task: a DWELL_LIVE one in a read, others when they are pushed. */
	int (*record)(void *context, const struct dwell_record *record);

	/*
	 * All counts of a timer's key so far. The function may also return 1 if the owner is
	 * gone, but never for a kernel timer. Then the source may forget the key, and calls
	 * @forgotten if it does.
	 */
	int (*timers)(void *context, const struct dwell_timer_key *key,
		      const struct dwell_timer_counts *counts);
	/* The last counts of a key. Later counts of the same key begin at 0. */
	int (*forgotten)(void *context, const struct dwell_timer_key *key,
			 const struct dwell_timer_counts *counts);

	/* Each read of armed timers begins with @clear_armed. @armed follows for each timer. */
	void (*clear_armed)(void *context);
	int (*armed)(void *context, const struct dwell_armed_timer *timer);

	/* An interval beyond its threshold that has ended, or is found open. */
	int (*outlier)(void *context, const struct dwell_outlier *outlier);

	/*
	 * All timers as of the mono time @at have been handed over. Called only with a ledger,
	 * once a second and at the end of the window.
	 */
	int (*sampled)(void *context, uint64_t at);
	/* A site. Called only after the end of the window, and only with a ledger of sites. */
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
