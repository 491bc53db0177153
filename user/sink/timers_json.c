/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger of timers as NDJSON: one object for each row. */
#include <errno.h>

#include "base/json.h"
#include "base/output.h"
#include "findings/stack.h"
#include "model/timer_column.h"
#include "sink/frame_json.h"
#include "sink/member.h"
#include "sink/stack_json.h"
#include "sink/timers.h"

/* ---- what a row has ----------------------------------------------------------- */

/* Sets no name for a task of which only its timers are known. */
static int set_comm(json_t *object, const char *key, const struct timer_row *row)
{
	if (row->kernel)
		return json_set(object, key, json_string("kernel"));
	return row->comm[0] ? json_set_name(object, key, row->comm, sizeof(row->comm)) : 0;
}

static int set_column(json_t *object, const struct column *column, const struct report *report,
		      const struct timer_row *row)
{
	const char *key;
	json_t *place = member_find(object, column->json, &key);
	struct value value;

	switch (column->type) {
	case COLUMN_COMM:
		return set_comm(place, key, row);
	case COLUMN_CGROUP:
		return member_cgroup(place, report, row->cgroup, row->by == TIMER_BY_CGROUP);
	case COLUMN_API:
		return json_set_name(place, key, row->api, sizeof(row->api));
	default:
		timer_value(column, row, &value);
		if (value.none)
			return 0;
		return member_value(place, key, column, &value, report);
	}
}

static int set_columns(json_t *object, const struct report *report, const struct timer_row *row)
{
	int err = 0;

	for (size_t i = 0; i < timer_columns_count; i++) {
		const struct column *column = &timer_columns[i];

		if (column->json && column_applies(column, timer_row_kind(row)) &&
		    report_timer_measured(report, row, column->figures))
			err |= set_column(object, column, report, row);
	}
	return err;
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
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("timer"));
	err |= json_set(json, "by", json_string(report_by_name(row->by)));
	err |= set_columns(json, report, row);
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
