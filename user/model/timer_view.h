/* SPDX-License-Identifier: GPL-2.0-only */
/* Views of the timer ledger: who arms what through which call, in rows. */
#ifndef DWELL_MODEL_TIMER_VIEW_H
#define DWELL_MODEL_TIMER_VIEW_H

#include "base/growth.h"
#include "model/naming.h"
#include "model/reduction.h"
#include "model/row.h"
#include "model/timer_api.h"

struct model;

/*
 * What a row stands for. Rows by task, process, comm and cgroup are one for
 * each API and callback of it; by callback one for each callback and API, whoever
 * arms it; by API one for each API.
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
	const struct column *sort; /* one that timer_sort_key() tells; NULL: the first of them */
	size_t limit;		   /* of rows; 0: no limit */
	bool leaks;		   /* only rows of which more and more are outstanding */
};

/* A place where timers of a row are armed, as sampled. */
struct timer_site {
	uint64_t samples;
	size_t depth, user_depth;
	uint64_t stack[DWELL_STACK_DEPTH]; /* return addresses, the innermost first */
	uint64_t user_stack[DWELL_STACK_DEPTH];
	uint32_t pid; /* of @user_stack */
};

#define TIMER_SITES 3 /* kept for a row: the most frequent ones */

struct timer_row {
	enum timer_by by;
	/* Whose, as far as it applies to @by; all 0 for a row that is nobody's. */
	uint32_t pid;
	uint32_t tid;
	uint64_t cgroup;
	char comm[DWELL_COMM_LEN];
	bool kernel;	/* the kernel's own: no pid, comm or cgroup applies */
	bool unowned;	/* a user timer's whose owner was never seen: none of them applies */
	bool remainder; /* of exited tasks, together: none of them applies */
	bool exited;	/* all of its tasks have exited */

	char api[TIMER_API_LEN];
	uint64_t function; /* callback address; 0: several (by API) */
	bool wheel;	   /* of the timer wheel: no lateness and slack are known */
	enum dwell_timer_kind kind;

	struct timer_counts timers;
	uint64_t before;	/* of those cancelled and expired: armed before the window */
	uint64_t oldest_ns;	/* age of the oldest that is outstanding; 0: none is */
	uint64_t due_ns;	/* until the next of them is due; 0: none is, or it is overdue */
	uint64_t woke;		/* expiries that woke a task */
	uint64_t callback_ns;	/* time in callbacks */
	uint64_t slack_granted; /* ns: sums over the expiries whose lateness is known */
	uint64_t slack_used;
	struct dist timeout;
	struct dist lateness;

	struct growth outstanding; /* of how many are outstanding: a leak */
	struct growth rate; /* of how many are armed a second: load, of which nothing stays */

	struct timer_site site[TIMER_SITES]; /* the most frequent first */
	size_t sites;
	uint64_t site_samples; /* of all places */
};

struct timer_rows {
	struct timer_row *row;
	size_t count;
	size_t hidden; /* rows cut off by the limit of the view */
	size_t grown;  /* rows that leak, the hidden ones included */
	size_t faster; /* rows that do not leak but arm more and more a second, likewise */
	/* So often it was looked at what grows; fewer than GROWTH_SAMPLES: it is not known. */
	size_t samples;
};

/*
 * The rows of @view, sorted; rows without a single event and nothing outstanding
 * are left out. @naming tells callbacks apart. What is @unmeasured
 * does not grow. 0 or -ENOMEM; the caller frees @rows with timer_rows_free().
 */
int model_timer_rows(struct model *model, const struct timer_view *view,
		     const struct naming *naming, const struct unmeasured *unmeasured,
		     struct timer_rows *rows);

/* Frees what @rows holds and makes it empty. */
void timer_rows_free(struct timer_rows *rows);

/* Which figures of timers of @kind nothing may be said of: enum figure, or'ed. */
unsigned int timer_unmeasured(const struct unmeasured *unmeasured, enum dwell_timer_kind kind);

/* Whether more and more timers of @row stay armed. */
bool timer_row_leaks(const struct timer_row *row);

/* Whether the window was long enough to see what grows. */
bool timer_rows_judged(const struct timer_rows *rows);

#endif
