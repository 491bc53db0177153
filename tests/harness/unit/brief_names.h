/* SPDX-License-Identifier: GPL-2.0-only */
/* Names in one place, so that each ends when the next one is asked for. */
#ifndef DWELL_TESTS_BRIEF_NAMES_H
#define DWELL_TESTS_BRIEF_NAMES_H

#include "model/naming.h"

/* Functions of the kernel that have names. */
#define HRTIMER_WAKEUP 0x1000
#define TIMERFD 0x2000
#define VFS_WRITE 0x3000
#define NVME 0x4000
#define IRQ_EVENT 0x5000

/*
 * Knows HOG and HOG2 of runs.h, those functions, the system call 74 and the cgroups 7, "/work",
 * with a quota of 0.5 CPUs, and 9, whose path has BRIEF_LEN - 1 bytes.
 */
#define BRIEF_LEN 8192
extern const struct naming brief_names;

/* Has the last name end, as if another one were asked for. */
void brief_names_end(void);

#endif
