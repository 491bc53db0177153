/* SPDX-License-Identifier: GPL-2.0-only */
/* Explanations: an outlier's cause is worked out and named once, for text, JSON and journal. */
#include "findings/explain.h"

#include <stdio.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------ */

/* Copies @name, cut to fit; does nothing for NULL. */
static void copy_name(char *to, size_t size, const char *name)
{
	if (name)
		snprintf(to, size, "%s", name);
}

static struct explained_function function_at(const struct naming *naming, uint64_t address)
{
	struct explained_function function = {.address = address};

	copy_name(function.name, sizeof(function.name), naming_function(naming, address));
	return function;
}

/* ---- causes ----------------------------------------------------------------- */

static const char *cause_of(const struct dwell_outlier *outlier)
{
	switch (outlier->measure) {
	case DWELL_WOKEN:
		return "woken";
	case DWELL_PREEMPTED:
		return "preempted";
	case DWELL_THROTTLED:
		return "throttled";
	}
	return NULL;
}

static void explain_timer(struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	struct dwell_timer_key key = {.syscall = outlier->syscall};
	const char *callback;

	explanation->callback = function_at(explanation->naming, outlier->function);
	callback = explanation->callback.name;
	if (!*callback)
		return;
	/* Only tasks' timers have outliers, so a callback that is in no table is a sleep's. */
	key.kind = timer_callback_api(callback) ? DWELL_TIMER_USER : DWELL_TIMER_SLEEP;
	timer_api(explanation->api, &key, callback);
}

static void explain_lateness(struct explanation *explanation)
{
	struct outlier_lateness *lateness = &explanation->lateness;

	outlier_lateness(explanation->outlier, lateness);
	explanation->ahead = stack_of_kernel(lateness->ahead, lateness->count);
}

static void explain_waker(struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	const struct dwell_waker *waker = &outlier->waker;
	uint64_t function;

	explanation->waker = outlier_waker(outlier, explanation->naming, &function);
	explanation->waker_function = function_at(explanation->naming, function);
	explanation->woken_from = stack_of_kernel(waker->stack, waker->depth);
}

static void explain_block(struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	const struct naming *naming = explanation->naming;
	const char *owner = outlier->owner ? naming_comm(naming, 0, outlier->owner) : NULL;

	if (owner)
		memcpy(explanation->owner, owner, strnlen(owner, DWELL_COMM_LEN));
	copy_name(explanation->syscall, sizeof(explanation->syscall),
		  naming_syscall(naming, outlier->syscall));
	explanation->blocked_at = stack_of_kernel(outlier->stack, outlier->depth);
	explanation->called_from =
		stack_of_user(outlier->user_stack, outlier->user_depth, outlier->pid);
	if (!outlier->open)
		explain_waker(explanation);
}

void explain(struct explanation *explanation, const struct dwell_outlier *outlier,
	     const struct naming *naming)
{
	*explanation = (struct explanation){
		.outlier = outlier,
		.naming = naming,
		.what = outlier_what(outlier),
		.cause = cause_of(outlier),
	};
	copy_name(explanation->cgroup, sizeof(explanation->cgroup),
		  naming_cgroup(naming, outlier->cgroup));
	outlier_wait(outlier, naming, &explanation->wait);
	switch (outlier->measure) {
	case DWELL_THROTTLED:
		explanation->quota =
			naming_quota(naming, outlier->cgroup, &explanation->quota_owner);
		break;
	case DWELL_LATENESS:
		explain_lateness(explanation);
		explain_timer(explanation);
		break;
	case DWELL_TIMER_LATENCY:
		explain_timer(explanation);
		break;
	case DWELL_BLOCKED:
		explain_block(explanation);
		break;
	}
}
