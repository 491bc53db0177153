/* SPDX-License-Identifier: GPL-2.0-only */
/* Manual: what man(1) has to be asked for, so that it finds the manual of this very program. */
#ifndef DWELL_OPTIONS_MANUAL_H
#define DWELL_OPTIONS_MANUAL_H

#include <stddef.h>

#define MANUAL_LEN 4096 /* a path and its NUL */

/*
 * Writes what follows "man" on a command line: the path of the file dwell.8 beside the program
 * that the symbolic link @program leads to, if there is one that can be read, else "dwell". A path
 * is made harmless for a terminal. Returns @buffer.
 */
char *manual_find(char buffer[MANUAL_LEN], const char *program);

#endif
