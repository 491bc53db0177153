/* SPDX-License-Identifier: GPL-2.0-only */
/* The table sink: what an engineer reads first, from the worst row down to what was lost. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sink.h"
#include "text.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define CELL_LEN 1024 /* a cgroup's path is the longest */
#define COMM_WIDTH 24 /* any comm of valid text fits; a hostile one is cut */
#define SYMBOL_WIDTH 48
#define COLUMNS_MAX 24
#define NS_PER_S 1e9
#define RUNQUEUE DWELL_MEASURES /* as a column's measure: woken and preempted waits together */

/* A row, and the one distribution that it does not hold. */
struct line {
	const struct report *report;
	const struct row *row;
	struct dist runqueue;
};

#define BY(by) (1U << (by))
#define BY_TASK BY(ROW_BY_TASK)
#define BY_PROCESS BY(ROW_BY_PROCESS)
#define BY_COMM BY(ROW_BY_COMM)
#define BY_CGROUP BY(ROW_BY_CGROUP)
#define BY_GROUP (BY_PROCESS | BY_COMM | BY_CGROUP)
#define BY_ANY (BY_TASK | BY_GROUP)
#define KERNEL_TIMERS BY(ROW_BY_CGROUP + 1)

struct column {
	unsigned int where; /* the tables that have it: BY_… and KERNEL_TIMERS */
	const char *group;  /* over it and its neighbours of the same group, or NULL */
	const char *heading;
	void (*write)(char *cell, const struct line *line, int what); /* nothing: not measured */
	int what;  /* for @write: a measure, … */
	bool left; /* aligned */
};

/* ---- cells -------------------------------------------------------------- */

static const struct dist *measure_of(const struct line *line, int measure)
{
	return measure == RUNQUEUE ? &line->runqueue : &line->row->measure[measure];
}

static double window_seconds(const struct report *report)
{
	uint64_t window = report->window_end - report->window_start;

	return (window ? (double)window : 1) / NS_PER_S;
}

static void write_number(char *cell, uint64_t number)
{
	snprintf(cell, CELL_LEN, "%" PRIu64, number);
}

static void write_duration(char *cell, uint64_t ns)
{
	char text[TEXT_DURATION_LEN];

	snprintf(cell, CELL_LEN, "%s", text_duration(text, ns));
}

static void write_count(char *cell, uint64_t count)
{
	char text[TEXT_DURATION_LEN];

	if (count)
		snprintf(cell, CELL_LEN, "%s", text_count(text, count));
}

/* Small values with a decimal; one that would round to nothing as "<0.1". */
static void write_decimal(char *cell, double value)
{
	if (value <= 0)
		return;
	if (value < 0.05)
		snprintf(cell, CELL_LEN, "<0.1");
	else if (value < 99.95)
		snprintf(cell, CELL_LEN, "%.1f", value);
	else
		write_count(cell, (uint64_t)(value + 0.5));
}

static void write_pid(char *cell, const struct line *line, int what)
{
	(void)what;
	if (!line->row->remainder)
		write_number(cell, line->row->pid);
}

static void write_tid(char *cell, const struct line *line, int what)
{
	(void)what;
	write_number(cell, line->row->tid);
}

static void write_comm(char *cell, const struct line *line, int what)
{
	const struct row *row = line->row;

	(void)what;
	if (row->remainder)
		snprintf(cell, CELL_LEN, "(earlier ones)");
	else
		text_escape(cell, COMM_WIDTH + 1, row->comm, sizeof(row->comm));
}

static void write_cgroup(char *cell, const struct line *line, int what)
{
	const struct report *report = line->report;
	const char *path = NULL;

	(void)what;
	if (line->row->remainder) {
		snprintf(cell, CELL_LEN, "(earlier ones)");
		return;
	}
	if (report->cgroup_name)
		path = report->cgroup_name(report->context, line->row->cgroup);
	if (path)
		text_escape(cell, CELL_LEN, path, strlen(path));
	else
		snprintf(cell, CELL_LEN, "#%" PRIu64, line->row->cgroup);
}

static void write_callback(char *cell, const struct line *line, int what)
{
	const struct report *report = line->report;
	const char *name = NULL;

	(void)what;
	if (report->function_name)
		name = report->function_name(report->context, line->row->function);
	if (name)
		text_escape(cell, SYMBOL_WIDTH + 1, name, strlen(name));
	else
		snprintf(cell, CELL_LEN, "0x%" PRIx64, line->row->function);
}

static void write_tasks(char *cell, const struct line *line, int what)
{
	(void)what;
	write_count(cell, line->row->tasks);
}

static void write_exited(char *cell, const struct line *line, int what)
{
	(void)what;
	write_count(cell, line->row->exited);
}

static void write_armed(char *cell, const struct line *line, int what)
{
	(void)what;
	write_decimal(cell, (double)line->row->timers.armed / window_seconds(line->report));
}

static void write_fired(char *cell, const struct line *line, int what)
{
	(void)what;
	write_decimal(cell, (double)line->row->timers.expired / window_seconds(line->report));
}

static void write_outstanding(char *cell, const struct line *line, int what)
{
	(void)what;
	write_count(cell, line->row->timers.outstanding);
}

static void write_p99(char *cell, const struct line *line, int what)
{
	const struct dist *dist = measure_of(line, what);

	if (dist_count(dist))
		write_duration(cell, dist_percentile(dist, 990));
}

static void write_max(char *cell, const struct line *line, int what)
{
	const struct dist *dist = measure_of(line, what);

	if (dist_count(dist))
		write_duration(cell, dist->max);
}

static void write_sum(char *cell, const struct line *line, int what)
{
	const struct dist *dist = measure_of(line, what);

	if (dist->sum)
		write_duration(cell, dist->sum);
}

static void write_share(char *cell, const struct line *line, int what)
{
	const struct dist *dist = measure_of(line, what);

	write_decimal(cell, (double)dist->sum / window_seconds(line->report) / NS_PER_S * 100);
}

/* The longest block; with a "+" one that still goes on. */
static void write_block_max(char *cell, const struct line *line, int what)
{
	const struct dist *blocked = &line->row->measure[DWELL_BLOCKED];
	uint64_t open = line->row->state == DWELL_BLOCKED_STATE ? line->row->state_age_ns : 0;

	(void)what;
	if (open <= blocked->max)
		write_max(cell, line, DWELL_BLOCKED);
	else
		write_duration(cell, open);
	if (open > blocked->max)
		strcat(cell, "+");
}

static void write_uninterruptible(char *cell, const struct line *line, int what)
{
	(void)what;
	if (line->row->blocked_ns[DWELL_BLOCK_D])
		write_duration(cell, line->row->blocked_ns[DWELL_BLOCK_D]);
}

static void write_cpu(char *cell, const struct line *line, int what)
{
	(void)what;
	write_decimal(cell,
		      (double)line->row->oncpu_ns / window_seconds(line->report) / NS_PER_S * 100);
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

static const struct column columns[] = {
	{BY_PROCESS, NULL, "PID", write_pid, 0, false},
	{BY_TASK, NULL, "TID", write_tid, 0, false},
	{BY_TASK | BY_PROCESS | BY_COMM, NULL, "COMM", write_comm, 0, true},
	{KERNEL_TIMERS, NULL, "KERNEL TIMER", write_callback, 0, true},
	{BY_GROUP, TASKS, "all", write_tasks, 0, false},
	{BY_GROUP, TASKS, "exited", write_exited, 0, false},
	{BY_ANY | KERNEL_TIMERS, TIMERS, "armed/s", write_armed, 0, false},
	{BY_ANY | KERNEL_TIMERS, TIMERS, "fired/s", write_fired, 0, false},
	{BY_ANY | KERNEL_TIMERS, TIMERS, "out", write_outstanding, 0, false},
	{BY_ANY | KERNEL_TIMERS, LATENESS, "p99", write_p99, DWELL_LATENESS, false},
	{BY_ANY | KERNEL_TIMERS, LATENESS, "max", write_max, DWELL_LATENESS, false},
	{BY_ANY, LATENCY, "p99", write_p99, DWELL_TIMER_LATENCY, false},
	{BY_ANY, LATENCY, "max", write_max, DWELL_TIMER_LATENCY, false},
	{BY_ANY, QUEUE, "p99", write_p99, RUNQUEUE, false},
	{BY_ANY, QUEUE, "max", write_max, RUNQUEUE, false},
	{BY_ANY, QUEUE, "sum%", write_share, RUNQUEUE, false},
	{BY_ANY, QUEUE, "throt", write_sum, DWELL_THROTTLED, false},
	{BY_ANY, BLOCKED, "max", write_block_max, 0, false},
	{BY_ANY, BLOCKED, "D sum", write_uninterruptible, 0, false},
	{BY_ANY, DWELL, "p99", write_p99, DWELL_DWELL, false},
	{BY_ANY, DWELL, "max", write_max, DWELL_DWELL, false},
	{BY_ANY, NULL, "CPU%", write_cpu, 0, false},
	{BY_TASK, NULL, "STATE", write_state, 0, true},
	{BY_CGROUP, NULL, "CGROUP", write_cgroup, 0, true},
};

/* A table: the columns it has, and how wide they are. */
struct table {
	const struct report *report;
	unsigned int where;
	const struct column *column[COLUMNS_MAX];
	size_t width[COLUMNS_MAX];
	size_t count;
};

_Static_assert(LENGTH(columns) <= COLUMNS_MAX, "a table has no room for all columns");

/* Characters of valid UTF-8; wide ones count as one and misalign what follows them. */
static size_t display_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void write_cell(char *cell, const struct column *column, const struct line *line)
{
	cell[0] = '\0';
	column->write(cell, line, column->what);
	if (!cell[0])
		strcpy(cell, "-");
}

/* Whether the column at @at belongs to the same group as the one before it. */
static bool continues_group(const struct table *table, size_t at)
{
	return at > 0 && at < table->count && table->column[at]->group &&
	       table->column[at]->group == table->column[at - 1]->group;
}

/* Blanks before the column at @at: groups stand apart. */
static size_t gap(const struct table *table, size_t at)
{
	return at == 0 ? 0 : table->column[at]->group && !continues_group(table, at) ? 2 : 1;
}

/* How many characters the group that begins at @at takes; @next is what follows it. */
static size_t group_width(const struct table *table, size_t at, size_t *next)
{
	size_t width = table->width[at++];

	for (; continues_group(table, at); at++)
		width += gap(table, at) + table->width[at];
	*next = at;
	return width;
}

static void pad(FILE *out, size_t count, char with)
{
	while (count--)
		fputc(with, out);
}

/* ---- writing ------------------------------------------------------------ */

static bool is_in(const struct table *table, const struct row *row)
{
	return row->kernel_timer == (table->where == KERNEL_TIMERS);
}

/* Calls @visit with the line of each row of @table. 0 or a negative errno. */
static int each_line(FILE *out, struct table *table,
		     void (*visit)(FILE *out, struct table *table, const struct line *line))
{
	const struct rows *rows = &table->report->rows;

	for (size_t i = 0; i < rows->count; i++) {
		struct line line = {.report = table->report, .row = &rows->row[i]};
		int err;

		if (!is_in(table, line.row))
			continue;
		err = row_runqueue(line.row, &line.runqueue);
		if (!err)
			visit(out, table, &line);
		dist_clear(&line.runqueue);
		if (err)
			return err;
		if (ferror(out))
			return sink_flush(out);
	}
	return 0;
}

static void widen(FILE *out, struct table *table, const struct line *line)
{
	char cell[CELL_LEN];

	(void)out;
	for (size_t i = 0; i < table->count; i++) {
		size_t width;

		write_cell(cell, table->column[i], line);
		width = display_width(cell);
		if (table->width[i] < width)
			table->width[i] = width;
	}
}

/* Writes @text into the column at @at. A last one on the left needs no blanks behind it. */
static void put_cell(FILE *out, const struct table *table, size_t at, const char *text)
{
	size_t blanks = table->width[at] - display_width(text);
	bool left = table->column[at]->left;

	pad(out, gap(table, at) + (left ? 0 : blanks), ' ');
	fputs(text, out);
	if (left && at + 1 < table->count)
		pad(out, blanks, ' ');
}

static void put_line(FILE *out, struct table *table, const struct line *line)
{
	char cell[CELL_LEN];

	for (size_t i = 0; i < table->count; i++) {
		write_cell(cell, table->column[i], line);
		put_cell(out, table, i, cell);
	}
	fputc('\n', out);
}

/* The names of the groups, each in the middle of a line over its columns. */
static void put_groups(FILE *out, const struct table *table)
{
	size_t blanks = 0, next;

	for (size_t at = 0; at < table->count; at = next) {
		const char *name = table->column[at]->group;
		size_t width = group_width(table, at, &next), dashes;

		blanks += gap(table, at);
		if (!name) {
			blanks += width;
			continue;
		}
		dashes = width - strlen(name);
		pad(out, blanks, ' ');
		pad(out, dashes / 2, '-');
		fputs(name, out);
		pad(out, dashes - dashes / 2, '-');
		blanks = 0;
	}
	fputc('\n', out);
}

static void put_headings(FILE *out, const struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		put_cell(out, table, i, table->column[i]->heading);
	fputc('\n', out);
}

/* Chooses the columns of @table, each as wide as its headings at least. */
static void choose_columns(struct table *table)
{
	size_t next;

	for (size_t i = 0; i < LENGTH(columns); i++) {
		if (!(columns[i].where & table->where))
			continue;
		table->width[table->count] = strlen(columns[i].heading);
		table->column[table->count++] = &columns[i];
	}
	for (size_t at = 0; at < table->count; at = next) {
		const char *name = table->column[at]->group;
		size_t width = group_width(table, at, &next);

		if (name && width < strlen(name))
			table->width[at] += strlen(name) - width;
	}
}

/* Writes the table of the rows that belong to @where; nothing without any. */
static int put_table(FILE *out, const struct report *report, unsigned int where)
{
	struct table table = {.report = report, .where = where};
	size_t count = 0;
	int err;

	for (size_t i = 0; i < report->rows.count; i++)
		count += is_in(&table, &report->rows.row[i]);
	if (!count)
		return 0;
	choose_columns(&table);
	err = each_line(out, &table, widen);
	if (err)
		return err;
	fputc('\n', out);
	put_groups(out, &table);
	put_headings(out, &table);
	return each_line(out, &table, put_line);
}

static void put_name(FILE *out, const char *name)
{
	char clean[CELL_LEN];

	fputs(text_escape(clean, sizeof(clean), name, strlen(name)), out);
}

static void put_header(FILE *out, const struct report *report)
{
	static const char *const by[] = {"task", "process", "comm", "cgroup"};
	char window[TEXT_DURATION_LEN], time[64];
	struct tm local;

	if (!localtime_r(&report->time.tv_sec, &local) ||
	    !strftime(time, sizeof(time), "%Y-%m-%d %H:%M:%S %z", &local))
		time[0] = '\0';
	fputs("dwell ", out);
	put_name(out, report->version);
	fputs(" on ", out);
	put_name(out, report->host);
	fputs(", Linux ", out);
	put_name(out, report->kernel);
	fprintf(out, ", %u CPU%s, %s\n", report->cpus, report->cpus == 1 ? "" : "s", time);
	fprintf(out, "%s by %s: %" PRIu64 " live and %" PRIu64 " exited tasks",
		text_duration(window, report->window_end - report->window_start),
		by[report->view.by], model_live_tasks(report->model),
		model_exited_tasks(report->model));
	if (report->filters) {
		fputs(", filter: ", out);
		put_name(out, report->filters);
	}
	fputc('\n', out);
}

static void put_losses(FILE *out, const struct report *report)
{
	static const char *const meanings[] = {
#define X(id, name, text) [DWELL_LOSS_##id] = text " (" name ")",
		DWELL_LOSS_LIST(X)
#undef X
	};
	char count[TEXT_DURATION_LEN];
	bool lost = false;

	for (int i = 0; i < DWELL_LOSSES; i++) {
		if (!report_loss(report, i))
			continue;
		fprintf(out, "lost: %s %s\n", text_count(count, report_loss(report, i)),
			meanings[i]);
		lost = true;
	}
	if (!lost)
		fputs("nothing lost\n", out);
}

/* "outliers: 12 runqueue, 1 blocked", and which of them were not shown, and why. */
static void put_outlier_counts(FILE *out, const struct report *report, const char *heading,
			       uint64_t (*count)(const struct dwell_outlier_counts *counts))
{
	char text[TEXT_DURATION_LEN];
	const char *before = heading;

	for (int i = 0; i < DWELL_MEASURES; i++) {
		uint64_t number = count(&report->outliers[i]);

		if (i == DWELL_PREEMPTED) /* together with those after a wake-up */
			continue;
		if (i == DWELL_WOKEN)
			number += count(&report->outliers[DWELL_PREEMPTED]);
		if (!number)
			continue;
		fprintf(out, "%s%s %s", before, text_count(text, number), outlier_kind(i));
		before = ", ";
	}
	if (before != heading)
		fputc('\n', out);
}

static uint64_t reported(const struct dwell_outlier_counts *counts)
{
	return counts->reported;
}

static uint64_t suppressed(const struct dwell_outlier_counts *counts)
{
	return counts->suppressed;
}

static uint64_t lost(const struct dwell_outlier_counts *counts)
{
	return counts->lost;
}

void sink_table_footer(FILE *out, const struct report *report)
{
	const struct overhead *overhead = &report->overhead;

	if (report->outliers) {
		put_outlier_counts(out, report, "outliers: ", reported);
		put_outlier_counts(out, report,
				   "more of the same, by their rate not shown: ", suppressed);
		put_outlier_counts(out, report, "lost, the ring buffer was full: ", lost);
	}
	put_losses(out, report);
	if (report->hidden_tasks)
		fprintf(out, "%" PRIu64 " tasks are hidden by the kernel and not listed\n",
			report->hidden_tasks);
	fputs("cost: ", out);
	if (overhead->bpf_measured)
		fprintf(out, "BPF %.2f %% of the machine, %.0f ns an event",
			overhead->bpf_cpu_ratio * 100, overhead->bpf_ns_per_event);
	else
		fputs("BPF not measured", out);
	fprintf(out, "; user %.2f %%; RSS %.1f MB\n", overhead->user_cpu_ratio * 100,
		(double)overhead->rss_bytes / 1e6);
}

static int put_worst(FILE *out, const struct report *report)
{
	int err = 0;

	if (!report->worst || !report->worst->count)
		return 0;
	fputs("\nOUT OF THE ORDINARY (dwell outliers shows all, as they come)\n", out);
	for (size_t i = 0; i < report->worst->count && !err; i++)
		err = outlier_print(out, &report->worst->outlier[i], &report->names, &report->clock,
				    false);
	return err;
}

int sink_table(FILE *out, const struct report *report)
{
	int err;

	put_header(out, report);
	err = put_table(out, report, BY(report->view.by));
	if (!err)
		err = put_table(out, report, KERNEL_TIMERS);
	if (err)
		return err;
	err = put_worst(out, report);
	if (err)
		return err;
	fputc('\n', out);
	if (report->rows.hidden)
		fprintf(out, "… %zu more rows: -n 0 shows all\n", report->rows.hidden);
	sink_table_footer(out, report);
	return sink_flush(out);
}
