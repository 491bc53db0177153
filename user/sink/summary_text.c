/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary as a table for people: rows, the worst ones first, then the losses. */
#include <inttypes.h>

#include "base/output.h"
#include "base/text.h"
#include "model/column.h"
#include "sink/cell.h"
#include "sink/frame_text.h"
#include "sink/outlier_text.h"
#include "sink/summary.h"
#include "sink/table.h"
#include "sink/timers.h"

/* A row, and the error of writing one of its cells: 0 or -ENOMEM. */
struct line {
	const struct report *report;
	const struct row *row;
	int err;
};

/* ---- cells -------------------------------------------------------------- */

/* Writes the number of gone groups that have no rows of their own. */
static void write_remainder(char *cell, const struct row *row)
{
	snprintf(cell, CELL_LEN, "(%" PRIu64 " others)", row->groups);
}

static void write_state(char *cell, const struct row *row)
{
	static const char *const states[] = {
		[DWELL_UNKNOWN] = "",
		[DWELL_ONCPU] = "running",
		[DWELL_BLOCKED_STATE] = "blocked",
		[DWELL_RUNNABLE_WOKEN] = "runnable",
		[DWELL_RUNNABLE_PREEMPTED] = "runnable",
		[DWELL_RUNNABLE_THROTTLED] = "throttled",
	};
	static const char *const blocks[] = {
		[DWELL_BLOCK_S] = "",		[DWELL_BLOCK_D] = " D",
		[DWELL_BLOCK_I] = " idle",	[DWELL_BLOCK_T] = " stopped",
		[DWELL_BLOCK_OTHER] = " other",
	};
	char age[TEXT_DURATION_LEN];

	if (row->exited) {
		snprintf(cell, CELL_LEN, "exited");
		return;
	}
	if (row->state == DWELL_UNKNOWN)
		return;
	snprintf(cell, CELL_LEN, "%s%s %s%s", states[row->state],
		 row->state == DWELL_BLOCKED_STATE ? blocks[row->block] : "",
		 row->state_began_earlier ? "~" : "", text_duration(age, row->state_age_ns));
}

static void write_value(char *cell, struct line *line, const struct column *column)
{
	struct value value;
	int err = row_value(column, line->row, &value);

	if (!err && !value.none)
		cell_value(cell, column, &value, line->report);
	value_clear(&value);
	if (err)
		line->err = err;
}

static void write_cell(char *cell, struct line *line, const struct column *column)
{
	const struct row *row = line->row;

	if (!report_measured(line->report, row, column->figures))
		return;
	switch (column->type) {
	case COLUMN_COMM:
		if (row->remainder)
			write_remainder(cell, row);
		else
			cell_comm(cell, row->comm);
		break;
	case COLUMN_CGROUP:
		if (row->remainder)
			write_remainder(cell, row);
		else
			cell_cgroup(cell, line->report, row->cgroup);
		break;
	case COLUMN_STATE:
		write_state(cell, row);
		break;
	default:
		write_value(cell, line, column);
	}
}

/* ---- writing ------------------------------------------------------------ */

/* Whether @row is in the table of @kind: the kernel's timers, or all other rows. */
static bool is_in(unsigned int kind, const struct row *row)
{
	return row->kernel_timer == (kind == ROW_KERNEL_TIMER);
}

/* Writes the rows of @kind to @out; if that is NULL, makes room for them. 0 or a negative errno. */
static int each_line(FILE *out, const struct report *report, unsigned int kind, struct table *table)
{
	for (size_t i = 0; i < report->rows.count; i++) {
		struct line line = {.report = report, .row = &report->rows.row[i]};

		if (!is_in(kind, line.row))
			continue;
		if (out)
			table_put_line(out, table, &line);
		else
			table_widen(table, &line);
		if (line.err)
			return line.err;
		if (out && ferror(out))
			return output_flush(out);
	}
	return 0;
}

/* Writes the table of the rows of @kind, and nothing without any. 0 or a negative errno. */
static int put_table(FILE *out, const struct report *report, unsigned int kind)
{
	struct table table = {.write = write_cell};
	size_t count = 0;
	int err;

	for (size_t i = 0; i < report->rows.count; i++)
		count += is_in(kind, &report->rows.row[i]);
	if (!count)
		return 0;
	table_choose(&table, row_columns, row_columns_count, 1U << kind);
	err = each_line(NULL, report, kind, &table);
	if (err)
		return err;
	fputc('\n', out);
	table_put_headings(out, &table);
	return each_line(out, report, kind, &table);
}

static int put_worst(FILE *out, const struct report *report)
{
	struct explanation explanation;
	int err = 0;

	if (!report->worst || !report->worst->count)
		return 0;
	fputs("\nOUT OF THE ORDINARY (dwell outliers shows all, as they come)\n", out);
	for (size_t i = 0; i < report->worst->count && !err; i++) {
		explain(&explanation, &report->worst->outlier[i], &report->naming);
		err = outlier_print(out, &explanation, &report->clock, false);
	}
	return err;
}

int summary_text(FILE *out, const struct report *report)
{
	char by[32];
	int err;

	snprintf(by, sizeof(by), "by %s", report_by_name(report->view.by));
	frame_text_header(out, report, by);
	err = put_table(out, report, report->view.by);
	if (!err)
		err = put_table(out, report, ROW_KERNEL_TIMER);
	if (!err && report->ledger)
		err = timers_text_rows(out, report);
	if (!err)
		err = put_worst(out, report);
	if (err)
		return err;
	fputc('\n', out);
	if (report->rows.hidden)
		fprintf(out, "… %zu more rows: -n 0 shows all\n", report->rows.hidden);
	frame_text_footer(out, report);
	return output_flush(out);
}
