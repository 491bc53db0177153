/* SPDX-License-Identifier: GPL-2.0-only */
/* Manual: the argument with which man(1) shows the manual of the running program. */
#ifndef DWELL_OPTIONS_MANUAL_H
#define DWELL_OPTIONS_MANUAL_H

#include <stddef.h>

#define MANUAL_LEN 4096 /* bytes: a path and its NUL */

/*
 * Writes the argument for man(1). It is the path of the file dwell.8 beside the program that the
 * symbolic link @program leads to, escaped for a terminal. Without such a readable file it is
 * "dwell". Returns @buffer.
 */
char *manual_find(char buffer[MANUAL_LEN], const char *program);

#endif
