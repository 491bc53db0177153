/* SPDX-License-Identifier: GPL-2.0-only */
/* The timers and goroutines of Go processes: as text for a person, as JSON, as a profile. */
#ifndef DWELL_SINK_GO_H
#define DWELL_SINK_GO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "go/process.h"
#include "go/snapshot.h"
#include "go/symbols.h"
#include "go/view.h"
#include "sink/report.h"

/* One process. A sink owns and frees nothing of it. Names may be any bytes. */
struct go_report {
	uint32_t pid;
	const char *comm;
	const char *version;  /* of Go */
	const char *build_id; /* "": none */
	enum go_semantics semantics;
	const char *semantics_why;
	bool layout_known; /* false: that of the nearest version was found to fit */
	struct go_symbols *symbols;
	const struct go_snapshot *snapshot;
	const struct go_view *view;
	const struct go_rows *rows; /* of the snapshot, as @view asks */
	struct timespec time;	    /* CLOCK_REALTIME of the snapshot */
	bool several;		    /* it is the last of several snapshots: growth was looked for */
	bool exited;		    /* the process has exited meanwhile */
	bool stacks;		    /* text: with the stack of each row */
	/* Of the baseline that @rows were compared with; NULL: with none. */
	const char *baseline_build_id, *baseline_version;
};

/*
 * Each writes to @out without a flush. 0, -ENOMEM, or the negative errno of a failed write
 * (-EPIPE too).
 *
 * The header is one line: which dwell, on which host; of @host only that is used.
 */
int go_text_header(FILE *out, const struct report *host);
int go_text(FILE *out, const struct go_report *report);

int go_json_header(FILE *out, const struct report *host, enum go_by by);
int go_json(FILE *out, const struct go_report *report);
/* @comm is NULL if it is not known. */
int go_json_refused(FILE *out, uint32_t pid, const char *comm, enum go_refusal refusal);

/* A profile as `go tool pprof` reads it, compressed with gzip. @version is that of dwell. */
int go_pprof(FILE *out, const struct go_report *report, const char *version);

#endif
