/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of tasks by thread id: of those that live, and of those that have exited lately. */
#ifndef DWELL_HOST_NAMES_H
#define DWELL_HOST_NAMES_H

#include <stdint.h>

#define NAMES_PROC "/proc"

/* Exited tasks whose names are kept; the oldest is forgotten first. */
#define NAMES_KEPT 8192

struct names;

/*
 * Why nothing in @proc may be taken for what the numbers of this pid namespace
 * name: ESRCH, @proc is another namespace's; another errno, it cannot be read. 0: it may.
 */
int names_refuse_proc(const char *proc);

/* @proc: copied; NULL: only exited tasks have names. NULL without memory. The caller frees it with names_free(). */
struct names *names_new(const char *proc);
void names_free(struct names *names);

/* Keeps the name of a task that has exited: at most DWELL_COMM_LEN bytes, any bytes. */
void names_remember(struct names *names, uint32_t tid, const char *comm);

/*
 * The name of @tid of @pid (0: not known), at most DWELL_COMM_LEN - 1 bytes, any bytes: as it is
 * now, or was when it exited. NULL: unknown. Valid until the next call.
 */
const char *names_comm(struct names *names, uint32_t pid, uint32_t tid);

#endif
