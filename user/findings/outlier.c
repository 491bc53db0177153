/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers: their names, tasks and times, and why a timer was late. */
#include "findings/outlier.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1000000000LL

/* ---- late timers ---------------------------------------------------------- */

static int compare_callbacks(const void *left, const void *right)
{
	const struct dwell_callback *a = left, *b = right;

	return (a->entered > b->entered) - (a->entered < b->entered);
}

/* Copies the callbacks in use, in the order of their entry. Returns how many there are. */
static size_t sort_callbacks(const struct dwell_outlier *outlier,
			     struct dwell_callback callbacks[DWELL_CALLBACKS])
{
	size_t count = 0;

	for (size_t i = 0; i < DWELL_CALLBACKS; i++)
		if (outlier->callbacks[i].function)
			callbacks[count++] = outlier->callbacks[i];
	qsort(callbacks, count, sizeof(*callbacks), compare_callbacks);
	return count;
}

void outlier_lateness(const struct dwell_outlier *outlier, struct outlier_lateness *lateness)
{
	struct dwell_callback callbacks[DWELL_CALLBACKS];
	size_t count = sort_callbacks(outlier, callbacks);
	uint64_t due = outlier->expires;

	*lateness = (struct outlier_lateness){.interrupt_ns = outlier->lateness};
	for (size_t i = 0; i < count; i++) {
		uint64_t entered = callbacks[i].entered;

		if (entered < due || entered - due >= outlier->lateness)
			continue;
		if (!lateness->count)
			lateness->interrupt_ns = entered - due;
		lateness->ahead[lateness->count++] = callbacks[i].function;
	}
	lateness->callbacks_ns = outlier->lateness - lateness->interrupt_ns;
	lateness->more = lateness->count && count == DWELL_CALLBACKS && callbacks[0].entered >= due;
}

/* ---- names and times ------------------------------------------------------ */

const char *outlier_kind(unsigned int measure)
{
	static const char *const names[DWELL_MEASURES] = {
		[DWELL_DWELL] = "dwell",	 [DWELL_WOKEN] = "runqueue",
		[DWELL_BLOCKED] = "blocked",	 [DWELL_PREEMPTED] = "runqueue",
		[DWELL_LATENESS] = "lateness",	 [DWELL_TIMER_LATENCY] = "timer_latency",
		[DWELL_THROTTLED] = "throttled",
	};

	return measure < DWELL_MEASURES ? names[measure] : "unknown";
}

const char *outlier_what(const struct dwell_outlier *outlier)
{
	return outlier_kind(outlier->measure);
}

double outlier_excess(const struct dwell_outlier *outlier)
{
	return (double)outlier->ns / (double)(outlier->threshold ?: 1);
}

void outlier_name(struct dwell_outlier *outlier, const struct naming *naming)
{
	const char *comm = NULL;

	if (outlier->tid && !outlier->comm[0])
		comm = naming_comm(naming, outlier->pid, outlier->tid);
	if (!comm)
		return;
	memset(outlier->comm, 0, sizeof(outlier->comm));
	memcpy(outlier->comm, comm, strnlen(comm, DWELL_COMM_LEN - 1));
}

void outlier_name_culprit(struct outlier_culprit *culprit, const struct naming *naming)
{
	const char *comm = NULL;

	if (culprit->tid && !culprit->comm[0])
		comm = naming_comm(naming, culprit->pid, culprit->tid);
	if (comm)
		memcpy(culprit->comm, comm, strnlen(comm, DWELL_COMM_LEN));
}

bool outlier_time(const struct dwell_outlier *outlier, const struct outlier_clock *clock,
		  struct tm *local, unsigned int *ns)
{
	/* The difference may be negative; one of more than 292 years cannot be. */
	int64_t since = (int64_t)(outlier->to - clock->mono), rest = since % NS_PER_S;
	time_t seconds;

	rest += clock->real.tv_nsec;
	seconds = clock->real.tv_sec + since / NS_PER_S + rest / NS_PER_S;
	rest %= NS_PER_S;
	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	*ns = (unsigned int)rest;
	return localtime_r(&seconds, local);
}
