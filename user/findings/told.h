/* SPDX-License-Identifier: GPL-2.0-only */
/* What was told lately, so that an interval that says the same again is known as such. */
#ifndef DWELL_FINDINGS_TOLD_H
#define DWELL_FINDINGS_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

#include "bpf/dwell.h"

/* So many intervals are remembered. With an older part, an interval counts as told for the first time. */
#define TOLD_MAX 1024

/* One interval of one task. */
struct told_interval {
	uint32_t tid; /* 0: no interval */
	uint32_t measure;
	uint64_t start;	 /* of the task, which tells it from another one of that tid */
	uint64_t from;	 /* mono */
	uint64_t to;	 /* mono */
	uint64_t number; /* what told_add() was given */
	uint32_t open;	 /* 1: it had not ended */
};

/* All zeros is nothing yet. */
struct told {
	struct told_interval interval[TOLD_MAX]; /* a ring */
	size_t next;
};

/* Of an outlier, the parts that were told before it as outliers of their own. */
struct told_parts {
	uint32_t kinds;	      /* a bit for each enum dwell_measure among them */
	uint64_t waits_ns;    /* of those that were waits for a CPU */
	uint64_t lateness_ns; /* of the one that was a timer's lateness */
};

/* Adds @part to @parts. */
void told_count(struct told_parts *parts, const struct told_interval *part);

/*
 * Finds the parts of @outlier: of a timer latency its lateness and its wait, of a
 * dwell its waits. Other kinds have none.
 */
void told_find(const struct told *told, const struct dwell_outlier *outlier,
	       struct told_parts *parts);

/* Which one of two that are one incident is the one to be told. */
enum told_choice {
	TOLD_BOTH,  /* they are two incidents, or one alone */
	TOLD_OUTER, /* the whole, which tells its parts too */
	TOLD_PARTS, /* the parts: the rest of the whole is not out of the ordinary */
};
enum told_choice told_choose(const struct dwell_outlier *outlier, const struct told_parts *parts);

/* Whether @part lies in @outlier, and is one of those that told_find() finds there. */
bool told_is_part(const struct told_interval *part, const struct dwell_outlier *outlier);

/*
 * Whether @interval is the wait or block of @outlier, which has ended, when it was
 * still open: a task is in one at a time.
 */
bool told_is_beginning(const struct told_interval *interval, const struct dwell_outlier *outlier);

/* @outlier as an interval. */
struct told_interval told_interval(const struct dwell_outlier *outlier);

/* Remembers @outlier, under @number. @parts: what told_find() found of it. */
void told_add(struct told *told, const struct dwell_outlier *outlier,
	      const struct told_parts *parts, uint64_t number);

#endif
