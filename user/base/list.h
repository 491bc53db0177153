/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists in options: values separated by commas. */
#ifndef DWELL_BASE_LIST_H
#define DWELL_BASE_LIST_H

#include <stdbool.h>

/*
 * Takes the first value off *@list and returns a copy in *@item, which the caller frees.
 * *@list moves behind the comma and the blanks after it, and is NULL after the last value.
 * With @escapes a value may hold any byte, in the form in which dwell writes names: \, is
 * a comma, \\ a backslash, \xNN a byte. Any other backslash stands for itself. 0; -ENOMEM;
 * -EINVAL: the value has \x00, and no name does. After an error *@item is NULL and *@list
 * is unchanged.
 */
int list_take(const char **list, bool escapes, char **item);

#endif
