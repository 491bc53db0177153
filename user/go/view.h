/* SPDX-License-Identifier: GPL-2.0-only */
/* Views: the timers and goroutines of a snapshot in groups, the largest first. */
#ifndef DWELL_GO_VIEW_H
#define DWELL_GO_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/growth.h"
#include "go/owner.h"
#include "go/snapshot.h"
#include "go/symbols.h"

/* What makes one row. */
enum go_by {
	GO_BY_KIND,    /* timers: kind and period; goroutines: state */
	GO_BY_SITE,    /* timers: kind, period, owner, creator; goroutines: creator, place, wait */
	GO_BY_CREATOR, /* who created the goroutine that waits, or is counted */
};

enum go_sort {
	GO_SORT_COUNT,
	GO_SORT_GROWTH,
	GO_SORT_OVERDUE,
	GO_SORT_NEXT,
	GO_SORT_LAST,
	GO_SORT_AGE
};

struct go_view {
	enum go_by by;
	enum go_sort sort;
	size_t limit; /* rows of each table; 0: all */
	bool leaks;   /* only rows that keep growing */
	bool coarse;  /* GO_BY_SITE: without regard to periods and to what is waited for */
};

/* How a row's count differs from that of a baseline. All zeros: there was none to compare with. */
struct go_change {
	bool compared;
	bool grew;	 /* beyond what chance explains: see go/baseline.h */
	uint64_t before; /* count in the baseline; 0: the row is new */
};

/* Names are the symbols', and valid as long as those; NULL: none applies, or it is not known. */
struct go_timer_row {
	enum go_timer_kind kind;
	uint64_t period_ns;
	bool periods;	/* several: @period_ns is the least */
	uint64_t count; /* armed: without dead ones */
	uint64_t dead;
	const char *owner;   /* of receiver, sleeper, closure: see go_owner() */
	const char *creator; /* function that created the goroutine which waits */
	uint64_t received;   /* armed ones that a goroutine waits on */
	uint64_t crowded;    /* armed ones that several goroutines wait on */
	uint64_t full;	     /* armed ones with a tick in the channel that nobody took */
	uint64_t overdue;    /* armed ones beyond their time */
	uint64_t overdue_max_ns;
	int64_t next, last; /* mono ns: the first and last of the armed ones; 0: none */
	uint32_t stack;	    /* index: of one of those who wait; GO_NONE */
	bool others;	    /* beyond GO_ROWS_MAX: of any owner */
	struct growth growth;
	struct go_change change;
};

struct go_goroutine_row {
	uint64_t count;
	uint64_t state[GO_STATES];
	const char *creator; /* NULL: the runtime's first ones */
	const char *place;   /* owner of the stack: see go_owner() */
	const char *wait;    /* what it waits for in a few words, static; NULL: not known */
	const char *start;   /* first function of the goroutine; NULL: several, or not known */
	uint64_t polls;	     /* that wait for the network */
	uint64_t known;	     /* whose waiting time the runtime knows */
	uint64_t oldest_ns;  /* longest of those */
	uint32_t stack;	     /* index: of one of them; GO_NONE */
	bool others;	     /* beyond GO_ROWS_MAX: of any place */
	struct growth growth;
	struct go_change change;
};

/* All zeros is empty. */
struct go_rows {
	struct go_timer_row *timer;	    /* owned */
	size_t timers, timers_hidden;	    /* hidden ones count if any timer is armed */
	struct go_goroutine_row *goroutine; /* owned; without the runtime's own goroutines */
	size_t goroutines, goroutines_hidden;
	uint64_t armed, dead, overdue, overdue_max_ns; /* of all timers */
	int64_t next, last;			       /* mono ns; 0: none */
	uint64_t state[GO_STATES];		       /* of all goroutines but the runtime's */
	uint64_t system;			       /* the runtime's own goroutines */
	size_t samples;	  /* that growth is judged by; below GROWTH_SAMPLES: not known */
	size_t grown;	  /* rows that grow, hidden ones included */
	size_t unchanged; /* rows that a comparison with a baseline has left out */
};

/* A timer that is late by less is not overdue: the runtime itself waits in whole milliseconds. */
#define GO_OVERDUE_LEAST_NS 1000000

#define GO_ROWS_MAX 20000 /* of each table; beyond, the rest is grouped by kind, or in one row */

/*
 * Groups @snapshot as @view says, and ranks the rows. 0; or -ENOMEM, without any row. The caller
 * frees @rows with go_rows_free().
 */
int go_rows_make(const struct go_snapshot *snapshot, struct go_symbols *symbols,
		 const struct go_view *view, struct go_rows *rows);
void go_rows_free(struct go_rows *rows);

/*
 * Does to @rows, which were made with @view but without a limit and then judged, what the view
 * asks for: leaves out what does not grow, if it says so, sorts, and cuts to the limit.
 */
void go_rows_rank(struct go_rows *rows, const struct go_view *view);

#endif
