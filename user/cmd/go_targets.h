/* SPDX-License-Identifier: GPL-2.0-only */
/* Go targets: the processes that `dwell go` is to look at, Go programs or not. */
#ifndef DWELL_CMD_GO_TARGETS_H
#define DWELL_CMD_GO_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/options.h"

struct go_targets {
	uint32_t *pid; /* owned; freed with free() */
	size_t count;
	bool named; /* by their ids */
};

/*
 * Finds the processes that match the filters of @options. 0, or a negative errno, which has been
 * said on stderr.
 */
int go_targets_find(const struct options *options, struct go_targets *targets);

#endif
