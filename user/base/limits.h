/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits: how many files this process may have open. */
#ifndef DWELL_BASE_LIMITS_H
#define DWELL_BASE_LIMITS_H

/*
 * Raises the limit of open files to the most that this process may have without
 * any privilege. Returns the limit that holds then.
 */
unsigned long limits_raise_files(void);

/*
 * Whether @count more files can be opened: opens so many and closes them again.
 * 0, -EMFILE, or another negative errno.
 */
int limits_try_files(unsigned int count);

#endif
