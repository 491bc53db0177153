/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger of timers as NDJSON: one object for each row. */
#include <errno.h>

#include "base/json.h"
#include "base/output.h"
#include "findings/stack.h"
#include "sink/frame_json.h"
#include "sink/member.h"
#include "sink/stack_json.h"
#include "sink/timers.h"

/* ---- whose ---------------------------------------------------------------- */

static int set_owner(json_t *object, const struct report *report, const struct timer_row *row)
{
	bool placed = row->by == TIMER_BY_TASK || row->by == TIMER_BY_PROCESS;
	int err = 0;

	if (placed)
		err |= json_set_count(object, "pid", row->pid);
	if (row->by == TIMER_BY_TASK)
		err |= json_set_count(object, "tid", row->tid);
	/* A task of which only its timers are known has no name. */
	if ((placed || row->by == TIMER_BY_COMM) && row->comm[0])
		err |= json_set_name(object, "comm", row->comm, sizeof(row->comm));
	if (placed || row->by == TIMER_BY_CGROUP)
		err |= member_cgroup(object, report, row->cgroup, !placed);
	return err;
}

/* Sets what names @row: the keys that its view has, and its kind of owner. */
static int set_identity(json_t *object, const struct report *report, const struct timer_row *row)
{
	int err;

	if (row->kernel)
		err = json_set(object, "comm", json_string("kernel"));
	else if (row->unowned)
		err = json_set(object, "owner", json_string("unknown"));
	else if (row->remainder)
		err = json_set(object, "owner", json_string("exited"));
	else
		err = set_owner(object, report, row);
	err |= json_set_name(object, "api", row->api, sizeof(row->api));
	if (row->function)
		err |= member_callback(object, report, row->function);
	return err | json_set(object, "timer_kind", json_string(row->wheel ? "wheel" : "hrtimer"));
}

/* ---- what was counted ----------------------------------------------------- */

/* Which figures of @row mean something: enum figure, or'ed. */
static unsigned int measured(const struct report *report, const struct timer_row *row)
{
	unsigned int figures = 0;

	for (unsigned int figure = 1; figure < FIGURES; figure <<= 1)
		if (report_timer_measured(report, row, figure))
			figures |= figure;
	return figures;
}

static int set_counts(json_t *object, const struct timer_row *row, unsigned int figures)
{
	const unsigned int ends = FIGURE_CANCELLED | FIGURE_EXPIRED;
	int err = member_timers(object, &row->timers, figures & ~FIGURE_OUTSTANDING);

	if ((figures & ends) == ends)
		err |= json_set_count(object, "before", row->before);
	if (!(figures & FIGURE_OUTSTANDING))
		return err;
	err |= json_set_count(object, "outstanding", row->timers.outstanding);
	if (row->oldest_ns)
		err |= json_set_count(object, "oldest_ns", row->oldest_ns);
	if (row->due_ns)
		err |= json_set_count(object, "due_ns", row->due_ns);
	return err;
}

static int set_slack(json_t *object, const struct timer_row *row)
{
	json_t *json = json_object();
	int err = json_set(object, "slack", json);

	if (err)
		return err;
	err |= json_set_count(json, "granted_ns", row->slack_granted);
	return err | json_set_count(json, "used_ns", row->slack_used);
}

static int set_measures(json_t *object, const struct timer_row *row, unsigned int figures)
{
	int err = 0;

	if (figures & FIGURE_TIMEOUT)
		err |= member_dist(object, "timeout", &row->timeout);
	if (!row->wheel && (figures & FIGURE_LATENESS)) {
		err |= set_slack(object, row);
		err |= member_dist(object, "lateness", &row->lateness);
	}
	if (figures & FIGURE_WOKE)
		err |= json_set_count(object, "woke", row->woke);
	if (figures & FIGURE_CALLBACK)
		err |= json_set_count(object, "callback_ns", row->callback_ns);
	return err;
}

/* Sets as @key of @object how @growth goes: its slope as @slope. Nothing if it does not grow. */
static int set_growth(json_t *object, const char *key, const char *slope,
		      const struct growth *growth)
{
	json_t *json;
	int err;

	if (!growth->grows)
		return 0;
	json = json_object();
	err = json_set(object, key, json);
	if (err)
		return err;
	err |= json_set_ratio(json, slope, growth->per_s);
	err |= json_set_ratio(json, "from", growth->from);
	return err | json_set_ratio(json, "to", growth->to);
}

/* ---- where they are armed --------------------------------------------------- */

static int append_site(json_t *array, const struct report *report, const struct timer_row *row,
		       const struct timer_site *site)
{
	struct stack kernel = stack_of_kernel(site->stack, site->depth);
	struct stack user = stack_of_user(site->user_stack, site->user_depth, site->pid);
	json_t *json = json_object();
	int err = json_array_append_new(array, json) ? -ENOMEM : 0;

	if (err)
		return err;
	if (row->site_samples)
		err |= json_set_ratio(json, "share",
				      (double)site->samples / (double)row->site_samples);
	err |= stack_json(json, "kstack", &kernel, &report->naming);
	return err | stack_json(json, "ustack", &user, &report->naming);
}

static int set_sites(json_t *object, const struct report *report, const struct timer_row *row)
{
	json_t *array;
	int err;

	if (!row->sites)
		return 0;
	array = json_array();
	err = json_set(object, "site", array);
	for (size_t i = 0; i < row->sites && !err; i++)
		err = append_site(array, report, row, &row->site[i]);
	return err;
}

static int write_row(FILE *out, const struct report *report, const struct timer_row *row)
{
	const unsigned int figures = measured(report, row);
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("timer"));
	err |= json_set(json, "by", json_string(report_by_name(row->by)));
	err |= set_identity(json, report, row);
	err |= set_counts(json, row, figures);
	err |= set_measures(json, row, figures);
	if (figures & FIGURE_OUTSTANDING)
		err |= set_growth(json, "grows", "outstanding_per_s", &row->outstanding);
	if (figures & FIGURE_ARMED)
		err |= set_growth(json, "arming_rate_grows", "armed_per_s2", &row->rate);
	err |= set_sites(json, report, row);
	return err ? -ENOMEM : json_write_line(out, json);
}

int timers_json_rows(FILE *out, const struct report *report)
{
	int err = 0;

	for (size_t i = 0; i < report->timers.count && !err; i++)
		err = write_row(out, report, &report->timers.row[i]);
	return err;
}

int timers_json(FILE *out, const struct report *report)
{
	int err = frame_json_header(out, report, report_by_name(report->timer_view.by));

	if (!err)
		err = timers_json_rows(out, report);
	if (!err)
		err = frame_json_footer(out, report);
	return err ? err : output_flush(out);
}
