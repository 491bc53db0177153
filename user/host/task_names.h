/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of tasks by thread id: of live tasks, and of those that exited lately. */
#ifndef DWELL_HOST_TASK_NAMES_H
#define DWELL_HOST_TASK_NAMES_H

#include <stdint.h>

#define TASK_NAMES_PROC "/proc" /* on a live host */

/* How many names of exited tasks are kept; the oldest is forgotten first. */
#define TASK_NAMES_KEPT 8192

struct task_names;

/*
 * Whether @proc must not be used: 0 if it names tasks by the numbers of this pid namespace;
 * ESRCH (positive): it is another namespace's; another positive errno: it cannot be read.
 */
int task_names_refuse_proc(const char *proc);

/*
 * Reads the names of live tasks in the folder @proc, which it copies; with a NULL @proc only
 * exited tasks have names. Returns NULL without memory. The caller frees the names with
 * task_names_free(), which also takes NULL.
 */
struct task_names *task_names_new(const char *proc);
void task_names_free(struct task_names *names);

/*
 * Keeps the name of the exited task @tid. @comm may hold any bytes; at most
 * DWELL_COMM_LEN - 1 of them are copied. Without memory the name is not kept.
 */
void task_names_remember(struct task_names *names, uint32_t tid, const char *comm);

/*
 * Returns the name of the task @tid of process @pid (0: not known), as it is now or was at
 * its exit. It has at most DWELL_COMM_LEN - 1 bytes, of any value. NULL: unknown. The name
 * is valid until the next call for the same @names.
 */
const char *task_names_comm(struct task_names *names, uint32_t pid, uint32_t tid);

#endif
