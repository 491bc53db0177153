/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the series, as shared by their intake, their origins and the election of names. */
#ifndef DWELL_EXPORT_SERIES_PRIVATE_H
#define DWELL_EXPORT_SERIES_PRIVATE_H

#include "base/hash.h"
#include "export/series.h"

struct key {
	uint64_t cgroup;
	char comm[DWELL_COMM_LEN];
};

/* A group of the model: a comm or a cgroup. Several may have one label. */
struct origin {
	struct key key;
	struct group *group; /* NULL: its name is not known */
	wide activity;	     /* all it ever had, in ns */
	/* Owned; what it had counted at the last update, if its group is named. NULL: not known. */
	struct counters *base;
	bool fresh;	       /* all that it counted, it counted since the last update */
	bool idle;	       /* has no task, and did nothing since the last update */
	const struct row *row; /* while an update takes it in */
	UT_hash_handle hh;
};

/* What has a label. Kept while it has an origin, a name or counters. */
struct group {
	size_t origins;
	bool named;
	bool begins; /* is named only since this update */
	uint64_t tasks, outstanding;
	uint64_t open_ns[SERIES_OPENS];
	wide grown;			   /* activity since the last update */
	uint64_t outliers[DWELL_MEASURES]; /* since the last update */
	double activity;		   /* ns a second */
	unsigned int streak; /* updates in which it was clearly more active than one that is named */
	uint64_t evicted;    /* when: a number that grows */
	/* Owned; kept for a while after an eviction, so that a return goes on from there. */
	struct counters *counters;
	UT_hash_handle hh;
	char label[];
};

struct series {
	struct series_options options;
	struct origin *origins;
	struct group *groups;
	size_t bases, kept;   /* how many there are: bases, counters without a name */
	struct group **named; /* by label; room for the limit */
	struct series_census census;
	uint64_t updated; /* mono; 0: never */
	bool blind;	  /* an origin was left out: one that is new here may have counted before */

	struct counters total, kernel_total; /* what the rows had at the last update */
	struct counters other, kernel;
	uint64_t tasks, outstanding; /* of all groups, named or not */
	uint64_t kernel_outstanding;
	uint64_t open_ns[SERIES_OPENS]; /* of what belongs to no group */
	uint64_t unknown; /* groups among the others whose name or whose past is not known */
};

/* The key of the model's group that has @comm, or @cgroup: whichever series are by. */
struct key origin_key(const struct series *series, const char comm[DWELL_COMM_LEN],
		      uint64_t cgroup);

/* NULL: there is none. */
struct origin *origin_find(const struct series *series, const struct key *key);

/* Makes an origin. NULL without memory or room; else freed by origin_forget(). */
struct origin *origin_new(struct series *series, const struct key *key);

/* Finds out which group @origin belongs to, once its name is known: from then on it stays. */
void origin_place(struct series *series, struct origin *origin);

/* Frees @origin's base, or all of it; its group goes with the last that keeps it. */
void origin_drop_base(struct series *series, struct origin *origin);
void origin_forget(struct series *series, struct origin *origin);

/* Forgets @group unless there is something left to know of it. */
void series_release(struct series *series, struct group *group);

/* Brings all averages up to date, the last update having been @ns ago. */
void election_rate(struct series *series, double ns);

/* Decides who is named from now on. Without memory for it all stays as it is. */
void election_hold(struct series *series);

#endif
