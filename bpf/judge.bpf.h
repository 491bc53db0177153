/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judging: whether an interval is an outlier, and whether it may be reported now.
 *
 * An interval below its floor costs one comparison with a constant (measure()). Whoever
 * books one that reaches it comes here. What the task is used to decides whether it is
 * an outlier, tokens decide whether it may be reported.
 */
#ifndef DWELL_JUDGE_BPF_H
#define DWELL_JUDGE_BPF_H

#include "record.bpf.h"

#define TASK_TOKENS 8
#define TASK_TOKEN_SHIFT 27 /* a new one each 134 ms */
#define CPU_TOKENS 64

/* Adds what time has brought since @at and takes one. False: there is none. */
inline_always bool take_token(__u64 *at, __u32 *tokens, __u32 most, __u32 shift, __u64 now)
{
	__u64 fresh = (now - *at) >> shift;

	if (fresh) {
		*at = now;
		*tokens = fresh > most - *tokens ? most : *tokens + fresh;
	}
	if (!*tokens)
		return false;
	*tokens -= 1;
	return true;
}

/*
 * The verifier checks a function that is not static once, and not for each of the paths
 * that lead to it. Such a function has to expect NULL.
 *
 * An interval is handed on as plain arguments. Of a struct on the caller's stack the
 * verifier forgets, up to 6.7, that a branch depends on it, and may remove the branch:
 * see README.md.
 */

/*
 * Takes a token of the task, and then one of its CPU: so a task that misbehaves does
 * not use up its CPU's. Timers other than sleeps have no @record: only their CPU limits
 * them.
 */
inline_always bool take_tokens(struct dwell_record *record, struct cpu *cpu, __u64 now)
{
	__u32 tokens;
	bool taken;

	if (record) {
		tokens = record->outlier_tokens;
		taken = take_token(&record->outlier_at, &tokens, TASK_TOKENS, TASK_TOKEN_SHIFT,
				   now);
		record->outlier_tokens = tokens;
		if (!taken)
			return false;
	}
	tokens = cpu->outlier_tokens;
	taken = take_token(&cpu->outlier_at, &tokens, CPU_TOKENS, config.cpu_token_shift, now);
	cpu->outlier_tokens = tokens;
	return taken;
}

/* Whether an outlier may be reported @now. One that may not is counted. */
__noinline bool may_report(struct dwell_record *record, struct cpu *cpu, __u32 measure, __u64 now)
{
	if (!cpu || measure >= DWELL_MEASURES)
		return false;
	if (shed < DWELL_SHED_OUTLIERS && take_tokens(record, cpu, now))
		return true;
	__sync_fetch_and_add(&outlier_counts[measure].suppressed, 1);
	return false;
}

/*
 * How many intervals of @measure there were in @record so far. The one that is being
 * judged counts; it may be @open.
 */
inline_always __u64 samples_of(const struct dwell_record *record, __u32 measure, bool open)
{
	if (measure == DWELL_WOKEN) /* counted when it blocks next */
		return record->voluntary + 1;
	if (measure == DWELL_PREEMPTED) /* counted when it begins, if only as throttled then */
		return record->involuntary;
	if (measure == DWELL_THROTTLED)
		return record->throttled + open;
	if (measure == DWELL_LATENESS || measure == DWELL_TIMER_LATENCY)
		return record->expired;
	return record->voluntary;
}

/*
 * Beyond how many ns an interval of @measure is an outlier, after @samples intervals.
 * Updates @norm for those that were too short to be looked at.
 */
__noinline __u64 threshold_of(struct dwell_norm *norm, __u32 measure, __u64 samples)
{
	if (!norm || measure >= DWELL_MEASURES)
		return ~0ULL;
	if (!config.adaptive[measure])
		return config.floor[measure];
	dwell_norm_forget(norm, samples);
	return dwell_norm_threshold(norm, measure, config.floor[measure], config.deviations);
}

__noinline int learn(struct dwell_norm *norm, __u32 measure, __u64 ns, __u64 threshold)
{
	if (norm && measure < DWELL_MEASURES && config.adaptive[measure])
		dwell_norm_learn(norm, measure, ns, threshold);
	return 0;
}

/*
 * How many ns the interval of @measure that began at @from had lasted when it was last
 * told while it was open; 0: it was not. The scheduler's stamps, by which a beginning
 * is known, move a little from look to look. So what began before the telling is what
 * was told.
 */
inline_always __u64 told_open(const struct dwell_record *record, __u32 measure, __u64 from)
{
	__u64 told = record->open_told;

	return (told & DWELL_OPEN_MEASURE) == measure && from < told ? told - from : 0;
}

/*
 * Judges an interval and learns from it. Returns its threshold if it is an outlier that
 * is to be reported now, else 0. One that was reported while it was open is an outlier
 * whatever has been learned since.
 */
static __noinline __u64 judge(struct dwell_record *record, struct cpu *cpu, __u32 measure,
			      __u64 from, __u64 to)
{
	__u64 samples, threshold;
	struct dwell_norm *norm;

	if (measure >= DWELL_MEASURES)
		return 0;
	norm = &record->norm[measure];
	samples = samples_of(record, measure, false);
	threshold = threshold_of(norm, measure, samples);
	learn(norm, measure, to - from, threshold);
	if (to - from <= threshold && !told_open(record, measure, from))
		return 0;
	return may_report(record, cpu, measure, to) ? threshold : 0;
}

#endif /* DWELL_JUDGE_BPF_H */
