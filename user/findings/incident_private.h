/* SPDX-License-Identifier: GPL-2.0-only */
/* The outliers held in a second, and how they are divided into incidents. */
#ifndef DWELL_FINDINGS_INCIDENT_PRIVATE_H
#define DWELL_FINDINGS_INCIDENT_PRIVATE_H

#include "findings/incident.h"

#define INCIDENT_KEYS 3

/* Something that outliers of one cause have in common; compared byte by byte. */
struct incident_key {
	uint32_t class; /* enum incident_class */
	uint32_t by;	/* tells what @number and @name are of */
	uint64_t number;
	char name[DWELL_COMM_LEN];
};

/* An outlier that is held. */
struct incident_held {
	struct dwell_outlier outlier;
	enum incident_class class;
	struct incident_key key[INCIDENT_KEYS];
	size_t keys;
	bool part;    /* a part of another outlier, and told with that */
	size_t group; /* set by incident_divide() */

	struct outlier_wait wait; /* its culprits are named; all zeros: nothing to divide */
};

/* Fills in all of @held but the outlier, which the caller has set, and the group. */
void incident_classify(struct incident_held *held, const struct naming *naming);

/*
 * Divides the @count outliers at @held, without parts, into few groups: numbers the group of each
 * from 0 on. Returns the number of groups, or -ENOMEM.
 */
long incident_divide(struct incident_held *held, size_t count);

/*
 * Fills in @incident from the @count (at least 1) outliers at @held, all of one group; sorts @held.
 * Without memory it has no culprits.
 */
void incident_sum_up(struct incident *incident, const struct incident_held **held, size_t count);

#endif
