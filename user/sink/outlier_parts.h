/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of what is written for people of outliers and incidents: names, numbers, lists. */
#ifndef DWELL_SINK_OUTLIER_PARTS_H
#define DWELL_SINK_OUTLIER_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "findings/explain.h"

/* "09:18:49.918 ", the local time at which it ended or was found; nothing: no such time. */
void outlier_print_moment(FILE *out, const struct dwell_outlier *outlier,
			  const struct outlier_clock *clock);

/* "24ms", as text_duration() does. */
void outlier_print_duration(FILE *out, uint64_t ns);

/* A share, 0 … 1, as "94 %". */
void outlier_print_share(FILE *out, double share);

/* @name, of at most @length bytes, made harmless. */
void outlier_print_name(FILE *out, const char *name, size_t length);

/* "name[pid/tid]", "name[tid]" of a process's first thread. @comm: empty if it is not known. */
void outlier_print_task(FILE *out, const char *comm, uint32_t pid, uint32_t tid);

/* "hog[4800]", "nginx[812] (4 threads)", "hackbench (40 tasks)". */
void outlier_print_culprit(FILE *out, const struct outlier_culprit *culprit);

/* "moved here from CPU 3": of a wait that was. */
void outlier_print_move(FILE *out, const struct outlier_wait *wait);

/* A function by name, else by address. */
void outlier_print_function(FILE *out, const struct explained_function *function);

/* The outlier's cgroup by path, else "#" and its id, else "its cgroup". */
void outlier_print_cgroup(FILE *out, const struct explanation *explanation);

/* The system call by name, else "system call 74". */
void outlier_print_syscall(FILE *out, const struct explanation *explanation);

/* Writes what comes between the parts of a list: *@separator, which is ", " from then on. */
void outlier_print_separator(FILE *out, const char **separator);

/*
 * Closes @memory, an open_memstream() of *@text and *@length, and writes what it holds:
 * all of it or nothing. 0, -ENOMEM, or what writing failed with.
 */
int outlier_print_whole(FILE *out, FILE *memory, char *const *text, const size_t *length);

#endif
