/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of the intervals told lately, by which one that tells the same again is recognized. */
#ifndef DWELL_FINDINGS_TOLD_H
#define DWELL_FINDINGS_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

/* The number of intervals remembered. An outlier whose part is older counts as a new incident. */
#define TOLD_MAX 1024

/* One interval of one task. */
struct told_interval {
	uint32_t tid;	  /* 0: no interval */
	uint32_t measure; /* enum dwell_measure */
	uint64_t start;	  /* the task's, which tells it from another one of that tid */
	uint64_t from;	  /* mono ns */
	uint64_t to;	  /* mono ns */
	uint64_t number;  /* as told_add() was given it */
	uint32_t open;	  /* 1: it had not ended */
};

/* All zeros remembers nothing. */
struct told {
	struct told_interval interval[TOLD_MAX]; /* a ring */
	size_t next;				 /* the next place, modulo TOLD_MAX */
};

/* The parts of an outlier that were already told as outliers of their own. */
struct told_parts {
	uint32_t kinds;	      /* a bit for each enum dwell_measure among them */
	uint64_t waits_ns;    /* sum of the waits for a CPU */
	uint64_t lateness_ns; /* the timer's lateness */
};

/* Adds @part to @parts. */
void told_count(struct told_parts *parts, const struct told_interval *part);

/*
 * Fills in @parts with those of @outlier that are remembered: lateness and waits of a timer
 * latency, waits of a dwell. Other kinds have no parts.
 */
void told_find(const struct told *told, const struct dwell_outlier *outlier,
	       struct told_parts *parts);

/* Which is to be told: an outlier (the whole), or its parts that were already told. */
enum told_choice {
	TOLD_BOTH,  /* both: they are two incidents, or there are no parts */
	TOLD_OUTER, /* the whole, which tells its parts too */
	TOLD_PARTS, /* the parts: without them the whole is nothing out of the ordinary */
};

/* Chooses between @outlier and its @parts. */
enum told_choice told_choose(const struct dwell_outlier *outlier, const struct told_parts *parts);

/* Whether @part is a part of @outlier, as told_find() has them: it lies in it, and has ended. */
bool told_is_part(const struct told_interval *part, const struct dwell_outlier *outlier);

/*
 * Whether @interval, still open when it was told, has ended as @outlier, a wait or block: a task is
 * in only one at a time.
 */
bool told_is_beginning(const struct told_interval *interval, const struct dwell_outlier *outlier);

/* @outlier as an interval, whose number is 0. */
struct told_interval told_interval(const struct dwell_outlier *outlier);

/*
 * Remembers @outlier under @number; @parts are from told_find(). Dwells and outliers of unknown
 * tasks are not remembered, because they are nobody's parts. A timer latency is remembered as its
 * wait for a CPU, unless one of its waits was already told.
 */
void told_add(struct told *told, const struct dwell_outlier *outlier,
	      const struct told_parts *parts, uint64_t number);

#endif
