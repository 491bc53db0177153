/* SPDX-License-Identifier: GPL-2.0-only */
/* Labels: the names of comms and cgroups for machines, which keep them for years. */
#ifndef DWELL_EXPORT_LABEL_H
#define DWELL_EXPORT_LABEL_H

#include <stddef.h>

/*
 * Bytes, with the NUL. A pod's cgroup fits. A longer name is cut, and may become equal to
 * another.
 */
#define LABEL_LEN 256

/* dwell's own labels begin with this; no label of a group does. */
#define LABEL_OWN "~"

/*
 * Writes the name in the first @length bytes of @name, or up to a NUL, as dwell's tables show
 * it: as valid UTF-8 without control characters, with all other bytes as \xNN. A LABEL_OWN at
 * its beginning is written as \xNN too. An empty name is an empty label. Returns @label.
 */
char *label_write(char label[LABEL_LEN], const char *name, size_t length);

#endif
