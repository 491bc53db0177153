/* SPDX-License-Identifier: GPL-2.0-only */
/* What is held of the outliers of a second, and how they are divided into incidents. */
#ifndef DWELL_FINDINGS_INCIDENT_PRIVATE_H
#define DWELL_FINDINGS_INCIDENT_PRIVATE_H

#include "findings/incident.h"

#define INCIDENT_KEYS 3

/* Something that outliers of one cause have in common. */
struct incident_key {
	uint32_t class; /* enum incident_class */
	uint32_t by; /* which of a class's keys: they are numbers and names of different things */
	uint64_t number;
	char name[DWELL_COMM_LEN];
};

/* An outlier that is held. */
struct incident_held {
	struct dwell_outlier outlier;
	enum incident_class class;
	struct incident_key key[INCIDENT_KEYS];
	size_t keys;
	bool part; /* of another outlier, which is told */
	size_t group;

	struct outlier_wait wait; /* its culprits are named; all zeros: nothing to divide */
};

/* Fills in all of @held, of which the outlier is there. */
void incident_classify(struct incident_held *held, const struct naming *naming);

/*
 * Divides the @count outliers @held that are no parts into as few groups as it
 * can: sets .group of each, 0 … the number of groups - 1, which it returns, or -ENOMEM.
 */
long incident_divide(struct incident_held *held, size_t count);

/* Sums up the @count outliers at @held, at least one, all of one group. */
void incident_sum_up(struct incident *incident, const struct incident_held **held, size_t count);

#endif
