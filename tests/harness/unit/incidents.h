/* SPDX-License-Identifier: GPL-2.0-only */
/* Outliers made by hand, given to incidents, and what these tell, for tests of incidents. */
#ifndef DWELL_TESTS_INCIDENTS_H
#define DWELL_TESTS_INCIDENTS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/unit/runs.h"
#include "findings/incident.h"

#define BACKUP 812
#define OTHER_HOG 813
#define NGINX 100
#define SWARM 5000 /* from here on tasks of one name */
#define NAMELESS 9000
#define HOSTILE 4999 /* its name clears screens */

/* Of @comm's task @tid of process @pid: @ns, ended @to ns behind BEGIN. */
struct dwell_outlier outlier_of(enum dwell_measure measure, const char *comm, uint32_t pid,
				uint32_t tid, uint64_t to, uint64_t ns);

/* The whole wait was behind @culprit. */
void blame(struct dwell_outlier *outlier, uint32_t culprit);
struct dwell_outlier wait_behind(const char *comm, uint32_t tid, uint32_t culprit, uint64_t to,
				 uint64_t ns);
struct dwell_outlier block_of(const char *comm, uint32_t tid, uint32_t block, int syscall,
			      uint64_t to);

#define TOLD_LINES 16

/* What was told since the last forget(). */
struct heard {
	struct incident incident[TOLD_LINES];
	uint64_t worst_ns[TOLD_LINES];
	char *line[TOLD_LINES]; /* without the time and the newline */
	size_t count;
	uint64_t outliers;
	uint64_t last_to;
	int err; /* what is answered */
};
extern struct heard heard;
void forget(void);

/* Takes, and fails unless that works. */
void take(struct incidents *incidents, const struct dwell_outlier *outlier);
/* Tells what is held; 0 or what heard.err is. */
int try_tell(struct incidents *incidents);
void tell(struct incidents *incidents);

/* Fails unless @outlier, alone, is written as @expected. */
void check_alone(const struct dwell_outlier *outlier, const char *expected);

int incidents_set_up(void **state);
int incidents_tear_down(void **state);

#endif
