/* SPDX-License-Identifier: GPL-2.0-only */
/* Owners of timers: their own rows count their timers, too. */
#ifndef DWELL_MODEL_OWNER_H
#define DWELL_MODEL_OWNER_H

#include "model/ledger.h"
#include "model/roster.h"

/*
 * Adds the timers and lateness of @growth to the task that @ledger names; an unknown task is made.
 * If the task is no longer kept, its groups' sums get them. 0 or -ENOMEM.
 */
int owner_add(struct roster *roster, const struct ledger *ledger, const struct row *growth);

#endif
