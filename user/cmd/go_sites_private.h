/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the files of dwell go --sites. */
#ifndef DWELL_CMD_GO_SITES_PRIVATE_H
#define DWELL_CMD_GO_SITES_PRIVATE_H

#include "go/snapshot.h"
#include "sink/go_sites.h"
#include "source/go_probes.h"

/*
 * Fills the rows, at most @limit (0: all), the totals and the lateness of @report with what
 * @probes counted until the mono time @until. @snapshot is of the end; NULL: there is none, and
 * nothing is reconciled. 0 or a negative errno.
 */
int go_sites_fill(struct go_sites_report *report, const struct go_probes *probes,
		  const struct go_snapshot *snapshot, uint64_t until, size_t limit);

#endif
