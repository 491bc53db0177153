/* SPDX-License-Identifier: GPL-2.0-only */
/* Series: the groups that are exported by name, and the sum of all others. */
#ifndef DWELL_EXPORT_SERIES_H
#define DWELL_EXPORT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export/counters.h"
#include "export/label.h"
#include "model/model.h"
#include "model/naming.h"

/*
 * The growth of a group from one update to the next is added to the group's own counters while
 * it is named, and else to those of SERIES_OTHER. So no counter ever falls, and all together
 * they grow by exactly what the model does, whichever groups come and go.
 */

#define SERIES_OTHER LABEL_OWN "other"
#define SERIES_KERNEL LABEL_OWN "kernel" /* the kernel's timers; only timers and lateness apply */

#define SERIES_LIMIT 20 /* named groups, unless told otherwise */

struct series;

struct series_options {
	enum row_by by; /* ROW_BY_COMM or ROW_BY_CGROUP */
	size_t limit;	/* named groups, without SERIES_OTHER and SERIES_KERNEL */
	/* Knows the paths of cgroups; a cgroup without one is among the others. */
	struct naming naming;
};

/* Kinds of intervals that may be open: not ended at the update. */
enum series_open {
	SERIES_OPEN_RUNQUEUE, /* waits, woken or preempted */
	SERIES_OPEN_THROTTLED,
	SERIES_OPEN_BLOCKED, /* without kernel threads that have no work */
	SERIES_OPEN_UNINTERRUPTIBLE,
	SERIES_OPEN_DWELL,
	SERIES_OPENS
};

/* What is exported of a group. */
struct series_group {
	const char *label;
	bool kernel;			/* whether it is SERIES_KERNEL */
	uint64_t tasks;			/* living ones */
	uint64_t outstanding;		/* timers armed now */
	uint64_t open_ns[SERIES_OPENS]; /* the longest; 0: none is open */
	const struct counters *counters;
};

/* How many groups there are, and how often they changed. */
struct series_census {
	uint64_t named;
	uint64_t folded; /* groups of the last update that are among the others */
	/* Since the beginning. */
	uint64_t admissions;
	uint64_t evictions;
};

/*
 * Copies @options; what its naming asks must outlive the series. NULL without memory. The caller
 * frees it with series_free(), for which NULL is none.
 */
struct series *series_new(const struct series_options *options);
void series_free(struct series *series);

/*
 * Takes in all of the model's rows by options.by, as of the mono time @now in ns, and decides
 * which groups are named from now on. Nobody is named at the first update, which is best done
 * when the window begins. A group stays among the others if there is no memory for it.
 */
void series_update(struct series *series, const struct rows *rows, uint64_t now);

/*
 * Counts @outlier, whose task has been named, for that task's group. The next update adds it to
 * the group's counters or to those of the others. Ignores an outlier that is still open, for it
 * comes again when it ends.
 */
void series_count_outlier(struct series *series, const struct dwell_outlier *outlier);

/*
 * The groups as of the last update: named ones by label, then SERIES_KERNEL and SERIES_OTHER,
 * which are always there. @at must be below series_count(). Pointers in a group are valid until
 * the next update.
 */
size_t series_count(const struct series *series);
struct series_group series_at(const struct series *series, size_t at);

/* What the labels name: "comm" or "cgroup"; static. */
const char *series_key(const struct series *series);

struct series_census series_census(const struct series *series);

#endif
