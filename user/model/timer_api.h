/* SPDX-License-Identifier: GPL-2.0-only */
/* The API behind a timer: its callback tells it; of a sleep, its system call. */
#ifndef DWELL_MODEL_TIMER_API_H
#define DWELL_MODEL_TIMER_API_H

#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

#define TIMER_API_LEN 32

/*
 * Writes the name of what arms timers of @key into @api, cut to fit, and returns @api: "nanosleep",
 * "futex", "timerfd", "posix_timer", "setitimer", "alarm", "io_uring_timeout", "kthread" (a kernel
 * thread's sleep), "tick", "cfs_bandwidth", … @callback is the callback's name, or NULL. A callback
 * that is not in the table is "kernel"; a system call without a name is written by its number.
 */
char *timer_api(char api[TIMER_API_LEN], const struct dwell_timer_key *key, const char *callback);

/* The API of a callback by its name, static; NULL: it is a sleep's, or not in the table. */
const char *timer_callback_api(const char *callback);

#endif
