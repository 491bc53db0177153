// SPDX-License-Identifier: GPL-2.0-only
/* The export to Prometheus: what groups do, and how dwell itself fares. */
#include "export/prom.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/output.h"
#include "export/label.h"
#include "export/prom_line.h"
#include "export/prom_private.h"
#include "findings/outlier.h"
#include "sink/report.h"

#define NS_PER_S 1000000000ULL

static void put_losses(FILE *out, const struct prom *prom)
{
	static const char name[] = "dwell_events_lost_total";

	prom_family(out, name, "counter", "What could not be counted, by reason.");
	for (int i = 0; i < DWELL_LOSSES; i++) {
		const struct prom_label label = {"reason", report_loss_name(i)};

		/* A task that is only in its group's sums is no loss to groups. */
		if (i == DWELL_LOSS_TASKS_FOLDED)
			continue;
		prom_series(out, name, "", &label, 1);
		prom_count(out, prom->losses[i]);
	}
}

static uint64_t suppressed(const struct dwell_outlier_counts *counts)
{
	return counts->suppressed;
}

static uint64_t lost(const struct dwell_outlier_counts *counts)
{
	return counts->lost;
}

static void put_outlier_losses(FILE *out, const struct prom *prom, const char *name,
			       const char *help,
			       uint64_t (*value)(const struct dwell_outlier_counts *counts))
{
	prom_family(out, name, "counter", help);
	for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
		const struct prom_label label = {"kind", outlier_kind(i)};
		wide count = value(&prom->outliers[i]);

		if (!prom_is_kind(i))
			continue;
		if (i == DWELL_WOKEN)
			count += value(&prom->outliers[DWELL_PREEMPTED]);
		prom_series(out, name, "", &label, 1);
		prom_count(out, count);
	}
}

static void put_reductions(FILE *out, const struct reductions *reductions)
{
	static const char name[] = "dwell_reduction";

	if (reductions && reductions->count)
		prom_family(
			out, name, "gauge",
			"What is done without, as the kernel or the host refused it; always 1.");
	for (size_t i = 0; reductions && i < reductions->count; i++) {
		const struct prom_label label = {"name", reductions->list[i].name};

		prom_series(out, name, "", &label, 1);
		prom_count(out, 1);
	}
}

static void put_census(FILE *out, const struct series *series)
{
	static const char name[] = "dwell_groups";
	const struct series_census census = series_census(series);
	static const struct prom_label named = {"state", "named"}, folded = {"state", "folded"};

	prom_family(out, name, "gauge",
		    "Groups of tasks that have series of their own, or are among " SERIES_OTHER
		    ".");
	prom_series(out, name, "", &named, 1);
	prom_count(out, census.named);
	prom_series(out, name, "", &folded, 1);
	prom_count(out, census.folded);
	prom_single(out, "dwell_group_admissions_total", "counter",
		    "Groups that were given series of their own.");
	prom_count(out, census.admissions);
	prom_single(out, "dwell_group_evictions_total", "counter",
		    "Groups that lost their series to more active ones.");
	prom_count(out, census.evictions);
}

static void put_cost(FILE *out, const struct prom *prom)
{
	prom_single(out, "dwell_bpf_run_seconds_total", "counter",
		    "Time in programs of the kernel side, estimated from a sample of their runs.");
	prom_seconds(out, prom->bpf_ns);
	prom_single(out, "dwell_bpf_runs_total", "counter",
		    "Runs of programs of the kernel side, counted in the size of the sample.");
	prom_count(out, prom->bpf_runs);
	prom_single(out, "dwell_cpu_seconds_total", "counter", "CPU time of the process.");
	prom_seconds(out, prom->cpu_ns);
	if (prom->rss_bytes) {
		prom_single(out, "dwell_resident_memory_bytes", "gauge",
			    "Resident memory of the process.");
		prom_count(out, prom->rss_bytes);
	}
	if (isfinite(prom->overhead_ratio) && prom->overhead_ratio >= 0) {
		prom_single(out, "dwell_overhead_ratio", "gauge",
			    "Cost of all of it, as a part of the time of all CPUs.");
		prom_seconds(out, (wide)(prom->overhead_ratio * NS_PER_S));
	}
	prom_single(out, "dwell_shed_level", "gauge",
		    "How much is left out to keep the cost down; 0: nothing.");
	prom_count(out, prom->shed_level);
}

static void put_journal(FILE *out, const struct prom *prom)
{
	static const char name[] = "dwell_journal_lost_total";
	static const struct prom_label full = {"reason", "full"}, failed = {"reason", "failed"};

	prom_family(out, name, "counter", "Incidents and messages that the journal did not take.");
	prom_series(out, name, "", &full, 1);
	prom_count(out, prom->journal_full);
	prom_series(out, name, "", &failed, 1);
	prom_count(out, prom->journal_failed);
}

static void put_export(FILE *out, const struct prom *prom)
{
	prom_single(out, "dwell_export_duration_seconds", "gauge",
		    "How long the export before this one took.");
	prom_seconds(out, prom->export_ns);
	prom_single(out, "dwell_export_errors_total", "counter", "Exports that failed.");
	prom_count(out, prom->export_errors);
	prom_single(out, "dwell_last_export_timestamp_seconds", "gauge",
		    "Time of this export, since the epoch.");
	prom_seconds(out, (wide)prom->exported.tv_sec * NS_PER_S + (wide)prom->exported.tv_nsec);
}

static void put_go(FILE *out, const struct prom *prom)
{
	if (!prom->go)
		return;
	if (prom->go_bytes)
		fwrite(prom->go_programs, 1, prom->go_bytes, out);
	prom_go_census(out, prom->go);
}

/* @name may be any bytes. */
static void put_named(FILE *out, const char *family, const char *key, const char *name,
		      uint64_t value)
{
	char clean[LABEL_LEN];
	const struct prom_label label = {key, label_write(clean, name, strlen(name))};

	prom_series(out, family, "", &label, 1);
	prom_count(out, value);
}

static void put_build(FILE *out, const struct prom *prom)
{
	static const char name[] = "dwell_bpf_program_attached";

	prom_family(out, name, "gauge", "Whether a program of the kernel side is attached.");
	for (size_t i = 0; i < prom->nr_programs; i++)
		put_named(out, name, "program", prom->programs[i].name, prom->programs[i].attached);
	prom_family(out, "dwell_build_info", "gauge", "Which dwell this is; always 1.");
	put_named(out, "dwell_build_info", "version", prom->version, 1);
}

int prom_write(FILE *out, const struct prom *prom)
{
	errno = 0;
	prom_groups(out, prom);
	put_reductions(out, prom->reductions);
	put_losses(out, prom);
	put_outlier_losses(out, prom, "dwell_outliers_suppressed_total",
			   "Outliers not reported, being too many.", suppressed);
	put_outlier_losses(out, prom, "dwell_outliers_lost_total",
			   "Outliers that found their buffer full.", lost);
	if (prom->hidden_tasks != UINT64_MAX) {
		prom_single(out, "dwell_tasks_hidden", "gauge",
			    "Tasks that the kernel does not list.");
		prom_count(out, prom->hidden_tasks);
	}
	put_go(out, prom);
	put_census(out, prom->series);
	put_cost(out, prom);
	put_journal(out, prom);
	put_export(out, prom);
	put_build(out, prom);
	return output_flush(out);
}
