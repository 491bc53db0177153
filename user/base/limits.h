/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits: how many files this process may have open. */
#ifndef DWELL_BASE_LIMITS_H
#define DWELL_BASE_LIMITS_H

/*
 * Raises the limit of open files to the most that this process may have without any
 * privilege. Returns the limit that then holds; ULONG_MAX: unknown.
 */
unsigned long limits_raise_files(void);

/*
 * Checks that @count more files can be opened, by opening and closing as many. 0, -EMFILE,
 * or another negative errno.
 */
int limits_try_files(unsigned int count);

#endif
