/* SPDX-License-Identifier: GPL-2.0-only */
/* Views of the timer ledger: rows of who arms which timers, through which call. */
#ifndef DWELL_MODEL_TIMER_VIEW_H
#define DWELL_MODEL_TIMER_VIEW_H

#include "base/growth.h"
#include "model/naming.h"
#include "model/reduction.h"
#include "model/row.h"
#include "model/timer_api.h"

struct model;

/*
 * What a row stands for. A task, process, comm or cgroup has a row for each of its pairs of API
 * and callback. By callback each such pair is a row, whoever arms it; by API each API is one.
 */
enum timer_by {
	TIMER_BY_TASK,
	TIMER_BY_PROCESS,
	TIMER_BY_COMM,
	TIMER_BY_CGROUP,
	TIMER_BY_CALLBACK,
	TIMER_BY_API
};

struct timer_view {
	enum timer_by by;
	const struct column *sort; /* from timer_sort_key(); NULL: timer_sort_key(0) */
	size_t limit;		   /* of rows; 0: no limit */
	bool leaks;		   /* only rows whose outstanding timers keep growing */
};

/* A sampled place where a row's timers are armed. */
struct timer_site {
	uint64_t samples;
	size_t depth, user_depth;
	uint64_t stack[DWELL_STACK_DEPTH]; /* return addresses, the innermost first */
	uint64_t user_stack[DWELL_STACK_DEPTH];
	uint32_t pid; /* of @user_stack */
};

#define TIMER_SITES 3 /* so many of a row are kept: the most frequent ones */

struct timer_row {
	enum timer_by by;
	/* The owner, as far as @by applies; all 0 if there is none. */
	uint32_t pid;
	uint32_t tid;
	uint64_t cgroup; /* id */
	char comm[DWELL_COMM_LEN];
	bool kernel;	/* the kernel's own timers: no pid, comm or cgroup applies */
	bool unowned;	/* user timers whose owner was never seen: no pid, comm or cgroup applies */
	bool remainder; /* exited tasks together: no pid, comm or cgroup applies */
	bool exited;	/* all of its tasks have exited */

	char api[TIMER_API_LEN];
	uint64_t function; /* callback address; 0: several (by API) */
	bool wheel;	   /* timers of the timer wheel, whose lateness and slack are not known */
	enum dwell_timer_kind kind;

	struct timer_counts timers;
	uint64_t before;	/* cancelled or expired, but armed before the window */
	uint64_t oldest_ns;	/* age of the oldest outstanding timer; 0: none is */
	uint64_t due_ns;	/* until the next outstanding one is due; 0: none, or overdue */
	uint64_t woke;		/* expiries that woke a task */
	uint64_t callback_ns;	/* time in callbacks */
	uint64_t slack_granted; /* ns, over the expiries whose lateness is known */
	uint64_t slack_used;	/* ns, over the expiries whose lateness is known */
	struct dist timeout;
	struct dist lateness;

	struct growth outstanding; /* growth of the outstanding timers: a leak */
	struct growth rate;	   /* growth of the armings a second: load that leaves nothing */

	struct timer_site site[TIMER_SITES]; /* the most frequent first */
	size_t sites;
	uint64_t site_samples; /* of all places, also of those that are not in @site */
};

struct timer_rows {
	struct timer_row *row; /* owned; @count of them */
	size_t count;
	size_t hidden; /* rows cut off by the view's limit */
	size_t grown;  /* rows that leak, hidden ones included */
	size_t faster; /* rows whose armings a second grow but that do not leak, also hidden ones */
	size_t samples; /* samples that growth is judged by; below GROWTH_SAMPLES: not known */
};

/*
 * Makes the sorted rows of @view. Rows without any event or outstanding timer are left out.
 * @naming names the callbacks, by which APIs are told; @unmeasured figures do not count as
 * growing. 0; or -ENOMEM, without any row. The caller frees @rows with timer_rows_free().
 */
int model_timer_rows(struct model *model, const struct timer_view *view,
		     const struct naming *naming, const struct unmeasured *unmeasured,
		     struct timer_rows *rows);

/* Frees what @rows holds, and makes it empty. */
void timer_rows_free(struct timer_rows *rows);

/* The figures that are not measured of timers of @kind: enum figure, or'ed. */
unsigned int timer_unmeasured(const struct unmeasured *unmeasured, enum dwell_timer_kind kind);

/* Whether ever more timers of @row stay armed. */
bool timer_row_leaks(const struct timer_row *row);

/* Whether the window was long enough to see what grows. */
bool timer_rows_judged(const struct timer_rows *rows);

#endif
