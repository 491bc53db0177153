// SPDX-License-Identifier: GPL-2.0-only
/* Who created the timers of a Go process as NDJSON: an object for each stack, and one for all. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "sink/go_sites.h"
#include "sink/member.h"

#define PLACE_LEN 4096

static int set_named(json_t *object, const char *key, const char *name)
{
	return name ? json_set_name(object, key, name, strlen(name)) : 0;
}

/* ---- rows ------------------------------------------------------------------------- */

struct stack {
	json_t *functions, *places;
};

static int append(json_t *array, json_t *value)
{
	return json_array_append_new(array, value) ? -ENOMEM : 0;
}

static int append_frame(void *context, uint64_t pc, const struct go_frame *frame)
{
	struct stack *stack = context;
	char place[PLACE_LEN] = "";

	if (frame && frame->file)
		snprintf(place, sizeof(place), "%.*s:%" PRIu32, PLACE_LEN - 16, frame->file,
			 frame->line);
	return append(stack->functions,
		      json_resolved(frame ? frame->function : NULL, "0x%" PRIx64, pc)) |
	       append(stack->places, json_resolved(place, "", 0));
}

static int set_stack(json_t *object, const struct go_sites_report *report,
		     const struct go_sites_row *row)
{
	struct stack stack = {json_array(), json_array()};
	int err = json_set(object, "stack", stack.functions) | json_set(object, "at", stack.places);

	return err ? -ENOMEM : go_sites_stack(report, row, append_frame, &stack);
}

static int set_counts(json_t *json, const struct go_sites_report *report,
		      const struct go_sites_row *row)
{
	int err = json_set_count(json, "created", row->created);

	err |= json_set_count(json, "stopped", row->stopped);
	err |= json_set_count(json, "reset", row->reset);
	err |= json_set_count(json, "fired", row->fired);
	err |= json_set_count(json, "live", row->live);
	if (report->reconciled)
		err |= json_set_count(json, "dropped", row->dropped);
	if (row->live)
		err |= json_set_count(json, "oldest_ns", row->oldest_ns);
	return err;
}

static int write_row(FILE *out, const struct go_sites_report *report,
		     const struct go_sites_row *row)
{
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("go_sites"));
	err |= json_set_count(json, "pid", report->pid);
	err |= set_counts(json, report, row);
	err |= json_set_count(json, "period_ns", row->key.period_ns);
	err |= set_stack(json, report, row);
	return err ? -ENOMEM : json_write_line(out, json);
}

/* ---- all of it ---------------------------------------------------------------------- */

static int set_others(json_t *object, const struct go_site_counts *others)
{
	json_t *json = json_object();
	int err = json_set(object, "others", json);

	if (err)
		return err;
	err |= json_set_count(json, "stopped", others->stopped);
	err |= json_set_count(json, "reset", others->reset);
	return err | json_set_count(json, "fired", others->fired);
}

static int set_losses(json_t *object, const struct go_sites_report *report)
{
	static const char *const names[] = {
#define X(id, name, text) [GO_SITES_LOSS_##id] = name,
		GO_SITES_LOSS_LIST(X)
#undef X
	};
	json_t *json = json_object();
	int err = json_set(object, "lost", json);

	for (int i = 0; i < GO_SITES_LOSSES && !err; i++)
		if (report->lost[i])
			err = json_set_count(json, names[i], report->lost[i]);
	return err;
}

static int set_cost(json_t *json, const struct go_sites_report *report)
{
	int err = json_set_count(json, "probes", report->probes);

	err |= json_set_count(json, "hits", report->hits);
	err |= json_set_count(json, "limit_per_s", report->limit);
	if (report->trap_ns > 0)
		err |= json_set_ratio(json, "probe_ns", report->trap_ns);
	if (report->run_ns > 0)
		err |= json_set_ratio(json, "count_ns", report->run_ns);
	if (report->trap_ns > 0 && report->run_ns > 0)
		err |= json_set_ratio(json, "cpu_ratio", go_sites_cpu(report));
	return err;
}

static int write_end(FILE *out, const struct go_sites_report *report)
{
	static const char *const ends[] = {
#define X(id, name) [GO_SITES_END_##id] = name,
		GO_SITES_END_LIST(X)
#undef X
	};
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("go_sites_cost"));
	err |= json_set_count(json, "pid", report->pid);
	err |= set_named(json, "comm", report->comm);
	err |= set_named(json, "version", report->version);
	err |= json_set_count(json, "window_ns", report->window_ns);
	err |= json_set(json, "ended", json_string(ends[report->end]));
	err |= set_counts(json, report, &report->total);
	err |= set_others(json, &report->others);
	err |= member_dist(json, "lateness", &report->lateness);
	if (report->has_kernel)
		err |= member_dist(json, "kernel_lateness", &report->kernel);
	err |= set_cost(json, report);
	err |= set_losses(json, report);
	return err ? -ENOMEM : json_write_line(out, json);
}

int go_sites_json(FILE *out, const struct go_sites_report *report)
{
	int err = 0;

	for (size_t i = 0; i < report->rows && !err; i++)
		err = write_row(out, report, &report->row[i]);
	return err ? err : write_end(out, report);
}
