/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of series, shared by their intake, their origins and the election. */
#ifndef DWELL_EXPORT_SERIES_PRIVATE_H
#define DWELL_EXPORT_SERIES_PRIVATE_H

#include "base/hash.h"
#include "export/series.h"

struct key {
	uint64_t cgroup;
	char comm[DWELL_COMM_LEN];
};

/* A group of the model: a comm or a cgroup. Several origins may have one label. */
struct origin {
	struct key key;
	struct group *group; /* NULL: its label is not known */
	wide activity;	     /* ns, since its beginning */
	/* Owned: its counters at the last update, if its group is named. NULL: not known. */
	struct counters *base;
	bool fresh;	       /* all its counts are from after the last update */
	bool idle;	       /* it has no task, and did nothing since the last update */
	const struct row *row; /* its row during an update; else NULL */
	UT_hash_handle hh;
};

/* All origins of one label. Kept while it has an origin, a name or counters. */
struct group {
	size_t origins;
	bool named;
	bool begins; /* it is named since this update */
	uint64_t tasks, outstanding;
	uint64_t open_ns[SERIES_OPENS];
	wide grown;			   /* ns of activity since the last update */
	uint64_t outliers[DWELL_MEASURES]; /* since the last update */
	double activity;		   /* ns a second, on average */
	unsigned int streak; /* updates in a row with clearly more activity than a named group */
	uint64_t evicted;    /* number of its eviction: later ones are larger */
	/* Owned. Kept for a while after an eviction, so that a return continues them. */
	struct counters *counters;
	UT_hash_handle hh;
	char label[];
};

struct series {
	struct series_options options;
	struct origin *origins;
	struct group *groups;
	size_t bases, kept;   /* number of bases, and of counters without a name */
	struct group **named; /* sorted by label; room for options.limit */
	struct series_census census;
	uint64_t updated; /* mono ns; 0: never */
	bool blind;	  /* an origin was left out: new ones may have counted before */

	struct counters total, kernel_total; /* sums of all rows at the last update */
	struct counters other, kernel;
	uint64_t tasks, outstanding; /* of all groups, named or not */
	uint64_t kernel_outstanding;
	uint64_t open_ns[SERIES_OPENS]; /* of rows without a group */
	uint64_t unknown;		/* rows of the last update without a group */
};

/* The key of the model's group with @comm or @cgroup, by options.by. */
struct key origin_key(const struct series *series, const char comm[DWELL_COMM_LEN],
		      uint64_t cgroup);

/* Finds an origin; NULL: there is none. */
struct origin *origin_find(const struct series *series, const struct key *key);

/*
 * Makes an origin, which the series own. NULL without memory or room; else the caller frees it
 * with origin_forget().
 */
struct origin *origin_new(struct series *series, const struct key *key);

/* Puts @origin into the group of its label, for good, once the label is known. */
void origin_place(struct series *series, struct origin *origin);

/*
 * Free @origin's base, or all of @origin. A group goes with its last origin, unless it has a
 * name or counters.
 */
void origin_drop_base(struct series *series, struct origin *origin);
void origin_forget(struct series *series, struct origin *origin);

/* Frees @group, unless it has an origin, a name or counters. */
void series_release(struct series *series, struct group *group);

/* Brings all averages up to date; the last update was @ns ago, above 0. */
void election_rate(struct series *series, double ns);

/* Decides which groups are named from now on. Without memory nothing changes. */
void election_hold(struct series *series);

#endif
