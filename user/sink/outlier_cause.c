/* SPDX-License-Identifier: GPL-2.0-only */
/* The cause of an outlier as text: the task, the place, and the culprits. */
#include "sink/outlier_cause.h"

#include <inttypes.h>

#include "model/words.h"
#include "sink/outlier_parts.h"
#include "sink/stack_text.h"

#define LINE_SHARE 0.01 /* a smaller share tells a person nothing */

/* ---- who and where ---------------------------------------------------------- */

static void put_self(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;

	outlier_print_task(out, outlier->comm, outlier->pid, outlier->tid);
}

static void put_cpu(FILE *out, const struct explanation *explanation)
{
	fprintf(out, " on CPU %" PRIu32, explanation->outlier->cpu);
}

/* Writes what the timer is: the call that arms it, else its callback. */
static void put_timer(FILE *out, const struct explanation *explanation)
{
	if (*explanation->api)
		fputs(explanation->api, out);
	else if (explanation->callback.address)
		outlier_print_function(out, &explanation->callback);
	else
		fputs("timer", out);
}

/* ---- who had the CPU -------------------------------------------------------- */

static void put_lump(FILE *out, const char **separator, const char *what, double share)
{
	if (share < LINE_SHARE)
		return;
	outlier_print_separator(out, separator);
	fprintf(out, "%s ", what);
	outlier_print_share(out, share);
}

/*
 * Writes @separator and "hog[4800] had 51 %, hog2[4801] 48 %", then the shares without a
 * culprit.
 */
static void put_culprits(FILE *out, const struct outlier_wait *wait, const char *separator)
{
	const char *had = " had ";

	if (!wait->ns)
		return;
	for (size_t i = 0; i < wait->count && wait->culprit[i].share >= LINE_SHARE; i++) {
		outlier_print_separator(out, &separator);
		outlier_print_culprit(out, &wait->culprit[i]);
		fputs(had, out);
		outlier_print_share(out, wait->culprit[i].share);
		had = " ";
	}
	put_lump(out, &separator, "others", wait->others_share);
	put_lump(out, &separator, "idle", wait->idle_share);
	put_lump(out, &separator, "not seen", wait->unseen_share);
	if (wait->moved) {
		outlier_print_separator(out, &separator);
		outlier_print_move(out, wait);
	}
}

static void put_runqueue(FILE *out, const struct explanation *explanation)
{
	put_self(out, explanation);
	put_cpu(out, explanation);
	fprintf(out, ", %s", explanation->cause);
	put_culprits(out, &explanation->wait, ": ");
}

/* Names the group whose quota it is: the task's own, or one above that. */
static void put_quota(FILE *out, const struct explanation *explanation)
{
	double quota = explanation->quota;

	fputs(": quota of ", out);
	if (explanation->quota_owner)
		outlier_print_name(out, explanation->cgroup, explanation->quota_owner);
	else
		fputs("/", out);
	fprintf(out, " is %.4g CPU%s", quota, quota == 1 ? "" : "s");
}

static void put_throttled(FILE *out, const struct explanation *explanation)
{
	put_self(out, explanation);
	put_cpu(out, explanation);
	if (explanation->quota > 0) {
		put_quota(out, explanation);
		return;
	}
	fputs(": the quota of ", out);
	outlier_print_cgroup(out, explanation);
	fputs(" or of a group above it was used up", out);
}

static void put_dwell(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	const struct outlier_wait *wait = &explanation->wait;

	put_self(out, explanation);
	put_cpu(out, explanation);
	fputs(": on-CPU ", out);
	outlier_print_duration(out, outlier->oncpu);
	if (outlier->preempters)
		fprintf(out, ", preempted %" PRIu32 " time%s", outlier->preempters,
			outlier->preempters == 1 ? "" : "s");
	if (!wait->count || wait->culprit[0].share < LINE_SHARE)
		return;
	/* The CPU's runs tell for how long each task had it, but not how often it preempted. */
	fputs(outlier->preempters > 1 ? ", mostly by " :
	      outlier->preempters     ? " by " :
					", waited for ",
	      out);
	outlier_print_culprit(out, &wait->culprit[0]);
}

/* ---- who ended a block ------------------------------------------------------ */

void outlier_print_waker(FILE *out, const struct explanation *explanation)
{
	const struct dwell_waker *waker = &explanation->outlier->waker;
	const struct explained_function *function = &explanation->waker_function;

	switch (explanation->waker) {
	case WAKER_TASK:
		outlier_print_task(out, waker->comm, waker->pid, waker->tid);
		if (function->address)
			fputs(" in ", out);
		break;
	case WAKER_TIMER:
		fputs(function->address ? "timer " : "a timer", out);
		break;
	case WAKER_IRQ:
		fputs(function->address ? "irq " : "an interrupt", out);
		break;
	case WAKER_UNKNOWN:
		fputs("a task or an interrupt (not known)", out);
		return;
	}
	if (function->address)
		outlier_print_function(out, function);
}

static void put_blocked(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;

	put_self(out, explanation);
	fprintf(out, " in %s", word_block(outlier->block));
	if (outlier->syscall != DWELL_NO_SYSCALL) {
		fputs(", ", out);
		outlier_print_syscall(out, explanation);
	}
	if (outlier->owner) {
		fputs(", for a mutex of ", out);
		outlier_print_task(out, explanation->owner, 0, outlier->owner);
	}
	if (!outlier->open) {
		fputs(": woken by ", out);
		outlier_print_waker(out, explanation);
	}
}

/* ---- why a timer was late --------------------------------------------------- */

static void put_lateness(FILE *out, const struct explanation *explanation)
{
	const struct outlier_lateness *lateness = &explanation->lateness;
	const char *separator = " behind ";

	put_timer(out, explanation);
	if (explanation->outlier->tid) {
		fputs(" of ", out);
		put_self(out, explanation);
	}
	put_cpu(out, explanation);
	fputs(lateness->more ? ": interrupt came at most " : ": interrupt came ", out);
	outlier_print_duration(out, lateness->interrupt_ns);
	fputs(" late", out);
	if (!lateness->count)
		return;
	fputs(", ", out);
	outlier_print_duration(out, lateness->callbacks_ns);
	for (size_t i = 0; i < explanation->ahead.depth; i++) {
		outlier_print_separator(out, &separator);
		stack_print_function(out, &explanation->ahead, explanation->naming, i);
	}
}

static void put_timer_latency(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;

	put_timer(out, explanation);
	fputs(" of ", out);
	put_self(out, explanation);
	put_cpu(out, explanation);
	fputs(": lateness ", out);
	outlier_print_duration(out, outlier->lateness);
	fputs(" + wakeup ", out);
	outlier_print_duration(out, outlier->wakeup);
	fputs(" + run queue ", out);
	outlier_print_duration(out, outlier->runqueue);
	put_culprits(out, &explanation->wait, "; ");
}

/* ---- of each kind ----------------------------------------------------------- */

void outlier_print_cause(FILE *out, const struct explanation *explanation)
{
	static void (*const writers[DWELL_MEASURES])(FILE *, const struct explanation *) = {
		[DWELL_DWELL] = put_dwell,	   [DWELL_WOKEN] = put_runqueue,
		[DWELL_BLOCKED] = put_blocked,	   [DWELL_PREEMPTED] = put_runqueue,
		[DWELL_LATENESS] = put_lateness,   [DWELL_TIMER_LATENCY] = put_timer_latency,
		[DWELL_THROTTLED] = put_throttled,
	};
	uint32_t measure = explanation->outlier->measure;

	if (measure < DWELL_MEASURES)
		writers[measure](out, explanation);
	else
		put_self(out, explanation);
}
