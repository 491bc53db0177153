/* SPDX-License-Identifier: GPL-2.0-only */
/* Scan: the Go processes of this host, found in /proc and read again and again. */
#ifndef DWELL_CMD_GO_SCAN_H
#define DWELL_CMD_GO_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "export/go_series.h"
#include "export/prom_go.h"
#include "source/request.h"

/* What a round may do. */
struct go_scan_terms {
	uint32_t limit;	    /* processes that are read */
	uint64_t cpu_ns;    /* CPU time for this round; what one takes too much, later ones lack */
	uint64_t elapse_ns; /* time that may pass until no other process is begun with */
	/* Names of the processes that may be read. */
	char comms[SOURCE_FILTER_MAX][DWELL_COMM_LEN];
	uint32_t nr_comms; /* 0: all may */
};

/* A process at which the reader hangs: it is left alone while it lives. */
struct go_stuck {
	uint32_t pid;
	uint64_t started; /* field 22 of /proc/PID/stat */
};

#define GO_STUCK_MAX 64

/*
 * What outlives a reader that hangs and is killed. It is shared with the process that watches the
 * reader.
 */
struct go_scan_state {
	struct go_stuck busy;		     /* now being read; its pid is 0: nobody is */
	uint64_t since;			     /* mono ns: @busy was set */
	struct go_stuck stuck[GO_STUCK_MAX]; /* the unused ones have pid 0 */
	uint64_t lost[GO_LOSSES];	     /* since the beginning, by enum go_loss */
};

struct go_scan;

/*
 * @state must outlive the scan. NULL without memory or /proc. The caller frees the scan with
 * go_scan_free(), which also takes NULL.
 */
struct go_scan *go_scan_new(struct go_scan_state *state);
void go_scan_free(struct go_scan *scan);

/*
 * Looks for Go processes, reads those that are admitted, and updates @series and *census with what
 * they hold: one that is not read this time counts with what it held at most five minutes ago. 0
 * or -ENOMEM.
 */
int go_scan_round(struct go_scan *scan, const struct go_scan_terms *terms, struct go_series *series,
		  struct go_census *census);

#endif
