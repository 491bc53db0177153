/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of Go: what a Go process held at one moment, in no more detail than is exported. */
#ifndef DWELL_EXPORT_GO_FIGURES_H
#define DWELL_EXPORT_GO_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go/snapshot.h"
#include "go/view.h"

/* Armed timers of a kind and an owner, or goroutines of a creator. */
struct go_count {
	const char *name; /* any bytes; NULL: there is none, or it is not known */
	uint8_t kind;	  /* of timers: enum go_timer_kind; of goroutines: 0 */
	uint64_t count;
};

#define GO_COUNTS_MAX 1024 /* of either kind; the smallest ones beyond it are folded */

/* All zeros is nothing. */
struct go_figures {
	struct go_count *timer; /* owned; the largest first */
	size_t timers;
	struct go_count *goroutine; /* owned; the largest first */
	size_t goroutines;
	uint64_t folded_timers[GO_TIMER_KINDS];
	uint64_t folded_goroutines;
	uint64_t dead, overdue;
	uint64_t overdue_max_ns; /* 0: none is overdue */
	uint64_t runqueue;
	bool runqueue_known;
};

/*
 * Makes the figures of a process from all rows of @snapshot by site. Names stay where those of
 * @rows are. 0; -ENOMEM, without any figure. The caller frees them with go_figures_clear() in any
 * case.
 */
int go_figures_make(const struct go_snapshot *snapshot, const struct go_rows *rows,
		    struct go_figures *figures);

/* Frees what @figures hold, and makes them nothing. */
void go_figures_clear(struct go_figures *figures);

#endif
