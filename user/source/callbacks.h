/* SPDX-License-Identifier: GPL-2.0-only */
/* Callback addresses: which function the kernel calls for which kind of timer. */
#ifndef DWELL_SOURCE_CALLBACKS_H
#define DWELL_SOURCE_CALLBACKS_H

#include <linux/types.h>

#include "bpf/dwell.h"

/*
 * Fills in the callback addresses of @config, from the kernel's symbols, or
 * where it hides them by arming timers and watching (then those of the tick,
 * io_uring and alarm clocks stay 0). 0; -EAGAIN: not even that of sleeps was seen; another
 * negative errno. Addresses that were not found stay 0, which measures less.
 */
int callbacks_find(struct dwell_config *config);

#endif
