/* SPDX-License-Identifier: GPL-2.0-only */
/* Explanations: an outlier's cause is worked out and named once, for text, JSON and journal. */
#ifndef DWELL_FINDINGS_EXPLAIN_H
#define DWELL_FINDINGS_EXPLAIN_H

#include <limits.h>
#include <stdint.h>

#include "findings/outlier.h"
#include "findings/stack.h"
#include "model/naming.h"
#include "model/timer_api.h"

/* Room for a name and its NUL; a longer name is cut. */
#define EXPLAINED_FUNCTION_LEN 256
#define EXPLAINED_SYSCALL_LEN 64
#define EXPLAINED_CGROUP_LEN (PATH_MAX + NAME_MAX + 2) /* for a child of the longest path */

/* A function of the kernel. */
struct explained_function {
	uint64_t address; /* 0: there is none */
	char name[EXPLAINED_FUNCTION_LEN];
};

/*
 * The causes of one outlier. Members that do not apply to its kind are empty, 0 or NULL.
 *
 * Names are copies of any bytes; an empty one is not known. Functions on stacks are named only when
 * they are written, because many readers leave stacks out. So @outlier and @naming must live as
 * long as the explanation. Nothing is to be freed.
 */
struct explanation {
	const struct dwell_outlier *outlier;
	const struct naming *naming;
	const char *what;  /* from outlier_what(); static */
	const char *cause; /* of a wait for a CPU: "woken", "preempted", "throttled"; static */
	char cgroup[EXPLAINED_CGROUP_LEN]; /* path */

	/*
	 * Of throttling: the least quota of the cgroup and of those above it, in CPUs; 0: none, or
	 * not known. So many bytes of @cgroup name the group whose it is.
	 */
	double quota;
	size_t quota_owner;

	/* The tasks that had the CPU, named; .ns 0: it did not wait for one, or it is not known. */
	struct outlier_wait wait;

	/* Of a timer's lateness or latency. */
	struct explained_function callback;
	char api[TIMER_API_LEN]; /* from timer_api(); empty if the callback has no name */

	/* Of a timer's lateness. */
	struct outlier_lateness lateness;
	struct stack ahead; /* the callbacks in @lateness, to be named like a stack */

	/* Of a block. */
	char syscall[EXPLAINED_SYSCALL_LEN];
	char owner[DWELL_COMM_LEN]; /* the mutex owner's comm; no NUL if it fills the array */
	struct stack blocked_at, called_from; /* in the kernel, and in the program */

	/* Of a block that has ended; else WAKER_UNKNOWN. */
	enum outlier_waker waker;
	struct explained_function waker_function; /* from outlier_waker() */
	struct stack woken_from;
};

/* Fills in all of @explanation; a source in @naming may read files for it. */
void explain(struct explanation *explanation, const struct dwell_outlier *outlier,
	     const struct naming *naming);

#endif
