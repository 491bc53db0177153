// SPDX-License-Identifier: GPL-2.0-only
/* Who created the timers of a Go process as text: a line for each stack, which stands below it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/output.h"
#include "base/text.h"
#include "sink/go_sites.h"

#define NAME_LEN 1024
#define INDENT "           "

static void put_name(FILE *out, const char *name)
{
	char harmless[NAME_LEN];

	fputs(text_escape(harmless, sizeof(harmless), name, strlen(name)), out);
}

/* ---- rows ------------------------------------------------------------------------- */

static int put_frame(void *context, uint64_t pc, const struct go_frame *frame)
{
	FILE *out = context;

	/* It stands at the end of each stack. */
	if (frame && frame->function && !strcmp(frame->function, "runtime.goexit"))
		return 0;
	fputs(INDENT, out);
	if (frame && frame->function)
		put_name(out, frame->function);
	else
		fprintf(out, "0x%" PRIx64, pc);
	if (frame && frame->file) {
		fputs("  ", out);
		put_name(out, frame->file);
		fprintf(out, ":%" PRIu32, frame->line);
	}
	fputc('\n', out);
	return 0;
}

static void put_count(FILE *out, uint64_t count)
{
	char text[TEXT_DURATION_LEN];

	fprintf(out, " %8s", text_count(text, count));
}

static void put_counts(FILE *out, const struct go_sites_report *report,
		       const struct go_sites_row *row)
{
	put_count(out, row->live);
	put_count(out, row->created);
	put_count(out, row->stopped);
	put_count(out, row->reset);
	put_count(out, row->fired);
	if (report->reconciled)
		put_count(out, row->dropped);
	else
		fprintf(out, " %8s", "-");
}

static void put_row(FILE *out, const struct go_sites_report *report, const struct go_sites_row *row)
{
	char period[TEXT_DURATION_LEN], age[TEXT_DURATION_LEN];

	put_counts(out, report, row);
	if (row->key.period_ns)
		fprintf(out, "  each %s", text_duration(period, row->key.period_ns));
	else
		fputs("  once", out);
	if (row->live)
		fprintf(out, ", oldest %s", text_duration(age, row->oldest_ns));
	fputc('\n', out);
	go_sites_stack(report, row, put_frame, out);
}

static void put_table(FILE *out, const struct go_sites_report *report)
{
	fprintf(out, " %8s %8s %8s %8s %8s %8s  PERIOD, CREATED BY\n", "LIVE", "CREATED", "STOPPED",
		"RESET", "FIRED", "DROPPED");
	for (size_t i = 0; i < report->rows && !ferror(out); i++)
		put_row(out, report, &report->row[i]);
	if (report->hidden)
		fprintf(out, "%zu more row%s not shown\n", report->hidden,
			report->hidden == 1 ? " is" : "s are");
	if (report->rows + report->hidden > 1) {
		put_counts(out, report, &report->total);
		fputs("  in all\n", out);
	}
	if (report->total.dropped)
		fputs("dropped: armed, but nobody waits for them: in no heap, so that they cost "
		      "nothing\n",
		      out);
}

/* ---- lateness ----------------------------------------------------------------------- */

#define PER_LINE 6 /* buckets: two octaves, so that a line is four times the one before it */
#define LINES ((DWELL_BUCKETS + PER_LINE - 2) / PER_LINE + 1)

/* The first bucket of a line. */
static uint32_t first_bucket(uint32_t line)
{
	return line ? 1 + (line - 1) * PER_LINE : 0;
}

static void fill_lines(const struct dist *dist, uint64_t line[LINES])
{
	for (uint32_t i = 0; i < dist->used; i++) {
		const struct dist_cell *cell = &dist->cells[i];

		line[cell->bucket ? (cell->bucket - 1) / PER_LINE + 1 : 0] += cell->count;
	}
}

static void put_lines(FILE *out, const uint64_t go[LINES], const uint64_t kernel[LINES],
		      bool has_kernel)
{
	uint32_t first = LINES, last = 0;
	char text[TEXT_DURATION_LEN];

	for (uint32_t i = 0; i < LINES; i++)
		if (go[i] || kernel[i]) {
			first = i < first ? i : first;
			last = i;
		}
	for (uint32_t i = first; i <= last && first < LINES; i++) {
		fprintf(out, "  from %6s", text_duration(text, dist_bucket_start(first_bucket(i))));
		put_count(out, go[i]);
		if (has_kernel)
			put_count(out, kernel[i]);
		fputc('\n', out);
	}
}

/* Of no timer there is no lateness. */
static const char *percentile(char text[TEXT_DURATION_LEN], const struct dist *dist,
			      unsigned int per_mille)
{
	return dist->used ? text_duration(text, dist_percentile(dist, per_mille)) : "-";
}

static void put_percentile(FILE *out, const char *name, const struct dist *go,
			   const struct dist *kernel, unsigned int per_mille)
{
	char text[TEXT_DURATION_LEN];

	fprintf(out, "  %-11s %8s", name, percentile(text, go, per_mille));
	if (kernel)
		fprintf(out, " %8s", percentile(text, kernel, per_mille));
	fputc('\n', out);
}

static void put_lateness(FILE *out, const struct go_sites_report *report)
{
	const struct dist *kernel = report->has_kernel ? &report->kernel : NULL;
	uint64_t go_line[LINES] = {0}, kernel_line[LINES] = {0};

	if (!report->lateness.used && !(kernel && kernel->used))
		return;
	fill_lines(&report->lateness, go_line);
	if (kernel)
		fill_lines(kernel, kernel_line);
	fprintf(out, "\nTIMERS LATE  as of Go%s\n", kernel ? "  kernel" : "");
	put_lines(out, go_line, kernel_line, kernel);
	put_percentile(out, "p50", &report->lateness, kernel, 500);
	put_percentile(out, "p99", &report->lateness, kernel, 990);
	put_percentile(out, "max", &report->lateness, kernel, 1000);
}

/* ---- the end ------------------------------------------------------------------------ */

static void put_others(FILE *out, const struct go_site_counts *others)
{
	char stopped[TEXT_DURATION_LEN], reset[TEXT_DURATION_LEN], fired[TEXT_DURATION_LEN];

	if (others->stopped || others->reset || others->fired)
		fprintf(out,
			"other timers, older ones, Sleep and deadlines: %s stopped, %s reset, "
			"%s fired\n",
			text_count(stopped, others->stopped), text_count(reset, others->reset),
			text_count(fired, others->fired));
}

static void put_losses(FILE *out, const struct go_sites_report *report)
{
	static const char *const meanings[] = {
#define X(id, name, text) [GO_SITES_LOSS_##id] = text " (" name ")",
		GO_SITES_LOSS_LIST(X)
#undef X
	};
	char count[TEXT_DURATION_LEN];
	bool lost = false;

	for (int i = 0; i < GO_SITES_LOSSES; i++) {
		if (!report->lost[i])
			continue;
		fprintf(out, "lost: %s %s\n", text_count(count, report->lost[i]), meanings[i]);
		lost = true;
	}
	if (!lost)
		fputs("nothing lost\n", out);
}

static void put_cost(FILE *out, const struct go_sites_report *report)
{
	char hits[TEXT_DURATION_LEN];

	fprintf(out, "cost: %s calls met one of %zu probes", text_count(hits, report->hits),
		report->probes);
	if (report->trap_ns > 0 && report->run_ns > 0)
		fprintf(out,
			": %.2f %% of a CPU\n  each %.0f ns longer: %.0f ns by the probe, %.0f ns "
			"to count",
			go_sites_cpu(report) * 100, report->trap_ns + report->run_ns,
			report->trap_ns, report->run_ns);
	fputc('\n', out);
}

static void put_header(FILE *out, const struct go_sites_report *report)
{
	char window[TEXT_DURATION_LEN];

	fprintf(out, "%" PRIu32 " ", report->pid);
	put_name(out, report->comm);
	fputs(", ", out);
	put_name(out, report->version);
	fprintf(out, ": timers created within %s", text_duration(window, report->window_ns));
	if (report->end == GO_SITES_END_GUARD)
		fprintf(out, ", ended early: more than %" PRIu64 " calls a second", report->limit);
	else if (report->end == GO_SITES_END_EXITED)
		fputs(", then the process exited", out);
	fputs("\n\n", out);
}

int go_sites_text(FILE *out, const struct go_sites_report *report)
{
	put_header(out, report);
	if (report->rows)
		put_table(out, report);
	else
		fputs("none\n", out);
	put_lateness(out, report);
	fputc('\n', out);
	put_others(out, &report->others);
	put_losses(out, report);
	put_cost(out, report);
	return ferror(out) ? output_flush(out) : 0;
}
