/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists in options: values separated by commas. */
#ifndef DWELL_BASE_LIST_H
#define DWELL_BASE_LIST_H

#include <stdbool.h>

/*
 * Takes the first value of @list off it, as *@item, which the caller frees; *@list
 * is then what follows the comma and blanks behind it, or NULL after the last one.
 * With @escapes a value may hold any byte, as dwell itself writes names: \, is a
 * comma, \\ a backslash, \xNN a byte; another backslash stands for itself. 0,
 * -ENOMEM, or -EINVAL: \x00, which no name has.
 */
int list_take(const char **list, bool escapes, char **item);

#endif
