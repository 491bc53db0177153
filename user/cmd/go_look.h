/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks: one snapshot of Go processes, or several at intervals, and what becomes more meanwhile. */
#ifndef DWELL_CMD_GO_LOOK_H
#define DWELL_CMD_GO_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "go/course.h"
#include "go/process.h"
#include "go/snapshot.h"
#include "go/view.h"

/* A process that is looked at. All zeros but for the first two: it was not yet. */
struct go_subject {
	struct go_process *process;  /* owned */
	struct go_course *course;    /* owned; of several snapshots; else NULL */
	struct go_snapshot snapshot; /* the last one */
	struct go_rows rows;	     /* of it */
	struct timespec time;	     /* CLOCK_REALTIME of it */
	bool seen;		     /* there is a snapshot */
	enum go_refusal ended;	     /* why there will be no more; GO_READ: there will */
};

void go_subject_clear(struct go_subject *subject);

/*
 * Takes a snapshot of each of the @subjects, in the place of its last one, unless that process has
 * ended. Its rows are as @view groups them. 0 or -ENOMEM.
 */
int go_look(struct go_subject *subject, size_t subjects, const struct go_view *view);

/*
 * Does so every @interval_ns (0: as the duration needs it, from 1 to 10 s) for @duration_ns (0:
 * without an end), until session_stop is set or all processes have ended. 0 or -ENOMEM.
 */
int go_look_again(struct go_subject *subject, size_t subjects, const struct go_view *view,
		  uint64_t interval_ns, uint64_t duration_ns);

#endif
