/* SPDX-License-Identifier: GPL-2.0-only */
/* Series of Go: the owners and creators that are exported by name, and the sums of all others. */
#ifndef DWELL_EXPORT_GO_SERIES_H
#define DWELL_EXPORT_GO_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "export/go_figures.h"
#include "export/label.h"

/*
 * Processes of one comm are added up. Each comm names so many owners of timers, and as many
 * creators of goroutines, as there is room for: the largest ones at first. Later one takes the
 * place of the smallest named one, once it has been more than twice as large in four updates in a
 * row. Everything else is in GO_SERIES_OTHER, so that all together are always all there are.
 */

#define GO_SERIES_LIMIT 20

#define GO_SERIES_OTHER LABEL_OWN "other"
#define GO_SERIES_NAMELESS LABEL_OWN "none" /* there is no name, or it is not known */

#define GO_GOROUTINES GO_TIMER_KINDS /* in the place of a kind of timers */

/* Timers of a kind and an owner, or goroutines of a creator. */
struct go_line {
	unsigned int kind; /* enum go_timer_kind, or GO_GOROUTINES */
	const char *label; /* of the owner or creator, as label_write() writes it */
	uint64_t count;
};

/* What all processes of one comm held together. */
struct go_comm {
	const char *label; /* GO_SERIES_OTHER: of processes whose comm is empty */
	uint64_t processes;
	uint64_t dead, overdue; /* timers */
	uint64_t overdue_max_ns;
	uint64_t runqueue;
	bool runqueue_known;	    /* of all of them */
	const struct go_line *line; /* by kind and label */
	size_t lines;
};

struct go_series;

/*
 * @limit: owners, and creators, that each comm names; above 0. NULL without memory. The caller
 * frees the series with go_series_free(), for which NULL is none.
 */
struct go_series *go_series_new(size_t limit);
void go_series_free(struct go_series *series);

/*
 * An update: begin, add each process, end. A comm without a process is forgotten. add returns 0;
 * or -ENOMEM, and the process is not among its comm's. end returns 0; or -ENOMEM, and there is
 * nothing to export.
 */
void go_series_begin(struct go_series *series);
int go_series_add(struct go_series *series, const char *comm, const struct go_figures *figures);
int go_series_end(struct go_series *series);

/* The comms as of the last update, by label. They are valid until the next one begins. */
size_t go_series_count(const struct go_series *series);
const struct go_comm *go_series_at(const struct go_series *series, size_t at);

#endif
