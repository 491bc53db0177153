/* SPDX-License-Identifier: GPL-2.0-only */
/* Labels: what a comm or a cgroup is called where machines keep names for years. */
#ifndef DWELL_EXPORT_LABEL_H
#define DWELL_EXPORT_LABEL_H

#include <stddef.h>

/* With its NUL. A pod's cgroup fits; a longer name is cut, and so may become another's. */
#define LABEL_LEN 256

/* What a label of our own begins with; no name of a group does. */
#define LABEL_OWN "~"

/*
 * Writes the first @length bytes of @name, or those before its NUL, as dwell's tables show
 * them: valid UTF-8 without control characters, other bytes as \xNN, and so a LABEL_OWN at
 * the beginning. An empty name is an empty label. Returns @label.
 */
char *label_write(char label[LABEL_LEN], const char *name, size_t length);

#endif
