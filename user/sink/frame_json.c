/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of JSON lines: a header before them, losses and cost after them. */
#include "sink/frame_json.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "host/file_message.h"

#define SCHEMA 1

/* ---- the beginning ------------------------------------------------------------- */

/* Tells whether growth could be judged: if not, a ledger without growth means nothing. */
static int set_judged(json_t *object, const struct report *report)
{
	json_t *json = json_object();
	int err = json_set(object, "growth", json);

	if (err)
		return err;
	err |= json_set(json, "judged", json_boolean(report_judged(report)));
	err |= json_set_count(json, "samples", report->timers.samples);
	return err | json_set_count(json, "samples_needed", GROWTH_SAMPLES);
}

/* Sets what every header begins with. */
static int set_header(json_t *json, const struct report *report)
{
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("header"));
	err |= json_set_count(json, "schema", SCHEMA);
	err |= json_set_name(json, "version", report->version, strlen(report->version));
	err |= json_set_name(json, "kernel", report->kernel, strlen(report->kernel));
	return err | json_set_count(json, "cpus", report->cpus);
}

int frame_json_command(FILE *out, const struct report *report, const char *command, const char *by)
{
	json_auto *json = json_object();
	int err = set_header(json, report);

	err |= json_set(json, "command", json_string(command));
	err |= json_set(json, "by", json_string(by));
	return err ? -ENOMEM : json_write_line(out, json);
}

int frame_json_header(FILE *out, const struct report *report, const char *by)
{
	json_auto *json = json_object();
	int err = set_header(json, report);

	if (by) {
		err |= json_set(json, "by", json_string(by));
		err |= json_set_count(json, "window_ns", report->window_end - report->window_start);
	}
	if (report->ledger)
		err |= set_judged(json, report);
	return err ? -ENOMEM : json_write_line(out, json);
}

/* ---- the end ------------------------------------------------------------------ */

static int set_overhead(json_t *object, const struct overhead *overhead)
{
	json_t *json = json_object();
	int err = json_set(object, "overhead", json);

	if (err)
		return err;
	if (overhead->bpf_measured) {
		err |= json_set_ratio(json, "bpf_ns_per_event", overhead->bpf_ns_per_event);
		err |= json_set_ratio(json, "bpf_cpu_ratio", overhead->bpf_cpu_ratio);
	}
	err |= json_set_ratio(json, "user_cpu_ratio", overhead->user_cpu_ratio);
	if (overhead->rss_bytes)
		err |= json_set_count(json, "rss_bytes", overhead->rss_bytes);
	return err;
}

/* Counts outliers by kind, kinds without any included. */
static int set_outliers(json_t *object, const struct dwell_outlier_counts *outliers)
{
	json_t *all = json_object();
	int err = json_set(object, "outliers", all);

	for (int i = 0; i < DWELL_MEASURES && !err; i++) {
		struct dwell_outlier_counts counts = outliers[i];
		json_t *json;

		if (i == DWELL_PREEMPTED) /* counted with the waits after a wake-up */
			continue;
		if (i == DWELL_WOKEN) {
			counts.reported += outliers[DWELL_PREEMPTED].reported;
			counts.suppressed += outliers[DWELL_PREEMPTED].suppressed;
			counts.lost += outliers[DWELL_PREEMPTED].lost;
		}
		json = json_object();
		if (json_set(all, outlier_kind(i), json))
			return -ENOMEM;
		err |= json_set_count(json, "reported", counts.reported);
		err |= json_set_count(json, "suppressed", counts.suppressed);
		err |= json_set_count(json, "lost", counts.lost);
	}
	return err;
}

static int set_reductions(json_t *object, const struct reductions *reductions)
{
	json_t *array = json_array();
	int err = json_set(object, "reductions", array);

	for (size_t i = 0; reductions && i < reductions->count && !err; i++) {
		const struct reduction *reduction = &reductions->list[i];

		err = json_array_append_new(array, json_pack("{ss ss ss}", "name", reduction->name,
							     "lost", reduction->lost, "reason",
							     reduction_reason(reduction))) ?
			      -ENOMEM :
			      0;
	}
	return err;
}

/* Counts the addresses in programs that have no name, by reason. */
static int set_unnamed(json_t *object, const uint64_t *unnamed)
{
	static const char *const names[] = {
#define X(id, name, text) [FILE_##id] = name,
		FILE_OUTCOME_LIST(X)
#undef X
	};
	json_t *reasons = json_object();
	int err = json_set(object, "unnamed", reasons);

	for (int i = FILE_FOUND + 1; i < FILE_OUTCOMES && !err; i++)
		err = json_set_count(reasons, names[i], unnamed[i]);
	return err;
}

int frame_json_footer(FILE *out, const struct report *report)
{
	json_auto *json = json_object();
	json_t *reasons = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("loss"));
	if (json_set(json, "reasons", reasons))
		return -ENOMEM;
	for (int i = 0; i < DWELL_LOSSES; i++)
		err |= json_set_count(reasons, report_loss_name(i), report->losses[i]);
	err |= set_reductions(json, report->reductions);
	if (report->outliers)
		err |= set_outliers(json, report->outliers);
	if (report->unnamed)
		err |= set_unnamed(json, report->unnamed);
	if (report->hidden_tasks != UINT64_MAX)
		err |= json_set_count(json, "hidden_tasks", report->hidden_tasks);
	err |= set_overhead(json, &report->overhead);
	return err ? -ENOMEM : json_write_line(out, json);
}
