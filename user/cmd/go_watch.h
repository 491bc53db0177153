/* SPDX-License-Identifier: GPL-2.0-only */
/* The watch: ends dwell if a program's memory keeps it waiting for ever. */
#ifndef DWELL_CMD_GO_WATCH_H
#define DWELL_CMD_GO_WATCH_H

#include <stdint.h>

/*
 * Starts a thread without privileges that looks at go_memory_call(). It calls @give_up, which must
 * not return, with @context and the process that is read: once a call has lasted for @limit_ns,
 * or for a second while a SIGINT or SIGTERM waits in vain. Such a call is interrupted by nothing
 * but the end of dwell. 0 or a negative errno.
 */
int go_watch_start(uint64_t limit_ns, void (*give_up)(void *context, uint32_t pid), void *context);

#endif
