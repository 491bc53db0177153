/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier explained: its cause is worked out and named once, for text, JSON and journal. */
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
#define EXPLAINED_CGROUP_LEN (PATH_MAX + NAME_MAX + 2) /* of a child of the longest path */

/* A function of the kernel. */
struct explained_function {
	uint64_t address; /* 0: there is none */
	char name[EXPLAINED_FUNCTION_LEN];
};

/*
 * What is known of one outlier. What does not apply to its kind is empty, 0 or NULL.
 *
 * Names are copies, of any bytes; an empty one is not known. Only the functions on
 * stacks are named later, as they are written: many readers leave stacks out. So
 * @outlier and @naming must live as long. Nothing has to be freed.
 */
struct explanation {
	const struct dwell_outlier *outlier;
	const struct naming *naming;
	const char *what;  /* as outlier_kind() says */
	const char *cause; /* why it waited for a CPU: "woken", "preempted", "throttled" */
	char cgroup[EXPLAINED_CGROUP_LEN]; /* its path */

	/* Of throttling: the cgroup's own quota in CPUs; 0: none, or not known. */
	double quota;

	/* Who had the CPU, by name; .ns 0: it did not wait for one, or that is not known. */
	struct outlier_wait wait;

	/* Of a timer's lateness or latency. */
	struct explained_function callback;
	char api[TIMER_API_LEN]; /* as timer_api() says */

	/* Of a timer's lateness; the callbacks ahead of it also as a stack. */
	struct outlier_lateness lateness;
	struct stack ahead;

	/* Of a block. */
	char syscall[EXPLAINED_SYSCALL_LEN];
	char owner[DWELL_COMM_LEN]; /* of the mutex: any bytes, without a NUL if it is that long */
	struct stack blocked_at, called_from;

	/* Of a block that has ended; else WAKER_UNKNOWN. */
	enum outlier_waker waker;
	struct explained_function waker_function; /* as outlier_waker() says */
	struct stack woken_from;
};

/* Fills in all of @explanation. Asks @naming, which may read files for it. */
void explain(struct explanation *explanation, const struct dwell_outlier *outlier,
	     const struct naming *naming);

#endif
