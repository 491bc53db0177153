/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Incidents: outliers of one cause, gathered for at most a second.
 *
 * The first outlier begins a second. At its end all outliers are divided into as few incidents as
 * possible, by what they have in common: the culprit, the program, the quota, the system call, the
 * timer's callback. All beyond INCIDENT_LINES make one incident more, so that readers keep up with
 * any flood. Every outlier is either in exactly one incident, or a part of an outlier in one.
 */
#ifndef DWELL_FINDINGS_INCIDENT_H
#define DWELL_FINDINGS_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings/outlier.h"

#define INCIDENT_NS 1000000000ULL /* how long outliers are gathered */
#define INCIDENT_HELD 2048	  /* outliers held at most; so many end a second early */
#define INCIDENT_LINES 8
#define INCIDENT_CULPRITS 2

/* The kind of trouble. */
enum incident_class {
	INCIDENT_WAIT,	    /* waits for a CPU, and timer latencies that are mostly such a wait */
	INCIDENT_THROTTLED, /* waits for quota */
	INCIDENT_BLOCKED,
	INCIDENT_LATE, /* late timers, and timer latencies that are mostly lateness */
	INCIDENT_DWELL,
	INCIDENT_REST, /* several classes together: all beyond INCIDENT_LINES */
};

/* An incident, to be told on one line. */
struct incident {
	enum incident_class class;
	const struct dwell_outlier *worst; /* the longest; of INCIDENT_REST by outlier_excess() */
	uint64_t count;			   /* outliers: at least 1 */
	uint64_t open;			   /* outliers that had not ended */
	uint64_t kinds[DWELL_MEASURES];	   /* outliers by enum dwell_measure */
	/* Different tasks, processes and names of tasks; a timer of an unknown owner has none. */
	size_t tasks, processes;
	size_t programs;

	/* Sums of the waits for a CPU that could be divided among culprits. */
	uint64_t waited_ns; /* the whole, of which culprits have their shares */
	uint64_t others_ns; /* tasks that are not named */
	uint64_t unseen_ns;
	struct outlier_culprit culprit[INCIDENT_CULPRITS]; /* one for a name; the largest first */
	size_t culprits;
};

struct incidents;

/* Makes an object that holds no outliers; NULL without memory. Freed by incidents_free(). */
struct incidents *incidents_new(void);

/* Frees @incidents without telling what is held; does nothing for NULL. */
void incidents_free(struct incidents *incidents);

/*
 * Tells @incident, which is valid only during the call, as is its worst outlier. Any return value
 * but 0 ends the telling.
 */
typedef int incident_teller(void *context, const struct incident *incident);

/*
 * Takes a copy of @outlier at the mono time @now (ns), after telling what is due. Culprits are
 * named at once, because they may exit soon. 0, -ENOMEM, or what @tell returned.
 */
int incidents_take(struct incidents *incidents, const struct dwell_outlier *outlier,
		   const struct naming *naming, uint64_t now, incident_teller *tell, void *context);

/* Whether held outliers are to be told at @now (mono ns): the second is over, or the room full. */
bool incidents_due(const struct incidents *incidents, uint64_t now);

/*
 * Tells all that is held, one incident a call, by the times of their worst outliers, and holds
 * nothing afterwards. Without memory for dividing them all are one incident. 0, or what @tell
 * returned; then the incidents that were left are not told.
 */
int incidents_tell(struct incidents *incidents, incident_teller *tell, void *context);

/*
 * Counts since the beginning. Every outlier taken is told in a line, is a part, or is still held,
 * unless a failed telling left it out.
 */
struct incident_counts {
	uint64_t lines;
	uint64_t outliers; /* told by lines, without parts */
	uint64_t parts;	   /* outliers that are parts of others */
};

/* The counts so far. */
struct incident_counts incidents_counts(const struct incidents *incidents);

#endif
