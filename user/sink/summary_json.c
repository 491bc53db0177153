/* SPDX-License-Identifier: GPL-2.0-only */
/* The NDJSON sink: a header, the rows and the losses, one JSON object a line. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/file_message.h"
#include "base/json.h"
#include "sink/outlier_json.h"
#include "sink/report_private.h"

#define SCHEMA 1

/* ---- rows --------------------------------------------------------------- */

int sink_json_set_timers(json_t *object, const struct timer_counts *timers, unsigned int measured)
{
	const struct {
		enum figure figure;
		const char *key;
		uint64_t count;
	} counts[] = {
		{FIGURE_ARMED, "armed", timers->armed},
		{FIGURE_REARMED, "rearmed", timers->rearmed},
		{FIGURE_CANCELLED, "cancelled", timers->cancelled},
		{FIGURE_EXPIRED, "expired", timers->expired},
		{FIGURE_OUTSTANDING, "outstanding", timers->outstanding},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (measured & counts[i].figure)
			err |= json_set_count(object, counts[i].key, counts[i].count);
	return err;
}

/* Which figures of @row mean something: enum figure, or'ed. */
static unsigned int measured(const struct report *report, const struct row *row)
{
	unsigned int figures = 0;

	for (unsigned int figure = 1; figure < FIGURES; figure <<= 1)
		if (report_measured(report, row, figure))
			figures |= figure;
	return figures;
}

static int set_timers(json_t *object, const struct report *report, const struct row *row)
{
	json_t *json = json_object();
	int err = json_set(object, "timers", json);

	return err ? err : sink_json_set_timers(json, &row->timers, measured(report, row));
}

int sink_json_set_cgroup(json_t *object, const struct report *report, uint64_t id, bool always)
{
	const char *path = report_cgroup(report, id);

	if (!id && !path && !always)
		return 0;
	return json_set_resolved(object, "cgroup", path, "#%" PRIu64, id);
}

int sink_json_set_callback(json_t *object, const struct report *report, uint64_t function)
{
	return json_set_resolved(object, "callback", report_function(report, function),
				 "0x%" PRIx64, function);
}

/* Sets what names @row: the keys that its grouping has. */
static int set_identity(json_t *object, const struct report *report, const struct row *row)
{
	bool named = row->by != ROW_BY_CGROUP && !row->timers_only;
	bool placed = row->by != ROW_BY_COMM && !row->timers_only;
	int err = 0;

	if (row->by == ROW_BY_TASK || row->by == ROW_BY_PROCESS)
		err |= json_set_count(object, "pid", row->pid);
	if (row->by == ROW_BY_TASK)
		err |= json_set_count(object, "tid", row->tid);
	if (named)
		err |= json_set_name(object, "comm", row->comm, sizeof(row->comm));
	if (placed)
		err |= sink_json_set_cgroup(object, report, row->cgroup, row->by == ROW_BY_CGROUP);
	return err;
}

static int set_kernel_timer(json_t *object, const struct report *report, const struct row *row)
{
	int err = json_set(object, "comm", json_string("kernel"));

	return err | sink_json_set_callback(object, report, row->function);
}

/* Completed blocks by the state of the task in them. */
static int set_blocks(json_t *object, const struct row *row)
{
	json_t *blocks = json_object();
	int err = 0;

	if (json_set(object, "blocked_ns", blocks))
		return -ENOMEM;
	for (int block = 0; block < DWELL_BLOCKS; block++)
		err |= json_set_count(blocks, json_block(block), row->blocked_ns[block]);
	return err;
}

/* Sets @key to intervals that have ended, and those that have not apart. */
static int set_intervals(json_t *object, const char *key, const struct dist *dist,
			 const struct open_intervals *open)
{
	uint64_t count = dist_count(&open->age);
	int err = json_set_dist(object, key, dist);
	json_t *json;

	if (err || !count)
		return err;
	json = json_object();
	if (json_set(json_object_get(object, key), "open", json))
		return -ENOMEM;
	err |= json_set_count(json, "count", count);
	err |= json_set_count(json, "sum_ns", open->window_ns);
	err |= json_set_count(json, "max_ns", open->age.max);
	return err;
}

static int set_measure(json_t *object, const char *key, const struct row *row,
		       enum dwell_measure measure)
{
	return set_intervals(object, key, &row->measure[measure], &row->open[measure]);
}

static int set_runqueue(json_t *object, const struct row *row)
{
	struct open_intervals open = {0};
	struct dist dist = {0};
	int err = row_runqueue(row, &dist);

	err |= row_open_runqueue(row, &open);
	err |= set_intervals(object, "runqueue", &dist, &open);
	dist_clear(&dist);
	dist_clear(&open.age);
	return err;
}

static int set_uninterruptible(json_t *object, const struct row *row)
{
	int err = json_set_count(object, "blocked_uninterruptible_ns",
				 row->blocked_ns[DWELL_BLOCK_D]);

	if (row->open_d.max_ns)
		err |= json_set_count(object, "blocked_uninterruptible_open_ns",
				      row->open_d.window_ns);
	return err;
}

/* Sets what is measured of tasks only, not of a timer alone. */
static int set_waits(json_t *object, const struct report *report, const struct row *row)
{
	int err = 0;

	if (report_measured(report, row, FIGURE_TIMER_LATENCY))
		err |= set_measure(object, "timer_latency", row, DWELL_TIMER_LATENCY);
	err |= set_runqueue(object, row);
	err |= set_measure(object, "runqueue_woken", row, DWELL_WOKEN);
	err |= set_measure(object, "runqueue_preempted", row, DWELL_PREEMPTED);
	err |= set_measure(object, "throttled", row, DWELL_THROTTLED);
	err |= set_measure(object, "blocked", row, DWELL_BLOCKED);
	err |= set_uninterruptible(object, row);
	err |= set_blocks(object, row);
	err |= set_measure(object, "dwell", row, DWELL_DWELL);
	return err;
}

static int set_cpu(json_t *object, const struct row *row)
{
	json_t *switches = json_object();
	int err = json_set_count(object, "oncpu_ns", row->oncpu_ns);

	if (json_set(object, "switches", switches))
		return -ENOMEM;
	err |= json_set_count(switches, "voluntary", row->voluntary);
	err |= json_set_count(switches, "involuntary", row->involuntary);
	return err;
}

static int set_state(json_t *object, const struct row *row)
{
	static const char *const states[] = {
		[DWELL_ONCPU] = "running",
		[DWELL_BLOCKED_STATE] = "blocked",
		[DWELL_RUNNABLE_WOKEN] = "runnable",
		[DWELL_RUNNABLE_PREEMPTED] = "runnable",
		[DWELL_RUNNABLE_THROTTLED] = "runnable",
	};
	int err = 0;

	if (row->state == DWELL_UNKNOWN)
		return 0;
	err |= json_set(object, "state", json_string(states[row->state]));
	if (row->state == DWELL_BLOCKED_STATE)
		err |= json_set(object, "block", json_string(json_block(row->block)));
	err |= json_set_count(object, "state_since_ns", row->state_age_ns);
	if (row->state_began_earlier)
		err |= json_set(object, "state_began_before_window", json_true());
	return err;
}

static int write_row(FILE *out, const struct report *report, const struct row *row)
{
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("row"));
	err |= json_set(json, "by", json_string(report_by_name(row->by)));
	if (row->kernel_timer) {
		err |= set_kernel_timer(json, report, row);
	} else if (row->remainder) {
		err |= json_set(json, "remainder", json_true());
		err |= json_set_count(json, "groups", row->groups);
	} else {
		err |= set_identity(json, report, row);
	}
	if (!row->kernel_timer) {
		err |= json_set_count(json, "tasks", row->tasks);
		err |= json_set(json, "exited",
				json_boolean(row->exited && row->exited >= row->tasks));
	}
	err |= set_timers(json, report, row);
	if (report_measured(report, row, FIGURE_LATENESS))
		err |= json_set_dist(json, "lateness", &row->measure[DWELL_LATENESS]);
	if (!row->kernel_timer && !row->timers_only) {
		err |= set_waits(json, report, row);
		err |= set_cpu(json, row);
		err |= set_state(json, row);
	}
	return err ? -ENOMEM : json_write_line(out, json);
}

/* ---- header and losses -------------------------------------------------- */

/* Whether the ledger could tell what grows: else its silence means nothing. */
static int set_judged(json_t *object, const struct report *report)
{
	json_t *json = json_object();
	int err = json_set(object, "growth", json);

	if (err)
		return err;
	err |= json_set(json, "judged", json_boolean(report_judged(report)));
	err |= json_set_count(json, "samples", report->timers.samples);
	return err | json_set_count(json, "samples_needed", GROWTH_SAMPLES);
}

int sink_json_header_by(FILE *out, const struct report *report, const char *by)
{
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("header"));
	err |= json_set_count(json, "schema", SCHEMA);
	err |= json_set_name(json, "version", report->version, strlen(report->version));
	err |= json_set_name(json, "kernel", report->kernel, strlen(report->kernel));
	err |= json_set_count(json, "cpus", report->cpus);
	/* A stream has neither rows nor, yet, an end. */
	if (report->window_end) {
		err |= json_set(json, "by", json_string(by));
		err |= json_set_count(json, "window_ns", report->window_end - report->window_start);
	}
	if (report->ledger)
		err |= set_judged(json, report);
	return err ? -ENOMEM : json_write_line(out, json);
}

int sink_json_header(FILE *out, const struct report *report)
{
	return sink_json_header_by(out, report, report_by_name(report->view.by));
}

static int set_overhead(json_t *object, const struct overhead *overhead)
{
	json_t *json = json_object();
	int err = json_set(object, "overhead", json);

	if (err)
		return err;
	if (overhead->bpf_measured) {
		err |= json_set_ratio(json, "bpf_ns_per_event", overhead->bpf_ns_per_event);
		err |= json_set_ratio(json, "bpf_cpu_ratio", overhead->bpf_cpu_ratio);
	}
	err |= json_set_ratio(json, "user_cpu_ratio", overhead->user_cpu_ratio);
	if (overhead->rss_bytes)
		err |= json_set_count(json, "rss_bytes", overhead->rss_bytes);
	return err;
}

/* Of what kinds there were how many, as far as there were any. */
static int set_outliers(json_t *object, const struct dwell_outlier_counts *outliers)
{
	json_t *all = json_object();
	int err = json_set(object, "outliers", all);

	for (int i = 0; i < DWELL_MEASURES && !err; i++) {
		struct dwell_outlier_counts counts = outliers[i];
		json_t *json;

		if (i == DWELL_PREEMPTED) /* together with those after a wake-up */
			continue;
		if (i == DWELL_WOKEN) {
			counts.reported += outliers[DWELL_PREEMPTED].reported;
			counts.suppressed += outliers[DWELL_PREEMPTED].suppressed;
			counts.lost += outliers[DWELL_PREEMPTED].lost;
		}
		json = json_object();
		if (json_set(all, outlier_kind(i), json))
			return -ENOMEM;
		err |= json_set_count(json, "reported", counts.reported);
		err |= json_set_count(json, "suppressed", counts.suppressed);
		err |= json_set_count(json, "lost", counts.lost);
	}
	return err;
}

static int set_reductions(json_t *object, const struct reductions *reductions)
{
	json_t *array = json_array();
	int err = json_set(object, "reductions", array);

	for (size_t i = 0; reductions && i < reductions->count && !err; i++) {
		const struct reduction *reduction = &reductions->list[i];

		err = json_array_append_new(array, json_pack("{ss ss ss}", "name", reduction->name,
							     "lost", reduction->lost, "reason",
							     reduction_reason(reduction))) ?
			      -ENOMEM :
			      0;
	}
	return err;
}

/* Why how many addresses in programs have no name. */
static int set_unnamed(json_t *object, const uint64_t *unnamed)
{
	static const char *const names[] = {
#define X(id, name, text) [FILE_##id] = name,
		FILE_OUTCOME_LIST(X)
#undef X
	};
	json_t *reasons = json_object();
	int err = json_set(object, "unnamed", reasons);

	for (int i = FILE_FOUND + 1; i < FILE_OUTCOMES && !err; i++)
		err = json_set_count(reasons, names[i], unnamed[i]);
	return err;
}

int sink_json_footer(FILE *out, const struct report *report)
{
	json_auto *json = json_object();
	json_t *reasons = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("loss"));
	if (json_set(json, "reasons", reasons))
		return -ENOMEM;
	for (int i = 0; i < DWELL_LOSSES; i++)
		err |= json_set_count(reasons, report_loss_name(i), report_loss(report, i));
	err |= set_reductions(json, report->reductions);
	if (report->outliers)
		err |= set_outliers(json, report->outliers);
	if (report->unnamed)
		err |= set_unnamed(json, report->unnamed);
	if (report->hidden_tasks != UINT64_MAX)
		err |= json_set_count(json, "hidden_tasks", report->hidden_tasks);
	err |= set_overhead(json, &report->overhead);
	return err ? -ENOMEM : json_write_line(out, json);
}

int sink_json(FILE *out, const struct report *report)
{
	int err = sink_json_header(out, report);

	for (size_t i = 0; i < report->rows.count && !err; i++)
		err = write_row(out, report, &report->rows.row[i]);
	if (!err && report->ledger)
		err = sink_timers_json_rows(out, report);
	for (size_t i = 0; report->worst && i < report->worst->count && !err; i++)
		err = outlier_json(out, &report->worst->outlier[i], &report->names, &report->clock);
	if (!err)
		err = sink_json_footer(out, report);
	return err ? err : sink_flush(out);
}
