/* SPDX-License-Identifier: GPL-2.0-only */
/* Who created the timers of a Go process, and what became of those: as text, and as JSON. */
#ifndef DWELL_SINK_GO_SITES_H
#define DWELL_SINK_GO_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <linux/types.h>

#include "bpf/go_sites.h"
#include "go/symbols.h"
#include "model/dist.h"

/* Why the window ended: X(ID, name for machines). */
#define GO_SITES_END_LIST(X)          \
	X(DURATION, "duration")       \
	X(INTERRUPTED, "interrupted") \
	X(GUARD, "guard")             \
	X(EXITED, "exited")

enum go_sites_end {
#define X(id, name) GO_SITES_END_##id,
	GO_SITES_END_LIST(X)
#undef X
		GO_SITES_ENDS
};

/* Timers of one creating stack and period. All happened in the window. */
struct go_sites_row {
	struct go_site_key key;
	uint64_t created;
	uint64_t stopped; /* while they were armed */
	uint64_t reset;
	uint64_t fired; /* a ticker fires again and again */
	uint64_t live;	/* armed at the end; if report.reconciled, in a heap: they cost CPU time */
	/*
	 * Armed at the end but in no heap, or their memory was used anew. Since Go 1.23 nobody
	 * waits for those: they cost nothing, and go once nothing refers to them.
	 */
	uint64_t dropped;
	uint64_t oldest_ns; /* of the live ones: armed for so long */
};

/* A sink owns and frees nothing of it. Names may be any bytes. */
struct go_sites_report {
	uint32_t pid;
	const char *comm, *version; /* the process's and Go's */
	struct go_symbols *symbols;
	uint64_t window_ns;
	enum go_sites_end end;
	uint64_t limit; /* hits a second, beyond which the guard ends it */

	struct go_sites_row *row; /* most live first; owned by who filled it */
	size_t rows;
	size_t hidden;		      /* rows beyond those that were asked for */
	struct go_sites_row total;    /* of all rows, without a key */
	bool reconciled;	      /* @live and @dropped are told apart */
	struct go_site_counts others; /* of timers that were not created in the window */

	struct dist lateness; /* as the Go runtime sees it */
	struct dist kernel;   /* of the kernel's timers for this process */
	bool has_kernel;

	size_t probes;
	uint64_t hits;	/* calls that met a probe */
	double trap_ns; /* what a probe alone costs a call; 0: not measured */
	double run_ns;	/* what counting takes then; 0: not measured */
	uint64_t lost[GO_SITES_LOSSES];
};

/* The part of one CPU that the probes took, 0.01 being 1 %. */
double go_sites_cpu(const struct go_sites_report *report);

/*
 * Calls @take with each function of the creating stack of @row, the innermost first, inlined ones
 * included, those that the compiler made up left out. @frame is NULL where only the address @pc is
 * known. 0, or what @take returned first that is not 0.
 */
int go_sites_stack(const struct go_sites_report *report, const struct go_sites_row *row,
		   int (*take)(void *context, uint64_t pc, const struct go_frame *frame),
		   void *context);

/* Each writes to @out without a flush. 0, -ENOMEM, or the negative errno of a failed write. */
int go_sites_text(FILE *out, const struct go_sites_report *report);
int go_sites_json(FILE *out, const struct go_sites_report *report);

#endif
