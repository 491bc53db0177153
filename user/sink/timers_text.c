/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger of timers as a table: who arms them, whether they grow, and where they are armed. */
#include "base/output.h"
#include "base/saturate.h"
#include "base/text.h"
#include "findings/stack.h"
#include "model/timer_column.h"
#include "sink/cell.h"
#include "sink/frame_text.h"
#include "sink/stack_text.h"
#include "sink/table.h"
#include "sink/timers.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define INDENT "    "

struct line {
	const struct report *report;
	const struct timer_row *row;
};

/* ---- the table ------------------------------------------------------------ */

/* What is written in the place of an owner's name; NULL: the owner has its own. */
static const char *lump_name(const struct timer_row *row)
{
	return row->kernel    ? "kernel" :
	       row->unowned   ? "(unknown)" :
	       row->remainder ? "(exited)" :
				NULL;
}

/* Writes the owner's id or name; several owners together have a name but no id. */
static void write_owner(char *cell, const struct line *line, const struct column *column)
{
	const char *lump = lump_name(line->row);
	struct value value;

	if (lump && column->type != COLUMN_ID)
		cell_text(cell, lump);
	if (lump)
		return;
	timer_value(column, line->row, &value);
	if (column->type == COLUMN_COMM)
		cell_comm(cell, line->row->comm);
	else if (column->type == COLUMN_CGROUP)
		cell_cgroup(cell, line->report, line->row->cgroup);
	else
		cell_value(cell, column, &value, line->report);
}

static void write_api(char *cell, const struct line *line)
{
	text_escape(cell, CELL_LEN, line->row->api, sizeof(line->row->api));
}

static void write_cell(char *cell, struct line *line, const struct column *column)
{
	struct value value;

	if (!report_timer_measured(line->report, line->row, column->figures))
		return;
	switch (column->type) {
	case COLUMN_ID:
	case COLUMN_COMM:
	case COLUMN_CGROUP:
		write_owner(cell, line, column);
		break;
	case COLUMN_API:
		write_api(cell, line);
		break;
	default:
		timer_value(column, line->row, &value);
		if (!value.none)
			cell_value(cell, column, &value, line->report);
	}
}

static void put_table(FILE *out, const struct report *report)
{
	const struct timer_rows *rows = &report->timers;
	struct line line = {.report = report};
	struct table table = {.write = write_cell};

	table_choose(&table, timer_columns, timer_columns_count, 1U << report->timer_view.by);
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

/* Writes what identifies @line in the view: "4711 leaky (api timerfd, timerfd_tmrproc)". */
static void put_subject(FILE *out, struct line *line)
{
	const char *separator = "", *end = "";
	char cell[CELL_LEN] = "";

	for (size_t i = 0; i < timer_columns_count; i++) {
		const struct column *column = &timer_columns[i];

		if (!(column->shown & 1U << line->row->by) || !column_ascends(column) ||
		    column->type == COLUMN_API)
			continue;
		cell[0] = '\0';
		write_owner(cell, line, column);
		put_word(out, cell, &separator);
	}
	if (separator[0]) {
		fputs(" (", out);
		end = ")";
	}
	write_api(cell, line);
	fprintf(out, "api %s", cell);
	cell[0] = '\0';
	if (line->row->function)
		cell_callback(cell, line->report, line->row->function);
	fprintf(out, "%s%s%s", cell[0] ? ", " : "", cell, end);
}

/* Writes a number of timers without decimals, which would mean nothing. */
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

static void put_leak(FILE *out, struct line *line)
{
	const struct growth *growth = &line->row->outstanding;
	char by[CELL_LEN], from[CELL_LEN], to[CELL_LEN];

	put_subject(out, line);
	fprintf(out, ": outstanding grows by %s a second, from %s to %s\n",
		cell_amount(by, growth->per_s), whole(from, growth->from), whole(to, growth->to));
}

/* Tells of a faster arming rate: no leak, as the timers do not stay armed. */
static void put_faster(FILE *out, struct line *line)
{
	const struct growth *growth = &line->row->rate;
	char by[CELL_LEN], from[CELL_LEN], to[CELL_LEN];

	put_subject(out, line);
	fprintf(out, ": arming rate grows by %s/s each second, from %s/s to %s/s\n",
		cell_amount(by, growth->per_s), cell_amount(from, growth->from),
		cell_amount(to, growth->to));
}

/* Writes a line for each row that grows, and one for the leaks that the table leaves out. */
static void put_growths(FILE *out, const struct report *report)
{
	const struct timer_rows *rows = &report->timers;
	size_t shown = 0;

	for (size_t i = 0; i < rows->count; i++) {
		struct line line = {report, &rows->row[i]};

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

/* Writes "how many timers of sleeps, of programs are outstanding was not measured: …". */
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

/* Says why growth is not known: the window was too short, or the kernel refused a figure. */
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

/* Writes where each row's timers are armed, if that was asked for. */
static void put_sites(FILE *out, const struct report *report)
{
	for (size_t i = 0; i < report->timers.count && !ferror(out); i++) {
		struct line line = {report, &report->timers.row[i]};

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
