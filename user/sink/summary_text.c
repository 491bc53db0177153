/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary as a table: what an engineer reads first, from the worst row down to what was lost. */
#include <inttypes.h>
#include <string.h>

#include "base/output.h"
#include "base/saturate.h"
#include "base/text.h"
#include "sink/cell.h"
#include "sink/frame_text.h"
#include "sink/outlier_text.h"
#include "sink/summary.h"
#include "sink/table.h"
#include "sink/timers.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NS_PER_S 1e9
#define RUNQUEUE DWELL_MEASURES /* as a column's measure: woken and preempted waits together */

/* A row, and what it does not hold: its woken and preempted waits together. */
struct line {
	const struct report *report;
	const struct row *row;
	struct dist runqueue;
	struct open_intervals open_runqueue;
};

#define BY(by) (1U << (by))
#define BY_TASK BY(ROW_BY_TASK)
#define BY_PROCESS BY(ROW_BY_PROCESS)
#define BY_COMM BY(ROW_BY_COMM)
#define BY_CGROUP BY(ROW_BY_CGROUP)
#define BY_GROUP (BY_PROCESS | BY_COMM | BY_CGROUP)
#define BY_ANY (BY_TASK | BY_GROUP)
#define KERNEL_TIMERS BY(ROW_BY_CGROUP + 1)

/* ---- cells -------------------------------------------------------------- */

static const struct dist *measure_of(const struct line *line, int measure)
{
	return measure == RUNQUEUE ? &line->runqueue : &line->row->measure[measure];
}

static const struct open_intervals *open_of(const struct line *line, int measure)
{
	return measure == RUNQUEUE ? &line->open_runqueue : &line->row->open[measure];
}

static void mark_open(char *cell, bool open)
{
	if (open)
		strcat(cell, "+");
}

static void write_pid(char *cell, const struct line *line, int what)
{
	(void)what;
	if (!line->row->remainder)
		cell_number(cell, line->row->pid);
}

static void write_tid(char *cell, const struct line *line, int what)
{
	(void)what;
	cell_number(cell, line->row->tid);
}

/* Gone groups that have no rows of their own. */
static void write_remainder(char *cell, const struct row *row)
{
	snprintf(cell, CELL_LEN, "(%" PRIu64 " others)", row->groups);
}

static void write_comm(char *cell, const struct line *line, int what)
{
	const struct row *row = line->row;

	(void)what;
	if (row->remainder)
		write_remainder(cell, row);
	else
		cell_comm(cell, row->comm);
}

static void write_cgroup(char *cell, const struct line *line, int what)
{
	(void)what;
	if (line->row->remainder)
		write_remainder(cell, line->row);
	else
		cell_cgroup(cell, line->report, line->row->cgroup);
}

static void write_callback(char *cell, const struct line *line, int what)
{
	(void)what;
	cell_callback(cell, line->report, line->row->function);
}

static void write_tasks(char *cell, const struct line *line, int what)
{
	(void)what;
	cell_count(cell, line->row->tasks);
}

static void write_exited(char *cell, const struct line *line, int what)
{
	(void)what;
	cell_count(cell, line->row->exited);
}

static void write_armed(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_measured(line->report, line->row, FIGURE_ARMED))
		cell_rate(cell, line->row->timers.armed, line->report);
}

static void write_fired(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_measured(line->report, line->row, FIGURE_EXPIRED))
		cell_rate(cell, line->row->timers.expired, line->report);
}

static void write_outstanding(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_measured(line->report, line->row, FIGURE_OUTSTANDING))
		cell_count(cell, line->row->timers.outstanding);
}

static bool is_measured(const struct line *line, int measure)
{
	const enum figure figure = measure == DWELL_LATENESS	  ? FIGURE_LATENESS :
				   measure == DWELL_TIMER_LATENCY ? FIGURE_TIMER_LATENCY :
								    0;

	return report_measured(line->report, line->row, figure);
}

/*
 * Each of these shows what has ended and what is still open as one, with a "+" if the
 * figure would be another one without what is open.
 */

static void write_p99(char *cell, const struct line *line, int what)
{
	const struct dist *dist = measure_of(line, what);
	uint64_t closed = dist_percentile(dist, 990);
	uint64_t all = row_percentile(dist, open_of(line, what), 990);

	if (!is_measured(line, what))
		return;
	if (all || dist_count(dist))
		cell_duration(cell, all);
	mark_open(cell, all > closed);
}

static void write_longest(char *cell, const struct dist *dist, uint64_t open)
{
	if (open > dist->max)
		cell_duration(cell, open);
	else
		cell_max(cell, dist);
	mark_open(cell, open > dist->max);
}

static void write_max(char *cell, const struct line *line, int what)
{
	if (is_measured(line, what))
		write_longest(cell, measure_of(line, what), open_of(line, what)->age.max);
}

/* Durations that add up to @closed and @open; nothing for 0. */
static void write_total(char *cell, uint64_t closed, uint64_t open)
{
	char without[CELL_LEN] = "";

	if (closed)
		cell_duration(without, closed);
	if (saturating_add(closed, open))
		cell_duration(cell, saturating_add(closed, open));
	mark_open(cell, strcmp(cell, without));
}

static void write_sum(char *cell, const struct line *line, int what)
{
	write_total(cell, measure_of(line, what)->sum, open_of(line, what)->window_ns);
}

/* @ns as a share of the window. */
static void write_percent(char *cell, const struct line *line, uint64_t ns)
{
	cell_decimal(cell, (double)ns / report_seconds(line->report) / NS_PER_S * 100);
}

static void write_share(char *cell, const struct line *line, int what)
{
	uint64_t closed = measure_of(line, what)->sum, open = open_of(line, what)->window_ns;
	char without[CELL_LEN] = "";

	write_percent(without, line, closed);
	write_percent(cell, line, saturating_add(closed, open));
	mark_open(cell, strcmp(cell, without));
}

static void write_uninterruptible(char *cell, const struct line *line, int what)
{
	(void)what;
	write_total(cell, line->row->blocked_ns[DWELL_BLOCK_D], line->row->open_d.window_ns);
}

static void write_cpu(char *cell, const struct line *line, int what)
{
	(void)what;
	write_percent(cell, line, line->row->oncpu_ns);
}

static void write_state(char *cell, const struct line *line, int what)
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
	const struct row *row = line->row;
	char age[TEXT_DURATION_LEN];

	(void)what;
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

/* ---- columns ------------------------------------------------------------ */

/* Groups of columns: the same address is the same group. */
static const char TIMERS[] = "TIMERS", LATENESS[] = "LATENESS", LATENCY[] = "TIMER LATENCY",
		  QUEUE[] = "RUN QUEUE", BLOCKED[] = "BLOCKED", DWELL[] = "DWELL",
		  TASKS[] = "TASKS";

static const struct table_column columns[] = {
	{BY_PROCESS, NULL, "PID", write_pid, 0, TABLE_RIGHT},
	{BY_TASK, NULL, "TID", write_tid, 0, TABLE_RIGHT},
	{BY_TASK | BY_PROCESS | BY_COMM, NULL, "COMM", write_comm, 0, TABLE_LEFT},
	{KERNEL_TIMERS, NULL, "KERNEL TIMER", write_callback, 0, TABLE_LEFT},
	{BY_GROUP, TASKS, "all", write_tasks, 0, TABLE_RIGHT},
	{BY_GROUP, TASKS, "exited", write_exited, 0, TABLE_RIGHT},
	{BY_ANY | KERNEL_TIMERS, TIMERS, "armed/s", write_armed, 0, TABLE_RIGHT},
	{BY_ANY | KERNEL_TIMERS, TIMERS, "fired/s", write_fired, 0, TABLE_RIGHT},
	{BY_ANY | KERNEL_TIMERS, TIMERS, "out", write_outstanding, 0, TABLE_RIGHT},
	{BY_ANY | KERNEL_TIMERS, LATENESS, "p99", write_p99, DWELL_LATENESS, TABLE_RIGHT},
	{BY_ANY | KERNEL_TIMERS, LATENESS, "max", write_max, DWELL_LATENESS, TABLE_RIGHT},
	{BY_ANY, LATENCY, "p99", write_p99, DWELL_TIMER_LATENCY, TABLE_RIGHT},
	{BY_ANY, LATENCY, "max", write_max, DWELL_TIMER_LATENCY, TABLE_RIGHT},
	{BY_ANY, QUEUE, "p99", write_p99, RUNQUEUE, TABLE_RIGHT},
	{BY_ANY, QUEUE, "max", write_max, RUNQUEUE, TABLE_RIGHT},
	{BY_ANY, QUEUE, "sum%", write_share, RUNQUEUE, TABLE_RIGHT},
	{BY_ANY, QUEUE, "throt", write_sum, DWELL_THROTTLED, TABLE_RIGHT},
	{BY_ANY, BLOCKED, "max", write_max, DWELL_BLOCKED, TABLE_RIGHT},
	{BY_ANY, BLOCKED, "D sum", write_uninterruptible, 0, TABLE_RIGHT},
	{BY_ANY, DWELL, "p99", write_p99, DWELL_DWELL, TABLE_RIGHT},
	{BY_ANY, DWELL, "max", write_max, DWELL_DWELL, TABLE_RIGHT},
	{BY_ANY, NULL, "CPU%", write_cpu, 0, TABLE_RIGHT},
	{BY_TASK, NULL, "STATE", write_state, 0, TABLE_LEFT},
	{BY_CGROUP, NULL, "CGROUP", write_cgroup, 0, TABLE_LEFT},
};

_Static_assert(LENGTH(columns) <= TABLE_COLUMNS_MAX, "a table has no room for all columns");

/* ---- writing ------------------------------------------------------------ */

/* Whether @row belongs to the table of @where. */
static bool is_in(unsigned int where, const struct row *row)
{
	return row->kernel_timer == (where == KERNEL_TIMERS);
}

/* Makes room for the rows of @where, or with @out writes them. 0 or a negative errno. */
static int each_line(FILE *out, const struct report *report, unsigned int where,
		     struct table *table)
{
	for (size_t i = 0; i < report->rows.count; i++) {
		struct line line = {.report = report, .row = &report->rows.row[i]};
		int err;

		if (!is_in(where, line.row))
			continue;
		err = row_runqueue(line.row, &line.runqueue);
		if (!err)
			err = row_open_runqueue(line.row, &line.open_runqueue);
		if (!err && out)
			table_put_line(out, table, &line);
		else if (!err)
			table_widen(table, &line);
		dist_clear(&line.runqueue);
		dist_clear(&line.open_runqueue.age);
		if (err)
			return err;
		if (out && ferror(out))
			return output_flush(out);
	}
	return 0;
}

/* Writes the table of the rows that belong to @where; nothing without any. */
static int put_table(FILE *out, const struct report *report, unsigned int where)
{
	struct table table;
	size_t count = 0;
	int err;

	for (size_t i = 0; i < report->rows.count; i++)
		count += is_in(where, &report->rows.row[i]);
	if (!count)
		return 0;
	table_choose(&table, columns, LENGTH(columns), where);
	err = each_line(NULL, report, where, &table);
	if (err)
		return err;
	fputc('\n', out);
	table_put_headings(out, &table);
	return each_line(out, report, where, &table);
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
	err = put_table(out, report, BY(report->view.by));
	if (!err)
		err = put_table(out, report, KERNEL_TIMERS);
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
