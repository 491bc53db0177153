/* SPDX-License-Identifier: GPL-2.0-only */
/* What is normal for a task: a mean and a mean deviation, learned interval by interval. */
#ifndef DWELL_NORM_H
#define DWELL_NORM_H

/* Included by dwell.h, behind the measures. */

/*
 * What a task is used to, for one measure: a mean and a mean deviation, learned as TCP
 * learns its round-trip time. Kept in units of 2^dwell_norm_shift ns.
 *
 * Only intervals of at least the measure's floor are looked at. The shorter ones
 * between them count as 0; @samples tells how many those were. So the common path pays
 * one comparison, and what is rare is unusual however long it takes.
 */
struct dwell_norm {
	__u32 mean;	 /* times 8 */
	__u32 deviation; /* times 4 */
	__u32 samples;	 /* intervals of that kind, small ones included, when it was last updated */
};

#define DWELL_NORM_FORGET 40   /* so many small intervals in a row, and all is forgotten */
#define DWELL_NORM_NEW 4       /* with fewer intervals nothing is known to be unusual … */
#define DWELL_NORM_NEW_SHIFT 3 /* … but what is 2^so many times the floor */

/* Blocks may last days, the others minutes. */
static inline __attribute__((always_inline)) unsigned int
dwell_norm_shift(enum dwell_measure measure)
{
	return measure == DWELL_BLOCKED ? 20 : 13;
}

static inline __attribute__((always_inline)) void dwell_norm_add(struct dwell_norm *norm,
								 __u32 value)
{
	/* Both sides of the subtraction are below 2^29: see dwell_norm_learn(). */
	int error = (int)value - (int)(norm->mean >> 3);

	int sign = error >> 31;

	norm->mean += error;
	/* The magnitude without a branch: in a loop, 6.1's verifier would follow each one. */
	norm->deviation += ((error ^ sign) - sign) - (norm->deviation >> 2);
}

/* Brings @norm up to @samples intervals, the ones in between having been small. */
static inline __attribute__((always_inline)) void dwell_norm_forget(struct dwell_norm *norm,
								    __u32 samples)
{
	__u32 missed = samples - norm->samples;

	norm->samples = samples;
	if (!norm->mean)
		return;
	if (missed > DWELL_NORM_FORGET) {
		norm->mean = 0;
		norm->deviation = 0;
		return;
	}
	for (__u32 i = 1; i < DWELL_NORM_FORGET && i < missed; i++)
		dwell_norm_add(norm, 0);
}

/*
 * Beyond how many ns an interval of a task that is used to @norm is an outlier:
 * @deviations beyond the mean, at least half the mean beyond it, and never below
 * @floor.
 */
static inline __attribute__((always_inline)) __u64
dwell_norm_threshold(const struct dwell_norm *norm, enum dwell_measure measure, __u64 floor,
		     __u32 deviations)
{
	__u64 margin = ((__u64)norm->deviation * deviations) >> 2, limit;

	/* Who is regular to the microsecond is not unusual for being a little late. */
	if (margin < norm->mean >> 4)
		margin = norm->mean >> 4;
	limit = ((norm->mean >> 3) + margin) << dwell_norm_shift(measure);
	/* A floor of centuries stays what it is: its multiple would wrap, and become less. */
	if (norm->samples < DWELL_NORM_NEW && floor <= ~0ULL >> DWELL_NORM_NEW_SHIFT)
		floor <<= DWELL_NORM_NEW_SHIFT;
	return limit > floor ? limit : floor;
}

/*
 * Learns from an interval of @ns. One beyond @threshold counts as twice that at most,
 * so that one mishap does not hide the next. With 4 deviations or more each such
 * interval at least doubles the threshold: what stays n times the floor is an outlier
 * log2(n) + 1 times at most.
 */
static inline __attribute__((always_inline)) void
dwell_norm_learn(struct dwell_norm *norm, enum dwell_measure measure, __u64 ns, __u64 threshold)
{
	if (ns > 2 * threshold)
		ns = 2 * threshold;
	ns >>= dwell_norm_shift(measure);
	if (ns > 0x0fffffff)
		ns = 0x0fffffff;
	if (norm->mean) {
		dwell_norm_add(norm, ns);
		return;
	}
	norm->mean = ns << 3;
	norm->deviation = ns << 1;
}

#endif /* DWELL_NORM_H */
