/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger of timers as a table: who arms what, whether it grows, and where it is armed. */
#include "base/output.h"
#include "base/saturate.h"
#include "base/text.h"
#include "findings/stack.h"
#include "sink/cell.h"
#include "sink/frame_text.h"
#include "sink/stack_text.h"
#include "sink/table.h"
#include "sink/timers.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NS_PER_S 1e9
#define INDENT "    "

struct line {
	const struct report *report;
	const struct timer_row *row;
};

#define BY(by) (1U << (by))
#define BY_TASK BY(TIMER_BY_TASK)
#define BY_PROCESS BY(TIMER_BY_PROCESS)
#define BY_NAME (BY_TASK | BY_PROCESS | BY(TIMER_BY_COMM))
#define BY_CGROUP BY(TIMER_BY_CGROUP)
#define BY_CALLBACK BY(TIMER_BY_CALLBACK)
#define BY_CALLED (BY_NAME | BY_CGROUP | BY_CALLBACK)
#define BY_ANY (BY_CALLED | BY(TIMER_BY_API))

/* ---- whose ---------------------------------------------------------------- */

/* What stands for an owner who has no name of its own; NULL: it has one. */
static const char *lump_name(const struct timer_row *row)
{
	return row->kernel    ? "kernel" :
	       row->unowned   ? "(unknown)" :
	       row->remainder ? "(exited)" :
				NULL;
}

static void write_id(char *cell, const struct line *line, int what)
{
	const struct timer_row *row = line->row;

	if (!lump_name(row))
		cell_number(cell, what == TIMER_BY_TASK ? row->tid : row->pid);
}

static void write_comm(char *cell, const struct line *line, int what)
{
	const char *lump = lump_name(line->row);

	(void)what;
	if (lump)
		cell_text(cell, lump);
	else
		cell_comm(cell, line->row->comm);
}

static void write_cgroup(char *cell, const struct line *line, int what)
{
	const char *lump = lump_name(line->row);

	(void)what;
	if (lump)
		cell_text(cell, lump);
	else
		cell_cgroup(cell, line->report, line->row->cgroup);
}

static void write_api(char *cell, const struct line *line, int what)
{
	(void)what;
	text_escape(cell, CELL_LEN, line->row->api, sizeof(line->row->api));
}

static void write_callback(char *cell, const struct line *line, int what)
{
	(void)what;
	if (line->row->function)
		cell_callback(cell, line->report, line->row->function);
}

/* ---- what was counted ----------------------------------------------------- */

static void write_armed(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_timer_measured(line->report, line->row, FIGURE_ARMED))
		cell_rate(cell, line->row->timers.armed, line->report);
}

static void write_rearmed(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_timer_measured(line->report, line->row, FIGURE_REARMED))
		cell_rate(cell, line->row->timers.rearmed, line->report);
}

static void write_cancelled(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_timer_measured(line->report, line->row, FIGURE_CANCELLED))
		cell_rate(cell, line->row->timers.cancelled, line->report);
}

static void write_fired(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_timer_measured(line->report, line->row, FIGURE_EXPIRED))
		cell_rate(cell, line->row->timers.expired, line->report);
}

static void write_outstanding(char *cell, const struct line *line, int what)
{
	(void)what;
	if (report_timer_measured(line->report, line->row, FIGURE_OUTSTANDING))
		cell_count(cell, line->row->timers.outstanding);
}

static void write_oldest(char *cell, const struct line *line, int what)
{
	(void)what;
	if (line->row->oldest_ns &&
	    report_timer_measured(line->report, line->row, FIGURE_OUTSTANDING))
		cell_duration(cell, line->row->oldest_ns);
}

static void write_timeout(char *cell, const struct line *line, int per_mille)
{
	if (report_timer_measured(line->report, line->row, FIGURE_TIMEOUT))
		cell_percentile(cell, &line->row->timeout, (unsigned int)per_mille);
}

/* On average, of each expiry: "48us/50us". */
static void write_slack(char *cell, const struct line *line, int what)
{
	const struct timer_row *row = line->row;
	uint64_t count = dist_count(&row->lateness);
	char used[TEXT_DURATION_LEN], granted[TEXT_DURATION_LEN];

	(void)what;
	if (row->wheel || !count || !row->slack_granted ||
	    !report_timer_measured(line->report, row, FIGURE_LATENESS))
		return;
	snprintf(cell, CELL_LEN, "%s/%s", text_duration(used, row->slack_used / count),
		 text_duration(granted, row->slack_granted / count));
}

static bool has_lateness(const struct line *line)
{
	return !line->row->wheel && report_timer_measured(line->report, line->row, FIGURE_LATENESS);
}

static void write_late_p99(char *cell, const struct line *line, int what)
{
	(void)what;
	if (has_lateness(line))
		cell_percentile(cell, &line->row->lateness, 990);
}

static void write_late_max(char *cell, const struct line *line, int what)
{
	(void)what;
	if (has_lateness(line))
		cell_max(cell, &line->row->lateness);
}

static void write_woke(char *cell, const struct line *line, int what)
{
	const struct timer_row *row = line->row;

	(void)what;
	if (!report_timer_measured(line->report, row, FIGURE_WOKE) ||
	    !report_timer_measured(line->report, row, FIGURE_EXPIRED))
		return;
	if (row->timers.expired && !row->woke)
		cell_text(cell, "0");
	else if (row->timers.expired)
		cell_decimal(cell, (double)row->woke / (double)row->timers.expired * 100);
}

/* Most callbacks take so little that a second decimal is needed to tell them apart. */
static void write_cpu(char *cell, const struct line *line, int what)
{
	double percent =
		(double)line->row->callback_ns / NS_PER_S / report_seconds(line->report) * 100;

	(void)what;
	if (!report_timer_measured(line->report, line->row, FIGURE_CALLBACK))
		return;
	if (percent >= 0.995)
		cell_decimal(cell, percent);
	else if (percent >= 0.005)
		snprintf(cell, CELL_LEN, "%.2f", percent);
	else if (percent > 0)
		cell_text(cell, "<0.01");
}

/* ---- what grows ----------------------------------------------------------- */

/* Writes @value with a decimal as far as it is small. Returns @text. */
static char *decimal(char text[CELL_LEN], double value)
{
	text[0] = '\0';
	cell_decimal(text, value);
	if (!text[0])
		cell_text(text, "0");
	return text;
}

/* The same of a number of timers, where a decimal means nothing. */
static char *whole(char text[CELL_LEN], double value)
{
	char count[TEXT_DURATION_LEN];

	cell_text(text, text_count(count, saturating_round(value)));
	return text;
}

static bool outstanding_grows(const struct line *line)
{
	return line->row->outstanding.grows &&
	       report_timer_measured(line->report, line->row, FIGURE_OUTSTANDING);
}

static bool rate_grows(const struct line *line)
{
	return line->row->rate.grows &&
	       report_timer_measured(line->report, line->row, FIGURE_ARMED);
}

/* "+1.0/s": so many more are outstanding each second. */
static void write_leak(char *cell, const struct line *line, int what)
{
	char text[CELL_LEN];

	(void)what;
	if (outstanding_grows(line))
		snprintf(cell, CELL_LEN, "+%.32s/s", decimal(text, line->row->outstanding.per_s));
}

/* "+37/s": so many more are armed in each second than in the one before. */
static void write_faster(char *cell, const struct line *line, int what)
{
	char text[CELL_LEN];

	(void)what;
	if (rate_grows(line))
		snprintf(cell, CELL_LEN, "+%.32s/s", decimal(text, line->row->rate.per_s));
}

/* ---- the table ------------------------------------------------------------ */

/* Groups of columns: the same address is the same group. */
static const char TIMERS[] = "TIMERS", TIMEOUT[] = "TIMEOUT", SLACK[] = "SLACK",
		  LATENESS[] = "LATENESS", CALLBACK[] = "CALLBACK", GROWS[] = "GROWS";

static const struct table_column columns[] = {
	{BY_PROCESS, NULL, "PID", write_id, TIMER_BY_PROCESS, TABLE_RIGHT},
	{BY_TASK, NULL, "TID", write_id, TIMER_BY_TASK, TABLE_RIGHT},
	{BY_NAME, NULL, "COMM", write_comm, 0, TABLE_LEFT},
	{BY_ANY, NULL, "API", write_api, 0, TABLE_LEFT},
	{BY_CALLED, NULL, "CALLBACK", write_callback, 0, TABLE_LEFT},
	{BY_ANY, TIMERS, "armed/s", write_armed, 0, TABLE_RIGHT},
	{BY_ANY, TIMERS, "re-arm/s", write_rearmed, 0, TABLE_RIGHT},
	{BY_ANY, TIMERS, "cancel/s", write_cancelled, 0, TABLE_RIGHT},
	{BY_ANY, TIMERS, "fired/s", write_fired, 0, TABLE_RIGHT},
	{BY_ANY, TIMERS, "out", write_outstanding, 0, TABLE_RIGHT},
	{BY_ANY, TIMERS, "oldest", write_oldest, 0, TABLE_RIGHT},
	{BY_ANY, TIMEOUT, "p50", write_timeout, 500, TABLE_RIGHT},
	{BY_ANY, TIMEOUT, "p99", write_timeout, 990, TABLE_RIGHT},
	{BY_ANY, SLACK, "used", write_slack, 0, TABLE_RIGHT},
	{BY_ANY, LATENESS, "p99", write_late_p99, 0, TABLE_RIGHT},
	{BY_ANY, LATENESS, "max", write_late_max, 0, TABLE_RIGHT},
	{BY_ANY, CALLBACK, "woke%", write_woke, 0, TABLE_RIGHT},
	{BY_ANY, CALLBACK, "CPU%", write_cpu, 0, TABLE_RIGHT},
	{BY_ANY, GROWS, "out", write_leak, 0, TABLE_REMARK},
	{BY_ANY, GROWS, "armed/s", write_faster, 0, TABLE_REMARK},
	{BY_CGROUP, NULL, "CGROUP", write_cgroup, 0, TABLE_LEFT},
};

_Static_assert(LENGTH(columns) <= TABLE_COLUMNS_MAX, "a table has no room for all columns");

static void put_table(FILE *out, const struct report *report)
{
	const struct timer_rows *rows = &report->timers;
	struct line line = {.report = report};
	struct table table;

	table_choose(&table, columns, LENGTH(columns), BY(report->timer_view.by));
	for (size_t i = 0; i < rows->count; i++) {
		line.row = &rows->row[i];
		table_widen(&table, &line);
	}
	table_put_headings(out, &table);
	for (size_t i = 0; i < rows->count && !ferror(out); i++) {
		line.row = &rows->row[i];
		table_put_line(out, &table, &line);
	}
}

/* ---- beneath it ------------------------------------------------------------- */

static void put_word(FILE *out, const char *word, const char **separator)
{
	if (!word[0])
		return;
	fprintf(out, "%s%s", *separator, word);
	*separator = " ";
}

/* "4711 leaky (api timerfd, timerfd_tmrproc)": what the view tells @line from others by. */
static void put_subject(FILE *out, const struct line *line)
{
	unsigned int by = BY(line->row->by);
	const char *separator = "", *end = "";
	char cell[CELL_LEN] = "";

	if (by & (BY_TASK | BY_PROCESS))
		write_id(cell, line, (int)line->row->by);
	put_word(out, cell, &separator);
	cell[0] = '\0';
	if (by & BY_NAME)
		write_comm(cell, line, 0);
	else if (by & BY_CGROUP)
		write_cgroup(cell, line, 0);
	put_word(out, cell, &separator);
	if (separator[0]) {
		fputs(" (", out);
		end = ")";
	}
	write_api(cell, line, 0);
	fprintf(out, "api %s", cell);
	cell[0] = '\0';
	write_callback(cell, line, 0);
	fprintf(out, "%s%s%s", cell[0] ? ", " : "", cell, end);
}

static void put_leak(FILE *out, const struct line *line)
{
	const struct growth *growth = &line->row->outstanding;
	char by[CELL_LEN], from[CELL_LEN], to[CELL_LEN];

	put_subject(out, line);
	fprintf(out, ": outstanding grows by %s a second, from %s to %s\n",
		decimal(by, growth->per_s), whole(from, growth->from), whole(to, growth->to));
}

/* No leak: more is to do, and all of it is done with. */
static void put_faster(FILE *out, const struct line *line)
{
	const struct growth *growth = &line->row->rate;
	char by[CELL_LEN], from[CELL_LEN], to[CELL_LEN];

	put_subject(out, line);
	fprintf(out, ": arming rate grows by %s/s each second, from %s/s to %s/s\n",
		decimal(by, growth->per_s), decimal(from, growth->from), decimal(to, growth->to));
}

/* A line for each row that grows, and one for the leaks that the table has no room for. */
static void put_growths(FILE *out, const struct report *report)
{
	const struct timer_rows *rows = &report->timers;
	size_t shown = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct line line = {report, &rows->row[i]};

		if (outstanding_grows(&line))
			put_leak(out, &line);
		if (rate_grows(&line))
			put_faster(out, &line);
		shown += timer_row_leaks(line.row);
	}
	if (rows->grown > shown && !report->timer_view.leaks)
		fprintf(out, "leaks not shown: %zu (dwell timers --leaks shows only such)\n",
			rows->grown - shown);
	if (rows->faster && report->timer_view.leaks)
		fprintf(out,
			"no leak, but an arming rate that grows: %zu (dwell timers -s growth "
			"shows them)\n",
			rows->faster);
}

/* "how many timers of sleeps, of programs are outstanding was not measured: …" */
static void put_unmeasured(FILE *out, const struct report *report)
{
	static const char *const owners[] = {
		[DWELL_TIMER_KERNEL] = "of the kernel",
		[DWELL_TIMER_SLEEP] = "of sleeps",
		[DWELL_TIMER_USER] = "of programs",
		[DWELL_TIMER_WHEEL] = "of the timer wheel",
	};
	const char *separator = "how many timers ";

	for (size_t i = 0; i < LENGTH(owners); i++) {
		if (!(timer_unmeasured(&report->unmeasured, i) & FIGURE_OUTSTANDING))
			continue;
		fprintf(out, "%s%s", separator, owners[i]);
		separator = ", ";
	}
	fputs(" are outstanding was not measured: which of them leak is not known\n", out);
}

/* What of the table a short window, or what the kernel refused, leaves open. */
static void put_unjudged(FILE *out, const struct report *report)
{
	const struct timer_rows *rows = &report->timers;

	if (report_judged(report))
		return;
	if (timer_rows_judged(rows)) {
		put_unmeasured(out, report);
		return;
	}
	fprintf(out,
		"the window was too short to tell what grows: looked at %zu time%s, once a second, "
		"and %d are needed (-d 10 is enough)\n",
		rows->samples, rows->samples == 1 ? "" : "s", GROWTH_SAMPLES);
}

static void put_hints(FILE *out, const struct report *report)
{
	const struct timer_rows *rows = &report->timers;
	char text[TEXT_DURATION_LEN];
	uint64_t before = 0;

	for (size_t i = 0; i < rows->count; i++)
		before += rows->row[i].before;
	if (before)
		fprintf(out, "%s expiries and cancels were of timers armed before dwell started\n",
			text_count(text, before));
	if (rows->hidden)
		fprintf(out, "… %zu more rows of timers: -n 0 shows all\n", rows->hidden);
}

static void put_site(FILE *out, const struct line *line, const struct timer_site *site)
{
	struct stack kernel = stack_of_kernel(site->stack, site->depth);
	struct stack user = stack_of_user(site->user_stack, site->user_depth, site->pid);
	char samples[TEXT_DURATION_LEN];

	if (line->row->site_samples)
		fprintf(out, INDENT "%.0f %% of %s samples\n",
			100 * (double)site->samples / (double)line->row->site_samples,
			text_count(samples, line->row->site_samples));
	stack_print(out, &kernel, &line->report->naming, INDENT INDENT, "armed at");
	stack_print(out, &user, &line->report->naming, INDENT INDENT, "called from");
}

/* Where the timers of each row are armed, as far as that was asked for. */
static void put_sites(FILE *out, const struct report *report)
{
	for (size_t i = 0; i < report->timers.count && !ferror(out); i++) {
		const struct line line = {report, &report->timers.row[i]};

		if (!line.row->sites)
			continue;
		fputc('\n', out);
		put_subject(out, &line);
		fputs(" is armed from:\n", out);
		for (size_t j = 0; j < line.row->sites; j++)
			put_site(out, &line, &line.row->site[j]);
	}
}

int timers_text_rows(FILE *out, const struct report *report)
{
	fputc('\n', out);
	if (report->timers.count)
		put_table(out, report);
	else if (report->timer_view.leaks && report_judged(report))
		fputs("nothing was seen to keep growing\n", out);
	else if (!report->timer_view.leaks)
		fputs("no timer was armed, cancelled or fired, and none is outstanding\n", out);
	put_growths(out, report);
	put_unjudged(out, report);
	put_hints(out, report);
	put_sites(out, report);
	return ferror(out) ? output_flush(out) : 0;
}

int timers_text(FILE *out, const struct report *report)
{
	char by[32];
	int err;

	snprintf(by, sizeof(by), "of timers by %s", report_by_name(report->timer_view.by));
	frame_text_header(out, report, by);
	err = timers_text_rows(out, report);
	if (err)
		return err;
	fputc('\n', out);
	frame_text_footer(out, report);
	return output_flush(out);
}
