/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of the text about outliers and incidents: names, numbers, lists. */
#ifndef DWELL_SINK_OUTLIER_PARTS_H
#define DWELL_SINK_OUTLIER_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "findings/explain.h"

/* Functions without a result report failed writes in the error flag of @out. */

/*
 * Writes the local time at which the outlier ended or was found, "09:18:49.918 "; nothing if
 * @clock has no such time.
 */
void outlier_print_moment(FILE *out, const struct dwell_outlier *outlier,
			  const struct outlier_clock *clock);

/* Writes "24ms", as text_duration() does. */
void outlier_print_duration(FILE *out, uint64_t ns);

/* Writes a share of 0 … 1 as "94 %", and a small one as "<1 %". */
void outlier_print_share(FILE *out, double share);

/* Writes @name, at most @length bytes or up to a NUL, escaped for a terminal. */
void outlier_print_name(FILE *out, const char *name, size_t length);

/*
 * Writes "name[pid/tid]", or "name[tid]" for the first thread of a process and if @pid is 0. A
 * task outside of dwell's pid namespace is "name[outside]". @comm has at most DWELL_COMM_LEN
 * bytes, and is empty if the name is not known.
 */
void outlier_print_task(FILE *out, const char *comm, uint32_t pid, uint32_t tid);

/*
 * Writes "hog[4800]", "nginx[812] (4 threads)" or "hackbench (40 tasks)". From OUTLIER_TASKS_MAX
 * on the number has "or more".
 */
void outlier_print_culprit(FILE *out, const struct outlier_culprit *culprit);

/* Writes "moved here from CPU 3"; only for a wait with @moved. */
void outlier_print_move(FILE *out, const struct outlier_wait *wait);

/* Writes a function by name, else by address. */
void outlier_print_function(FILE *out, const struct explained_function *function);

/* Writes the path of the outlier's cgroup, else "#" and its id, else "its cgroup". */
void outlier_print_cgroup(FILE *out, const struct explanation *explanation);

/* Writes the system call by name, else as "system call 74". */
void outlier_print_syscall(FILE *out, const struct explanation *explanation);

/* Writes *@separator before an item of a list, and sets it to ", " for the next one. */
void outlier_print_separator(FILE *out, const char **separator);

/*
 * Closes @memory, which open_memstream() made for *@text and *@length, and writes its text to
 * @out. Writes nothing if @memory lacks a part. The caller frees *@text. 0, -ENOMEM, or the
 * negative errno of writing.
 */
int outlier_print_whole(FILE *out, FILE *memory, char *const *text, const size_t *length);

#endif
