/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary as NDJSON: a header, the rows and the losses, one JSON object a line. */
#include <errno.h>

#include "base/json.h"
#include "base/output.h"
#include "sink/frame_json.h"
#include "sink/member.h"
#include "sink/outlier_json.h"
#include "sink/summary.h"
#include "sink/timers.h"

/* ---- rows --------------------------------------------------------------- */

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

	return err ? err : member_timers(json, &row->timers, measured(report, row));
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
		err |= member_cgroup(object, report, row->cgroup, row->by == ROW_BY_CGROUP);
	return err;
}

static int set_kernel_timer(json_t *object, const struct report *report, const struct row *row)
{
	int err = json_set(object, "comm", json_string("kernel"));

	return err | member_callback(object, report, row->function);
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
	int err = member_dist(object, key, dist);
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
		err |= member_dist(json, "lateness", &row->measure[DWELL_LATENESS]);
	if (!row->kernel_timer && !row->timers_only) {
		err |= set_waits(json, report, row);
		err |= set_cpu(json, row);
		err |= set_state(json, row);
	}
	return err ? -ENOMEM : json_write_line(out, json);
}

/* The outliers that were furthest beyond their thresholds. 0 or a negative errno. */
static int write_worst(FILE *out, const struct report *report)
{
	struct explanation explanation;
	int err = 0;

	for (size_t i = 0; report->worst && i < report->worst->count && !err; i++) {
		explain(&explanation, &report->worst->outlier[i], &report->naming);
		err = outlier_json(out, &explanation, &report->clock);
	}
	return err;
}

int summary_json(FILE *out, const struct report *report)
{
	int err = frame_json_header(out, report, report_by_name(report->view.by));

	for (size_t i = 0; i < report->rows.count && !err; i++)
		err = write_row(out, report, &report->rows.row[i]);
	if (!err && report->ledger)
		err = timers_json_rows(out, report);
	if (!err)
		err = write_worst(out, report);
	if (!err)
		err = frame_json_footer(out, report);
	return err ? err : output_flush(out);
}
