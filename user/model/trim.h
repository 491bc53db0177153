/* SPDX-License-Identifier: GPL-2.0-only */
/* Groups without members: which of them stay, and which become part of the remainder. */
#ifndef DWELL_MODEL_TRIM_H
#define DWELL_MODEL_TRIM_H

#include <stdbool.h>

#include "model/group.h"

/*
 * Folds groups without members beyond the limit: comms and cgroups those that are idle for
 * longest, processes those that did least. With @slack a few more may stay, so that not
 * each one costs a look at all. 0 or -ENOMEM.
 */
int groups_trim(struct groups *groups, enum grouping kind, bool slack);

#endif
