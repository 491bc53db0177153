/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as text: one line that says whose fault it is, and its details beneath. */
#ifndef DWELL_SINK_OUTLIER_TEXT_H
#define DWELL_SINK_OUTLIER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "findings/outlier.h"

/*
 * Writes @outlier on one line, and with @details what is known of its cause on
 * indented lines beneath. 0, -ENOMEM, or what writing failed with (-EPIPE too).
 * Does not flush.
 */
int outlier_print(FILE *out, const struct dwell_outlier *outlier, const struct naming *naming,
		  const struct outlier_clock *clock, bool details);

/* Parts of an outlier's line: "09:18:49.918 ", "name[pid/tid]", "hog (4 tasks)", and whose fault it was. */
void outlier_print_moment(FILE *out, const struct dwell_outlier *outlier,
			  const struct outlier_clock *clock);
void outlier_print_task(FILE *out, const char *comm, uint32_t pid, uint32_t tid);
void outlier_print_culprit(FILE *out, const struct outlier_culprit *culprit,
			   const struct naming *naming);
void outlier_print_cause(FILE *out, const struct dwell_outlier *outlier,
			 const struct naming *naming);

/* Writes @name, of at most @length bytes, made harmless; a share, 0 … 1, as "94 %". */
void outlier_print_name(FILE *out, const char *name, size_t length);
void outlier_print_share(FILE *out, double share);

/* Writes who ended a block, as its line does. False, and nothing: not known, or no block ended. */
bool outlier_print_waker(FILE *out, const struct dwell_outlier *outlier,
			 const struct naming *naming);

/*
 * Closes @memory, an open_memstream() of *@text and *@length, and writes what it holds:
 * all of it or nothing. 0, -ENOMEM, or what writing failed with.
 */
int outlier_print_whole(FILE *out, FILE *memory, char *const *text, const size_t *length);

#endif
