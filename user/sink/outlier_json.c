/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as one JSON object on one line. */
#include "sink/outlier_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "model/words.h"
#include "sink/stack_json.h"

#define AT_LEN 64

/* Sets a pid or tid; a task outside of dwell's pid namespace has none. */
static int set_number(json_t *object, const char *key, uint32_t number)
{
	if (number & DWELL_OUTSIDE)
		return json_set(object, "outside", json_true());
	return json_set_count(object, key, number);
}

/* An empty name means that the name is not known. */
static const char *or_null(const char *name)
{
	return *name ? name : NULL;
}

static int set_function(json_t *object, const char *key, const struct explained_function *function)
{
	return json_set_resolved(object, key, or_null(function->name), "0x%" PRIx64,
				 function->address);
}

/* Sets the local time in the form of RFC 3339, whose offset has a colon: +hh:mm. */
static int set_at(json_t *object, const struct dwell_outlier *outlier,
		  const struct outlier_clock *clock)
{
	char day[AT_LEN], offset[AT_LEN];
	unsigned int ns;
	struct tm local;

	if (!outlier_time(outlier, clock, &local, &ns) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &local) ||
	    strftime(offset, sizeof(offset), "%z", &local) < 5)
		return 0;
	return json_set(object, "at",
			json_sprintf("%s.%06u%.3s:%s", day, ns / 1000, offset, offset + 3));
}

static int set_identity(json_t *object, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	int err = json_set_count(object, "cpu", outlier->cpu);

	err |= json_set_count(object, "pid", outlier->pid);
	err |= json_set_count(object, "tid", outlier->tid);
	if (outlier->comm[0])
		err |= json_set_name(object, "comm", outlier->comm, sizeof(outlier->comm));
	if (outlier->cgroup)
		err |= json_set_resolved(object, "cgroup", or_null(explanation->cgroup),
					 "#%" PRIu64, outlier->cgroup);
	return err;
}

static int set_cause(json_t *object, const struct explanation *explanation)
{
	int err = 0;

	if (explanation->cause)
		err = json_set(object, "cause", json_string(explanation->cause));
	if (explanation->quota <= 0)
		return err;
	err |= json_set_ratio(object, "quota", explanation->quota);
	err |= json_set_name(object, "quota_cgroup",
			     explanation->quota_owner ? explanation->cgroup : "/",
			     explanation->quota_owner ?: 1);
	return err;
}

static int set_waker(json_t *object, const struct explanation *explanation)
{
	static const char *const kinds[] = {
		[WAKER_TASK] = "task", [WAKER_TIMER] = "timer", [WAKER_IRQ] = "irq"};
	const struct dwell_waker *waker = &explanation->outlier->waker;
	json_t *json;
	int err;

	if (explanation->waker == WAKER_UNKNOWN)
		return 0;
	json = json_object();
	err = json_set(object, "waker", json);
	if (err)
		return err;
	err |= json_set(json, "kind", json_string(kinds[explanation->waker]));
	if (explanation->waker == WAKER_TASK) {
		err |= set_number(json, "pid", waker->pid);
		err |= set_number(json, "tid", waker->tid);
		err |= json_set_name(json, "comm", waker->comm, sizeof(waker->comm));
	}
	if (explanation->waker_function.address)
		err |= set_function(json, "function", &explanation->waker_function);
	return err;
}

static int append_culprit(json_t *array, const struct outlier_culprit *culprit)
{
	json_t *json = json_object();
	int err = json_array_append_new(array, json) ? -ENOMEM : 0;

	if (err)
		return err;
	/* Several processes or tasks have no common id. */
	if (culprit->pid)
		err |= set_number(json, "pid", culprit->pid);
	if (culprit->tid)
		err |= set_number(json, "tid", culprit->tid);
	if (culprit->comm[0] || !culprit->tid)
		err |= json_set_name(json, "comm", culprit->comm, sizeof(culprit->comm));
	err |= json_set_count(json, "tasks", culprit->tasks);
	err |= json_set_count(json, "ns", culprit->ns);
	err |= json_set_ratio(json, "share", culprit->share);
	return err;
}

static int set_wait(json_t *object, const struct outlier_wait *wait)
{
	json_t *array;
	int err;

	if (!wait->ns)
		return 0;
	array = json_array();
	err = json_set(object, "culprits", array);
	for (size_t i = 0; i < wait->count && !err; i++)
		err = append_culprit(array, &wait->culprit[i]);
	if (wait->others_share > OUTLIER_SEEN_SHARE)
		err |= json_set_ratio(object, "others_share", wait->others_share);
	err |= json_set_ratio(object, "idle_share", wait->idle_share);
	if (wait->unseen_share > OUTLIER_SEEN_SHARE)
		err |= json_set_ratio(object, "unseen_share", wait->unseen_share);
	if (wait->moved)
		err |= json_set(object, "moved", json_true());
	if (wait->moved_from >= 0)
		err |= json_set_count(object, "moved_from", (uint64_t)wait->moved_from);
	return err;
}

static int set_latency_parts(json_t *parts, const struct dwell_outlier *outlier)
{
	int err = json_set_count(parts, "lateness_ns", outlier->lateness);

	err |= json_set_count(parts, "wakeup_ns", outlier->wakeup);
	err |= json_set_count(parts, "runqueue_ns", outlier->runqueue);
	return err;
}

static int set_lateness_parts(json_t *parts, const struct outlier_lateness *lateness)
{
	int err = json_set_count(parts, "interrupt_ns", lateness->interrupt_ns);

	return err | json_set_count(parts, "callbacks_ns", lateness->callbacks_ns);
}

static int set_parts(json_t *object, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	json_t *parts;
	int err;

	if (outlier->measure != DWELL_TIMER_LATENCY && outlier->measure != DWELL_LATENESS)
		return 0;
	parts = json_object();
	err = json_set(object, "parts", parts);
	if (err)
		return err;
	if (outlier->measure == DWELL_TIMER_LATENCY)
		return set_latency_parts(parts, outlier);
	err = set_lateness_parts(parts, &explanation->lateness);
	return err | stack_json(object, "ahead", &explanation->ahead, explanation->naming);
}

static int set_timer(json_t *object, const struct explanation *explanation)
{
	int err;

	if (!explanation->callback.address)
		return 0;
	err = set_function(object, "callback", &explanation->callback);
	if (*explanation->api)
		err |= json_set(object, "api", json_string(explanation->api));
	return err;
}

static int set_dwell(json_t *object, const struct dwell_outlier *outlier)
{
	int err;

	if (outlier->measure != DWELL_DWELL)
		return 0;
	err = json_set_count(object, "oncpu_ns", outlier->oncpu);
	return err | json_set_count(object, "preemptions", outlier->preempters);
}

static int set_owner(json_t *object, const struct explanation *explanation)
{
	json_t *json = json_object();
	int err = json_set(object, "owner", json);

	if (err)
		return err;
	err |= json_set_count(json, "tid", explanation->outlier->owner);
	if (*explanation->owner)
		err |= json_set_name(json, "comm", explanation->owner, sizeof(explanation->owner));
	return err;
}

static int set_block(json_t *object, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	const struct naming *naming = explanation->naming;
	int err;

	if (outlier->measure != DWELL_BLOCKED)
		return 0;
	err = json_set(object, "state", json_string(word_block(outlier->block)));
	if (outlier->syscall != DWELL_NO_SYSCALL)
		err |= json_set_resolved(object, "syscall", or_null(explanation->syscall),
					 "%" PRId64, (uint64_t)outlier->syscall);
	if (outlier->owner)
		err |= set_owner(object, explanation);
	err |= stack_json(object, "kstack", &explanation->blocked_at, naming);
	return err | stack_json(object, "ustack", &explanation->called_from, naming);
}

/* Tells how much of it was told while it was open, and which kinds of its parts were told. */
static int set_told(json_t *object, const struct dwell_outlier *outlier)
{
	const char *previous = "";
	json_t *kinds;
	int err = 0;

	if (outlier->told)
		err = json_set_count(object, "told_ns", outlier->told);
	if (!outlier->contains)
		return err;
	kinds = json_array();
	err |= json_set(object, "contains", kinds);
	for (unsigned int i = 0; i < DWELL_MEASURES && !err; i++) {
		if (!(outlier->contains & (1U << i)) || !strcmp(previous, outlier_kind(i)))
			continue;
		previous = outlier_kind(i);
		err = json_array_append_new(kinds, json_string(previous)) ? -ENOMEM : 0;
	}
	return err;
}

int outlier_json(FILE *out, const struct explanation *explanation,
		 const struct outlier_clock *clock)
{
	const struct dwell_outlier *outlier = explanation->outlier;
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("outlier"));
	err |= json_set(json, "what", json_string(explanation->what));
	err |= json_set_count(json, "ns", outlier->ns);
	err |= json_set_count(json, "threshold_ns", outlier->threshold);
	if (outlier->samples)
		err |= json_set_count(json, "typical_ns", outlier->typical);
	err |= json_set(json, "open", json_boolean(outlier->open));
	err |= set_told(json, outlier);
	err |= set_at(json, outlier, clock);
	err |= json_set_count(json, "mono_ns", outlier->to);
	err |= set_identity(json, explanation);
	err |= set_cause(json, explanation);
	err |= set_waker(json, explanation);
	err |= set_wait(json, &explanation->wait);
	err |= set_parts(json, explanation);
	err |= set_dwell(json, outlier);
	err |= set_timer(json, explanation);
	err |= set_block(json, explanation);
	return err ? -ENOMEM : json_write_line(out, json);
}
