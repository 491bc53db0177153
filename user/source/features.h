/* SPDX-License-Identifier: GPL-2.0-only */
/* Features: what the running kernel and this process's privileges offer to the live source. */
#ifndef DWELL_SOURCE_FEATURES_H
#define DWELL_SOURCE_FEATURES_H

#include <stdbool.h>

/* In the order in which they are shown, and refused. */
enum feature_id {
	FEATURE_USER_NAMESPACE,
	FEATURE_CAP_BPF,
	FEATURE_CAP_PERFMON,
	FEATURE_CAP_SYSLOG,
	FEATURE_CAP_SYS_ADMIN,
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
	NEED_PRIVILEGE, /* without it nothing runs, and a privilege brings it */
	NEED_KERNEL,	/* without it nothing runs, and another kernel brings it */
	NEED_WANTED,	/* without it something is missing */
	NEED_NOTHING,	/* its absence costs nothing: there for the record */
};

enum feature_state { FEATURE_FOUND, FEATURE_MISSING, FEATURE_NOT_TOLD };

struct feature {
	const char *name;    /* a word for scripts: lower case, underscores */
	const char *title;   /* a few words for people */
	const char *without; /* what is lost without it */
	const char *remedy;  /* how to get it; NULL: nothing to be done */
	enum feature_need need;
};

extern const struct feature feature_list[FEATURES];

struct features {
	enum feature_state state[FEATURES];
};

/*
 * Looks at everything; what cannot be found out is FEATURE_NOT_TOLD. 0, or a negative errno: the
 * privileges or the type information cannot be read, and *features is of no use.
 */
int features_detect(struct features *features);

/*
 * The first feature in the list without which nothing runs and that is FEATURE_MISSING;
 * FEATURES if there is none.
 */
enum feature_id features_first_missing(const struct features *features);

static inline bool feature_found(const struct features *features, enum feature_id id)
{
	return features->state[id] == FEATURE_FOUND;
}

#endif
