/* SPDX-License-Identifier: GPL-2.0-only */
/* Go programs in the service: whether they are read, at what cost, and what is told of them. */
#ifndef DWELL_CMD_DAEMON_GO_H
#define DWELL_CMD_DAEMON_GO_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/go_reader.h"
#include "export/prom.h"
#include "model/reduction.h"
#include "options/options.h"

/* All zeros: Go programs are not to be read. Ended by daemon_go_close(). */
struct daemon_go {
	bool wanted;
	struct go_reader *reader; /* owned; NULL: they cannot be read, which is a reduction */
	const struct go_reading *reading;
	struct go_census none; /* in the place of a reading */
};

/*
 * Prepares for reading if @options ask for it. What it takes may be missing: that is added to
 * @reductions, and no error. 0 or -ENOMEM.
 */
int daemon_go_open(struct daemon_go *go, const struct options *options,
		   struct reductions *reductions);
void daemon_go_close(struct daemon_go *go);

/*
 * Has programs read as @options say, within @cpu_ns of CPU time for @interval_ns, which is the
 * time from one update to the next.
 */
void daemon_go_update(struct daemon_go *go, const struct options *options, uint64_t cpu_ns,
		      uint64_t interval_ns);

/* CPU time in ns that reading has taken since the beginning. */
uint64_t daemon_go_cpu_ns(struct daemon_go *go);

/* Adds to @prom what was read last. It is valid until the next update. */
void daemon_go_tell(const struct daemon_go *go, struct prom *prom);

#endif
