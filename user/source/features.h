/* SPDX-License-Identifier: GPL-2.0-only */
/* Features: what the running kernel and this process's privileges offer to the live source. */
#ifndef DWELL_SOURCE_FEATURES_H
#define DWELL_SOURCE_FEATURES_H

#include <stdbool.h>

/* In the order in which they are shown, and checked by features_first_missing(). */
enum feature_id {
	FEATURE_USER_NAMESPACE,
	FEATURE_CAP_BPF,
	FEATURE_CAP_PERFMON,
	FEATURE_CAP_SYSLOG,
	FEATURE_CAP_SYS_ADMIN,
	FEATURE_CAP_SYS_PTRACE,
	FEATURE_BTF,
	FEATURE_TASK_STORAGE,
	FEATURE_TASK_ITERATOR,
	FEATURE_SCHED_TRACEPOINTS,
	FEATURE_TIMER_TRACEPOINTS,
	FEATURE_QUEUE_STAMPS,
	FEATURE_GROUP_SCHED,
	FEATURE_BANDWIDTH,
	FEATURE_PREV_STATE,
	FEATURE_WAS_ARMED,
	FEATURE_START_EXPIRED,
	FEATURE_REALTIME,
	FEATURE_LOCKDOWN,
	FEATURE_JIT,
	FEATURE_STABLE_CLOCK,
	FEATURE_CGROUPS,
	FEATURES
};

enum feature_need {
	NEED_PRIVILEGE, /* nothing runs without it; a privilege provides it */
	NEED_KERNEL,	/* nothing runs without it; another kernel provides it */
	NEED_WANTED,	/* something is missing without it */
	NEED_NOTHING,	/* nothing is missing without it: listed for the record */
};

enum feature_state { FEATURE_FOUND, FEATURE_MISSING, FEATURE_NOT_TOLD };

struct feature {
	const char *name;    /* a word for scripts: lower case, underscores */
	const char *title;   /* a few words for people */
	const char *without; /* the loss if it is missing */
	const char *remedy;  /* how to get it; NULL: it cannot be got */
	enum feature_need need;
};

extern const struct feature feature_list[FEATURES];

struct features {
	enum feature_state state[FEATURES];
};

/*
 * Detects all features. A feature that cannot be checked is FEATURE_NOT_TOLD. 0; or a
 * negative errno if the privileges or the type information cannot be read, and *features is
 * of no use.
 */
int features_detect(struct features *features);

/*
 * Returns the first indispensable feature (NEED_PRIVILEGE or NEED_KERNEL) that is
 * FEATURE_MISSING; FEATURES if there is none.
 */
enum feature_id features_first_missing(const struct features *features);

static inline bool feature_found(const struct features *features, enum feature_id id)
{
	return features->state[id] == FEATURE_FOUND;
}

#endif
