/* SPDX-License-Identifier: GPL-2.0-only */
/* Owners of timers: what theirs came to is counted in their rows too. */
#ifndef DWELL_MODEL_OWNER_H
#define DWELL_MODEL_OWNER_H

#include "model/ledger.h"
#include "model/roster.h"

/*
 * Adds the timers and lateness of @growth to the task that @ledger names, which is made if nothing
 * else is known of it; or to the sums of its groups, if it is kept no more. 0 or -ENOMEM.
 */
int owner_add(struct roster *roster, const struct ledger *ledger, const struct row *growth);

#endif
