/* SPDX-License-Identifier: GPL-2.0-only */
/* Series: the groups that are exported by name, and what all others come to. */
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
 * What grows in a group from one update to the next is added to the group's own
 * counters while it is named, else to those of SERIES_OTHER: so no counter ever
 * falls, and together they grow by exactly what the model does, whoever comes
 * and goes.
 */

#define SERIES_OTHER LABEL_OWN "other"
#define SERIES_KERNEL LABEL_OWN "kernel" /* the kernel's timers: only theirs and lateness apply */

#define SERIES_LIMIT 20 /* groups that are named, unless told otherwise */

struct series;

struct series_options {
	enum row_by by;	      /* ROW_BY_COMM or ROW_BY_CGROUP */
	size_t limit;	      /* named groups; SERIES_OTHER and SERIES_KERNEL are not counted */
	struct naming naming; /* a cgroup without a path is one of the others */
};

/* Kinds of what can be open: they have not ended at the update. */
enum series_open {
	SERIES_OPEN_RUNQUEUE, /* waits, woken or preempted */
	SERIES_OPEN_THROTTLED,
	SERIES_OPEN_BLOCKED, /* but for kernel threads without work */
	SERIES_OPEN_UNINTERRUPTIBLE,
	SERIES_OPEN_DWELL,
	SERIES_OPENS
};

/* What is exported of a group. */
struct series_group {
	const char *label;
	bool kernel;			/* it is SERIES_KERNEL */
	uint64_t tasks;			/* that live */
	uint64_t outstanding;		/* timers armed now */
	uint64_t open_ns[SERIES_OPENS]; /* the longest one; 0: none is open */
	const struct counters *counters;
};

/* What became of the groups. */
struct series_census {
	uint64_t named;
	uint64_t folded; /* are among the others, those that no update has shown since not counted */
	uint64_t admissions;
	uint64_t evictions;
};

/* @options: copied. NULL without memory. The caller frees it with series_free(). */
struct series *series_new(const struct series_options *options);
void series_free(struct series *series);

/*
 * Takes in the model's rows as of the mono time @now, all of them, by what the
 * options say; and decides who is named from now on. The first time nobody is:
 * best done when the window begins. Without memory for it a group stays among
 * the others.
 */
void series_update(struct series *series, const struct rows *rows, uint64_t now);

/*
 * Counts @outlier, named, for the group that its task is in; the next update gives it to that
 * group or to the others. One that has not ended yet is not counted: it comes again when it ends.
 */
void series_count_outlier(struct series *series, const struct dwell_outlier *outlier);

/*
 * The groups as of the last update: first the named ones by label, then
 * SERIES_KERNEL and SERIES_OTHER, which are always there. @at must be below
 * series_count(). What pointers in a group show is valid until the next update.
 */
size_t series_count(const struct series *series);
struct series_group series_at(const struct series *series, size_t at);

/* What the labels are names of: "comm" or "cgroup"; static. */
const char *series_key(const struct series *series);

struct series_census series_census(const struct series *series);

#endif
