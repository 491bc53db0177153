/* SPDX-License-Identifier: GPL-2.0-only */
/* Callback addresses: the functions that the kernel calls for each kind of timer. */
#ifndef DWELL_SOURCE_CALLBACKS_H
#define DWELL_SOURCE_CALLBACKS_H

#include <linux/types.h>

#include "bpf/dwell.h"

/*
 * Fills in the callback addresses of @config, which are 0 before, from the kernel's
 * symbols. If the kernel hides those, it arms timers and watches. That does not find the
 * callbacks of the tick, the hrtick, io_uring, alarm clocks and schedule_timeout(). An
 * address that is not found stays 0, and less is measured. 0; -EAGAIN: not even the
 * callback of sleeps was seen; another negative errno.
 */
int callbacks_find(struct dwell_config *config);

#endif
