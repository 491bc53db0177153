/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary as NDJSON: a header, rows and losses, one JSON object a line. */
#include <errno.h>

#include "base/json.h"
#include "base/output.h"
#include "model/column.h"
#include "model/words.h"
#include "sink/frame_json.h"
#include "sink/member.h"
#include "sink/outlier_json.h"
#include "sink/summary.h"
#include "sink/timers.h"

/* ---- rows --------------------------------------------------------------- */

static int set_comm(json_t *object, const char *key, const struct row *row)
{
	if (row->kernel_timer)
		return json_set(object, key, json_string("kernel"));
	return json_set_name(object, key, row->comm, sizeof(row->comm));
}

/* Sets the time in blocks that have ended, by the state of the blocked task. */
static int set_blocks(json_t *object, const char *key, const struct row *row)
{
	json_t *blocks = json_object();
	int err = 0;

	if (json_set(object, key, blocks))
		return -ENOMEM;
	for (int block = 0; block < DWELL_BLOCKS; block++)
		err |= json_set_count(blocks, word_block(block), row->blocked_ns[block]);
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
		err |= json_set(object, "block", json_string(word_block(row->block)));
	err |= json_set_count(object, "state_since_ns", row->state_age_ns);
	if (row->state_began_earlier)
		err |= json_set(object, "state_began_before_window", json_true());
	return err;
}

static int set_value(json_t *object, const char *key, const struct column *column,
		     const struct report *report, const struct row *row)
{
	struct value value;
	int err = row_value(column, row, &value);

	if (!err && !value.none)
		err = member_value(object, key, column, &value, report);
	value_clear(&value);
	return err;
}

/* An inner object is there even if none of its figures is measured. */
static int set_column(json_t *object, const struct column *column, const struct report *report,
		      const struct row *row)
{
	const char *key;
	json_t *place = member_find(object, column->json, &key);

	if (!report_measured(report, row, column->figures))
		return place ? 0 : -ENOMEM;
	switch (column->type) {
	case COLUMN_COMM:
		return set_comm(place, key, row);
	case COLUMN_CGROUP:
		return member_cgroup(place, report, row->cgroup, row->by == ROW_BY_CGROUP);
	case COLUMN_BLOCKS:
		return set_blocks(place, key, row);
	case COLUMN_STATE:
		return set_state(place, row);
	default:
		return set_value(place, key, column, report, row);
	}
}

static int write_row(FILE *out, const struct report *report, const struct row *row)
{
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("row"));
	err |= json_set(json, "by", json_string(report_by_name(row->by)));
	for (size_t i = 0; i < row_columns_count; i++)
		if (row_columns[i].json && column_applies(&row_columns[i], row_kind(row)))
			err |= set_column(json, &row_columns[i], report, row);
	return err ? -ENOMEM : json_write_line(out, json);
}

/* Writes the outliers that were furthest beyond their thresholds. 0 or a negative errno. */
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
