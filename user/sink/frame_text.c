/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of every table: what was measured above it, losses and cost below it. */
#include "sink/frame_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "host/file_message.h"

#define NAME_LEN 1024

/* ---- the beginning ------------------------------------------------------------- */

static void put_name(FILE *out, const char *name)
{
	char clean[NAME_LEN];

	fputs(text_escape(clean, sizeof(clean), name, strlen(name)), out);
}

void frame_text_host(FILE *out, const struct report *report)
{
	struct tm local;
	char time[64];

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
}

void frame_text_header(FILE *out, const struct report *report, const char *what)
{
	char window[TEXT_DURATION_LEN];

	frame_text_host(out, report);
	fprintf(out, "%s %s: %" PRIu64 " live",
		text_duration(window, report->window_end - report->window_start), what,
		report->live_tasks);
	if (report->unmeasured.exits)
		fputs(" tasks, the exited ones not counted", out);
	else
		fprintf(out, " and %" PRIu64 " exited tasks", report->exited_tasks);
	if (report->filters) {
		fputs(", filter: ", out);
		put_name(out, report->filters);
	}
	fputc('\n', out);
}

/* ---- the end ------------------------------------------------------------------ */

/* What the kernel side, the source and the model could not count, by name. False: nothing. */
static bool put_losses(FILE *out, const struct report *report)
{
	static const char *const meanings[] = {
#define X(id, name, text) [DWELL_LOSS_##id] = text " (" name ")",
		DWELL_LOSS_LIST(X)
#undef X
	};
	char count[TEXT_DURATION_LEN];
	bool lost = false;

	for (int i = 0; i < DWELL_LOSSES; i++) {
		if (!report->losses[i])
			continue;
		fprintf(out, "lost: %s %s\n", text_count(count, report->losses[i]), meanings[i]);
		lost = true;
	}
	return lost;
}

/* Counts the addresses in programs that have no name, by reason. */
static void put_unnamed(FILE *out, const uint64_t *unnamed)
{
	static const char *const meanings[] = {
#define X(id, name, text) [FILE_##id] = text " (" name ")",
		FILE_OUTCOME_LIST(X)
#undef X
	};
	char count[TEXT_DURATION_LEN];

	for (int i = FILE_FOUND + 1; i < FILE_OUTCOMES; i++)
		if (unnamed[i])
			fprintf(out, "without a name: %s address%s in programs: %s\n",
				text_count(count, unnamed[i]), unnamed[i] == 1 ? "" : "es",
				meanings[i]);
}

/* Writes @heading and numbers by kind, "outliers: 12 runqueue, 1 blocked"; nothing without any. */
static void put_outlier_counts(FILE *out, const struct report *report, const char *heading,
			       uint64_t (*count)(const struct dwell_outlier_counts *counts))
{
	char text[TEXT_DURATION_LEN];
	const char *before = heading;

	for (int i = 0; i < DWELL_MEASURES; i++) {
		uint64_t number = count(&report->outliers[i]);

		if (i == DWELL_PREEMPTED) /* counted with the waits after a wake-up */
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

static void put_reductions(FILE *out, const struct reductions *reductions)
{
	for (size_t i = 0; reductions && i < reductions->count; i++) {
		const struct reduction *reduction = &reductions->list[i];

		fprintf(out, "without %s (%s): %s\n", reduction->name, reduction_reason(reduction),
			reduction->lost);
	}
}

/* Whether outliers found the ring buffer full: a line of their own says so. */
static bool lost_outliers(const struct report *report)
{
	for (int i = 0; report->outliers && i < DWELL_MEASURES; i++)
		if (report->outliers[i].lost)
			return true;
	return false;
}

void frame_text_footer(FILE *out, const struct report *report)
{
	const struct overhead *overhead = &report->overhead;

	if (report->outliers) {
		put_outlier_counts(out, report, "outliers: ", reported);
		put_outlier_counts(out, report,
				   "more of the same, by their rate not shown: ", suppressed);
		put_outlier_counts(out, report, "lost, the ring buffer was full: ", lost);
	}
	put_reductions(out, report->reductions);
	if (!put_losses(out, report) && !lost_outliers(report))
		fputs("nothing lost\n", out);
	if (report->unnamed)
		put_unnamed(out, report->unnamed);
	if (report->hidden_tasks && report->hidden_tasks != UINT64_MAX)
		fprintf(out, "%" PRIu64 " tasks are hidden by the kernel and not listed\n",
			report->hidden_tasks);
	fputs("cost: ", out);
	if (overhead->bpf_measured)
		fprintf(out, "BPF %.2f %% of the machine, %.0f ns an event",
			overhead->bpf_cpu_ratio * 100, overhead->bpf_ns_per_event);
	else
		fputs("BPF not measured", out);
	fprintf(out, "; user %.2f %%; ", overhead->user_cpu_ratio * 100);
	if (overhead->rss_bytes)
		fprintf(out, "RSS %.1f MB\n", (double)overhead->rss_bytes / 1e6);
	else
		fputs("RSS not known\n", out);
}
