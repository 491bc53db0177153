/* SPDX-License-Identifier: GPL-2.0-only */
/* Hash tables (uthash) that leave an item out when there is no memory for it. */
#ifndef DWELL_BASE_HASH_H
#define DWELL_BASE_HASH_H

/* The table (tbl) in the handle of an item that was left out is NULL. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#endif
