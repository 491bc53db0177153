/* SPDX-License-Identifier: GPL-2.0-only */
/* Trimming: groups without members stay up to a limit, and the others join the remainder. */
#ifndef DWELL_MODEL_TRIM_H
#define DWELL_MODEL_TRIM_H

#include <stdbool.h>

#include "model/group.h"

/*
 * Folds groups without members beyond the limit: the comms or cgroups that have been idle for
 * longest, or the processes that did least. With @slack an eighth more processes may stay, because
 * each trim looks at all of them. 0 or -ENOMEM.
 */
int groups_trim(struct groups *groups, enum grouping kind, bool slack);

#endif
