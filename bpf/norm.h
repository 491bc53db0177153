/* SPDX-License-Identifier: GPL-2.0-only */
/* Norms: what is normal for a task, as a mean and a mean deviation of its intervals. */
#ifndef DWELL_NORM_H
#define DWELL_NORM_H

/* Only dwell.h includes this, behind the measures. */

/*
 * The norm of a task for one measure: a mean and a mean deviation, learned as TCP learns
 * its round-trip time. The unit is 2^dwell_norm_shift() ns.
 *
 * Only intervals of at least the measure's floor are examined. The shorter ones between
 * them count as 0, and @samples tells how many those were. So the common path costs one
 * comparison, and a rare interval is unusual whatever its length.
 */
struct dwell_norm {
	__u32 mean;	 /* times 8; 0: nothing is learned */
	__u32 deviation; /* times 4 */
	__u32 samples;	 /* intervals of the measure at the last update, small ones included */
};

#define DWELL_NORM_FORGET 40   /* after more small intervals in a row, all is forgotten */
#define DWELL_NORM_NEW 4       /* with fewer intervals a norm is new, and the floor higher */
#define DWELL_NORM_NEW_SHIFT 3 /* the floor of a new norm is 2^this times as high */

/* Returns the logarithm of a norm's unit. Blocks may last days, other intervals minutes. */
static inline __attribute__((always_inline)) unsigned int
dwell_norm_shift(enum dwell_measure measure)
{
	return measure == DWELL_BLOCKED ? 20 : 13;
}

static inline __attribute__((always_inline)) void dwell_norm_add(struct dwell_norm *norm,
								 __u32 value)
{
	/* Both operands are below 2^29: see dwell_norm_learn(). */
	int error = (int)value - (int)(norm->mean >> 3);

	int sign = error >> 31;

	norm->mean += error;
	/* This is |error| without a branch: in a loop, 6.1's verifier would follow each branch. */
	norm->deviation += ((error ^ sign) - sign) - (norm->deviation >> 2);
}

/* Brings @norm up to @samples intervals, of which the new ones but the last were small. */
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
 * Returns the threshold in ns beyond which an interval is an outlier for @norm. It is
 * @deviations beyond the mean, at least half the mean beyond it, and never below @floor
 * (ns).
 */
static inline __attribute__((always_inline)) __u64
dwell_norm_threshold(const struct dwell_norm *norm, enum dwell_measure measure, __u64 floor,
		     __u32 deviations)
{
	__u64 margin = ((__u64)norm->deviation * deviations) >> 2, limit;

	/* A task that is regular to the microsecond is not unusual if it is a little late. */
	if (margin < norm->mean >> 4)
		margin = norm->mean >> 4;
	limit = ((norm->mean >> 3) + margin) << dwell_norm_shift(measure);
	/* A floor of centuries stays as it is, since its multiple would overflow. */
	if (norm->samples < DWELL_NORM_NEW && floor <= ~0ULL >> DWELL_NORM_NEW_SHIFT)
		floor <<= DWELL_NORM_NEW_SHIFT;
	return limit > floor ? limit : floor;
}

/*
 * Learns from an interval of @ns. It counts as at most twice @threshold (ns), so that one
 * mishap does not hide the next. With 4 deviations or more, each such interval at least
 * doubles the threshold. So intervals that stay at n times the floor are outliers at most
 * log2(n) + 1 times.
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
