/* SPDX-License-Identifier: GPL-2.0-only */
/* The API behind a timer: told by its callback, and for sleeps by the system call. */
#ifndef DWELL_MODEL_TIMER_API_H
#define DWELL_MODEL_TIMER_API_H

#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

#define TIMER_API_LEN 32

/*
 * Writes how programs, or the kernel, call what arms such timers: "nanosleep",
 * "futex", "timerfd", "posix_timer", "setitimer", "alarm", "io_uring_timeout",
 * "kthread" (a kernel thread's sleep), "tick", "cfs_bandwidth", …; for a kernel
 * timer that is not in the table "kernel". Returns @api.
 */
char *timer_api(char api[TIMER_API_LEN], const struct dwell_timer_key *key, const char *callback);

/* The same told by the callback alone; NULL: a sleep's, or one that is not in the table. */
const char *timer_callback_api(const char *callback);

#endif
