/* SPDX-License-Identifier: GPL-2.0-only */
/* Cases for timer counts: a workload of known size, and the counts that follow from it. */
#ifndef DWELL_LIVE_TIMER_CASE_H
#define DWELL_LIVE_TIMER_CASE_H

#include <stdbool.h>
#include <time.h>

#include "harness/live/report.h"
#include "harness/live/workload.h"

struct timer_case {
	void (*body)(struct work *work);
	struct timer_counts want; /* of the process, and of its only thread */
	bool ends;		  /* the process ends in the window */
};

/* Measures a case, by task and by process, with dwell started in that @manner (NULL: plainly). */
void timer_case_measure(const struct timer_case *timer_case, const struct dwell_manner *manner);
/* The same for the case that @argument points to, plainly. */
void timer_case_run(const void *argument);

/* How often the simple bodies do what they do, and how long each time-out is. */
#define CASE_ROUNDS 20
#define CASE_TIMEOUT_NS 3000000
#define CASE_HOUR 3600

/* A time-out of CASE_TIMEOUT_NS as a timespec. */
extern const struct timespec case_timeout;

/* That long from now on @clock. */
struct timespec case_deadline(clockid_t clock, uint64_t ns);

/* An entry of a table of tests: its name, the body, and the counts in braces. */
#define TIMER_TEST(test_name, test_body, ...)                                                    \
	{                                                                                        \
		.name = test_name, .run = timer_case_run, .argument = &(const struct timer_case) \
		{                                                                                \
			.body = test_body, .want = __VA_ARGS__                                   \
		}                                                                                \
	}

#endif
