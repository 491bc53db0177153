/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Incidents: outliers that have one cause, gathered for a second at most.
 *
 * The first outlier begins a second; when that is over, all that came are divided
 * into as few incidents as have something in common: the culprit, the program,
 * the quota, the system call, the timer's callback. Beyond INCIDENT_LINES of them
 * the rest is one incident more, so that whoever reads keeps up with any flood.
 * Every outlier is in exactly one incident, or is part of another one that is.
 */
#ifndef DWELL_FINDINGS_INCIDENT_H
#define DWELL_FINDINGS_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings/outlier.h"

#define INCIDENT_NS 1000000000ULL /* how long outliers are gathered */
#define INCIDENT_HELD 2048	  /* so many outliers end a second early */
#define INCIDENT_LINES 8
#define INCIDENT_CULPRITS 2

/* What kind of trouble it is. */
enum incident_class {
	INCIDENT_WAIT,	    /* for a CPU; also the timer latencies that are mostly that */
	INCIDENT_THROTTLED, /* for quota */
	INCIDENT_BLOCKED,
	INCIDENT_LATE, /* timers; also the timer latencies that are mostly that */
	INCIDENT_DWELL,
	INCIDENT_REST, /* of several classes: what is beyond INCIDENT_LINES */
};

/* What is told on one line. */
struct incident {
	enum incident_class class;
	const struct dwell_outlier *worst; /* the longest; of several classes: by outlier_excess() */
	uint64_t count;			   /* of outliers: at least 1 */
	uint64_t open;			   /* of those, the ones that had not ended */
	uint64_t kinds[DWELL_MEASURES];	   /* of those, by enum dwell_measure */
	size_t tasks, processes; /* different ones; timers whose owner is not known have none */
	size_t programs;	 /* different names of tasks */

	/* Of all its waits for a CPU that could be divided among culprits. */
	uint64_t waited_ns;
	uint64_t others_ns; /* of many that are not named */
	uint64_t unseen_ns;
	struct outlier_culprit culprit[INCIDENT_CULPRITS]; /* by name; the largest first */
	size_t culprits;
};

struct incidents;

/* NULL: out of memory. The caller frees it with incidents_free(). */
struct incidents *incidents_new(void);
void incidents_free(struct incidents *incidents);

/* Takes an incident that is told; anything but 0 ends the telling. */
typedef int incident_teller(void *context, const struct incident *incident);

/*
 * Takes a copy of @outlier, at the mono time @now; tells before what is due. Names
 * are asked for at once: a culprit may exit soon. 0, -ENOMEM, or what @tell returned.
 */
int incidents_take(struct incidents *incidents, const struct dwell_outlier *outlier,
		   const struct naming *naming, uint64_t now, incident_teller *tell, void *context);

/* Whether what is held has to be told: its second is over, or no more can be held. */
bool incidents_due(const struct incidents *incidents, uint64_t now);

/*
 * Hands all that is held to @tell, an incident a call, by the time of their worst
 * ones, and holds nothing then. Without memory to divide them it is one incident.
 * 0, or what @tell returned.
 */
int incidents_tell(struct incidents *incidents, incident_teller *tell, void *context);

/* Of all outliers taken so far. They are those in lines, parts, and those that are still held. */
struct incident_counts {
	uint64_t lines;
	uint64_t outliers; /* that lines tell */
	uint64_t parts;	   /* that are part of what lines tell, and not counted there */
};
struct incident_counts incidents_counts(const struct incidents *incidents);

#endif
