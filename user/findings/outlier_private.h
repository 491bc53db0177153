/* SPDX-License-Identifier: GPL-2.0-only */
/* What the text and the JSON of an outlier have in common. */
#ifndef DWELL_FINDINGS_OUTLIER_PRIVATE_H
#define DWELL_FINDINGS_OUTLIER_PRIVATE_H

#include "findings/outlier.h"
#include "model/timer_api.h"

#define OUTLIER_SEEN_SHARE 0.001 /* a smaller share of a wait is rounding, not a fact */

/* The names, or NULL: not known, or nobody to ask. */
const char *outlier_comm(const struct outlier_names *names, uint32_t pid, uint32_t tid);
/* What ran was called that; only what has no name there is asked for, and several have none else. */
const char *outlier_culprit_comm(const struct outlier_names *names,
				 const struct outlier_culprit *culprit);
const char *outlier_cgroup(const struct outlier_names *names, uint64_t id);
const char *outlier_function(const struct outlier_names *names, uint64_t address);
const char *outlier_syscall(const struct outlier_names *names, int number);
const char *outlier_user_function(const struct outlier_names *names, uint32_t pid,
				  uint64_t address);
double outlier_quota(const struct outlier_names *names, uint64_t id);

/* Why it waited for a CPU: "woken", "preempted" or "throttled"; NULL: it is no such wait. */
const char *outlier_cause(const struct dwell_outlier *outlier);

/* Parts of an outlier's line: "09:18:49.918 ", "name[pid/tid]", "hog (4 tasks)", and whose fault it was. */
void outlier_print_moment(FILE *out, const struct dwell_outlier *outlier,
			  const struct outlier_clock *clock);
void outlier_print_task(FILE *out, const char *comm, uint32_t pid, uint32_t tid);
void outlier_print_culprit(FILE *out, const struct outlier_culprit *culprit,
			   const struct outlier_names *names);
void outlier_print_cause(FILE *out, const struct dwell_outlier *outlier,
			 const struct outlier_names *names);

/* Writes @name, of at most @length bytes, made harmless; a share, 0 … 1, as "94 %". */
void outlier_print_name(FILE *out, const char *name, size_t length);
void outlier_print_share(FILE *out, double share);

/* Writes who ended a block, as its line does. False, and nothing: not known, or no block ended. */
bool outlier_print_waker(FILE *out, const struct dwell_outlier *outlier,
			 const struct outlier_names *names);

/*
 * Closes @memory, an open_memstream() of *@text and *@length, and writes what it holds:
 * all of it or nothing. 0, -ENOMEM, or what writing failed with.
 */
int outlier_print_whole(FILE *out, FILE *memory, char *const *text, const size_t *length);

/* What programs call to arm timers with that @callback, such as "timerfd"; NULL: not known. */
const char *outlier_api(const struct dwell_outlier *outlier, const struct outlier_names *names,
			char api[TIMER_API_LEN]);

/*
 * Divides that part of @outlier in which its task waited for a CPU. False if
 * its kind tells nothing of that, or there was no wait.
 */
bool outlier_wait(const struct dwell_outlier *outlier, struct outlier_wait *wait);

/* Whether a timer's expiry began it: it has a callback. */
bool outlier_has_timer(const struct dwell_outlier *outlier);

/* The moment it ended or was found, as local time, and its ns. False: no such time. */
bool outlier_time(const struct dwell_outlier *outlier, const struct outlier_clock *clock,
		  struct tm *local, unsigned int *ns);

#endif
