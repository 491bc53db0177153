/* SPDX-License-Identifier: GPL-2.0-only */
/* The export of Go programs to Prometheus: what they held, and how reading them went. */
#ifndef DWELL_EXPORT_PROM_GO_H
#define DWELL_EXPORT_PROM_GO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "export/go_series.h"
#include "go/process.h"
#include "go/snapshot.h"

/* How it stands with Go processes, but for refusals: X(ID, label). */
#define GO_PROCESS_LIST(X)                                                                  \
	X(READ, "read")			/* at the last update */                            \
	X(INCOMPLETE, "incomplete")	/* the same, with something lost */                 \
	X(SKIPPED, "skipped")		/* for lack of time: earlier figures still count */ \
	X(NOT_ADMITTED, "not_admitted") /* there are too many of them */                    \
	X(STUCK, "stuck")		/* reading it did not end */

enum go_process_state {
#define X(id, label) GO_PROCESS_##id,
	GO_PROCESS_LIST(X)
#undef X
		GO_PROCESS_STATES
};

/* How reading went. All zeros: nothing is read. */
struct go_census {
	uint64_t processes[GO_PROCESS_STATES];
	/* By enum go_refusal. Those that have exited, or are no Go programs, are not exported. */
	uint64_t refused[GO_REFUSALS];
	uint64_t lost[GO_LOSSES]; /* since the service began, by enum go_loss */
	uint64_t cpu_ns;	  /* spent since the service began */
	uint64_t restarts;	  /* of the process that reads, since the service began */
	struct timespec read;	  /* CLOCK_REALTIME of the last update; 0: never */
};

/*
 * Write the families of what programs held, and those of how reading went. Failed writes show in
 * the error flag of @out.
 */
void prom_go_programs(FILE *out, const struct go_series *series);
void prom_go_census(FILE *out, const struct go_census *census);

#endif
