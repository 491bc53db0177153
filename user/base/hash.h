/* SPDX-License-Identifier: GPL-2.0-only */
/* Hash tables (uthash) that leave an item out where there is no memory for it. */
#ifndef DWELL_BASE_HASH_H
#define DWELL_BASE_HASH_H

/* The caller notices it by the item's handle: its table is NULL then. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#endif
