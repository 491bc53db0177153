/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of tasks by thread id: of those that live, and of those that have exited lately. */
#ifndef DWELL_HOST_TASK_NAMES_H
#define DWELL_HOST_TASK_NAMES_H

#include <stdint.h>

#define TASK_NAMES_PROC "/proc"

/* Exited tasks whose names are kept; the oldest is forgotten first. */
#define TASK_NAMES_KEPT 8192

struct task_names;

/*
 * Whether @proc names the tasks of this pid namespace by its numbers. 0: it does; ESRCH: it
 * is another namespace's; another positive errno: it cannot be read.
 */
int task_names_refuse_proc(const char *proc);

/*
 * @proc is where the names of live tasks are read; it is copied. NULL: only exited tasks have
 * names. NULL without memory. The caller frees the names with task_names_free().
 */
struct task_names *task_names_new(const char *proc);
void task_names_free(struct task_names *names);

/*
 * Keeps the name of the task @tid, which has exited: the first DWELL_COMM_LEN - 1 bytes of
 * @comm at most, any bytes. Without memory it is not kept.
 */
void task_names_remember(struct task_names *names, uint32_t tid, const char *comm);

/*
 * The name of the task @tid of process @pid (0: not known) as it is now, or was when it
 * exited: at most DWELL_COMM_LEN - 1 bytes, any bytes. NULL: unknown. Valid until the next
 * call for the same @names.
 */
const char *task_names_comm(struct task_names *names, uint32_t pid, uint32_t tid);

#endif
