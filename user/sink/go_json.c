/* SPDX-License-Identifier: GPL-2.0-only */
/* The timers and goroutines of Go processes as NDJSON: an object for a process and each row. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "go/owner.h"
#include "sink/frame_json.h"
#include "sink/go.h"

#define PLACE_LEN 4096
#define FRAMES_MAX 64 /* of a stack, inlined ones included */

/* ---- parts -------------------------------------------------------------------------- */

static int set_named(json_t *object, const char *key, const char *name)
{
	return name ? json_set_name(object, key, name, strlen(name)) : 0;
}

/* The time from @from to @to, which may be negative. */
static json_t *time_until(int64_t from, int64_t to)
{
	int64_t ns;

	if (__builtin_sub_overflow(to, from, &ns))
		ns = to > from ? INT64_MAX : INT64_MIN;
	return json_integer(ns);
}

static int append_name(json_t *array, const char *name, const char *format, uint64_t number)
{
	return json_array_append_new(array, json_resolved(name, format, number)) ? -ENOMEM : 0;
}

/* Sets the functions of a stack and where in their files they are. */
static int set_stack(json_t *object, const struct go_report *report, uint32_t stack)
{
	json_t *functions, *places;
	const struct go_frame *frame;
	struct go_walk walk;
	int err;

	if (stack >= report->snapshot->stacks)
		return 0;
	functions = json_array();
	places = json_array();
	walk = go_walk(report->symbols, &report->snapshot->stack[stack]);
	err = json_set(object, "stack", functions) | json_set(object, "at", places);
	for (int i = 0; i < FRAMES_MAX && !err && (frame = go_walk_next(&walk)); i++) {
		char place[PLACE_LEN] = "";

		if (frame->file)
			snprintf(place, sizeof(place), "%.*s:%u", PLACE_LEN - 16, frame->file,
				 frame->line);
		err |= append_name(functions, frame->function, "0x%" PRIx64, walk.pc);
		err |= append_name(places, place, "", 0);
	}
	return err;
}

/* Sets how a row came to its count, as far as that was looked for. */
static int set_course(json_t *object, const struct go_report *report, const struct growth *growth,
		      const struct go_change *change)
{
	int err = 0;

	if (report->several && report->rows->samples >= GROWTH_SAMPLES) {
		json_t *json = json_object();

		err |= json_set(object, "growth", json);
		if (err)
			return err;
		if (growth->grows) {
			err |= json_set_ratio(json, "per_s", growth->per_s);
			err |= json_set_ratio(json, "from", growth->from);
			err |= json_set_ratio(json, "to", growth->to);
		}
		err |= json_set(json, "grows", json_boolean(growth->grows));
	}
	if (change->compared) {
		err |= json_set_count(object, "before", change->before);
		err |= json_set(object, "grew", json_boolean(change->grew));
	}
	return err;
}

static int set_states(json_t *object, const uint64_t state[GO_STATES])
{
	static const char *const names[] = {
#define X(id, name) [GO_##id] = name,
		GO_STATE_LIST(X)
#undef X
	};
	json_t *json = json_object();
	const char *only = NULL;
	int err = 0, kinds = 0;

	for (int i = 0; i < GO_STATES; i++) {
		err |= json_set_count(json, names[i], state[i]);
		if (state[i]) {
			only = names[i];
			kinds++;
		}
	}
	if (kinds == 1)
		err |= json_set(object, "state", json_string(only));
	return err | json_set(object, "states", json);
}

/* ---- lines ---------------------------------------------------------------------------- */

static int set_losses(json_t *object, const struct go_snapshot *snapshot)
{
	static const char *const names[] = {
#define X(id, name, text) [GO_LOSS_##id] = name,
		GO_LOSS_LIST(X)
#undef X
	};
	json_t *json = json_object();
	int err = json_set(object, "lost", json);

	for (int i = 0; i < GO_LOSSES && !err; i++)
		if (snapshot->lost[i])
			err = json_set_count(json, names[i], snapshot->lost[i]);
	return err;
}

static int set_totals(json_t *json, const struct go_report *report)
{
	const struct go_rows *rows = report->rows;
	const struct go_snapshot *snapshot = report->snapshot;
	uint64_t goroutines = 0;
	json_t *states = json_object();
	int err = 0;

	for (int i = 0; i < GO_STATES; i++)
		goroutines += rows->state[i];
	err |= json_set_count(json, "goroutines", goroutines);
	err |= set_states(states, rows->state);
	err |= json_set(json, "states", json_incref(json_object_get(states, "states")));
	json_decref(states);
	err |= json_set_count(json, "system_goroutines", rows->system);
	if (snapshot->runqueue_known)
		err |= json_set_count(json, "runqueue", snapshot->runqueue);
	err |= json_set_count(json, "timers", rows->armed);
	err |= json_set_count(json, "dead", rows->dead);
	err |= json_set_count(json, "overdue", rows->overdue);
	err |= json_set_count(json, "overdue_max_ns", rows->overdue_max_ns);
	if (rows->armed) {
		err |= json_set(json, "next_ns", time_until(snapshot->at, rows->next));
		err |= json_set(json, "last_ns", time_until(snapshot->at, rows->last));
	}
	return err;
}

static int write_process(FILE *out, const struct go_report *report)
{
	static const char *const semantics[] = {
		[GO_SEMANTICS_OLD] = "old",
		[GO_SEMANTICS_ASYNC] = "async",
		[GO_SEMANTICS_SYNC] = "sync",
	};
	const struct go_snapshot *snapshot = report->snapshot;
	const size_t hidden = report->rows->timers_hidden + report->rows->goroutines_hidden;
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("go"));
	err |= json_set_count(json, "pid", report->pid);
	err |= set_named(json, "comm", report->comm);
	err |= set_named(json, "version", report->version);
	if (report->build_id[0])
		err |= set_named(json, "build_id", report->build_id);
	err |= json_set(json, "semantics", json_string(semantics[report->semantics]));
	err |= set_named(json, "semantics_why", report->semantics_why);
	err |= json_set(json, "layout", json_string(report->layout_known ? "known" : "found"));
	err |= json_set_count(json, "procs", snapshot->ps);
	err |= set_totals(json, report);
	err |= json_set(json, "complete", json_boolean(snapshot->complete));
	err |= set_losses(json, snapshot);
	err |= json_set_count(json, "snapshot_ns", snapshot->took_ns);
	if (report->exited)
		err |= json_set(json, "exited", json_true());
	if (hidden)
		err |= json_set_count(json, "hidden_rows", hidden);
	if (report->several) {
		err |= json_set_count(json, "samples", report->rows->samples);
		err |= json_set_count(json, "samples_needed", GROWTH_SAMPLES);
	}
	if (report->baseline_build_id) {
		err |= set_named(json, "baseline_build_id", report->baseline_build_id);
		err |= json_set_count(json, "unchanged", report->rows->unchanged);
	}
	return err ? -ENOMEM : json_write_line(out, json);
}

static int set_due(json_t *json, const struct go_report *report, const struct go_timer_row *row)
{
	int err = json_set_count(json, "overdue", row->overdue);

	err |= json_set_count(json, "overdue_max_ns", row->overdue_max_ns);
	if (!row->count)
		return err;
	err |= json_set(json, "next_ns", time_until(report->snapshot->at, row->next));
	return err | json_set(json, "last_ns", time_until(report->snapshot->at, row->last));
}

static int write_timers(FILE *out, const struct go_report *report, const struct go_timer_row *row)
{
	static const char *const kinds[] = {
#define X(id, name, text, plural) [GO_##id] = name,
		GO_TIMER_KIND_LIST(X)
#undef X
	};
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("go_timers"));
	err |= json_set_count(json, "pid", report->pid);
	err |= json_set(json, "what", json_string(kinds[row->kind]));
	err |= json_set_count(json, "period_ns", row->period_ns);
	if (row->periods)
		err |= json_set(json, "periods", json_true());
	err |= json_set_count(json, "count", row->count);
	err |= json_set_count(json, "dead", row->dead);
	err |= set_named(json, "owner", row->owner);
	err |= set_named(json, "created_by", row->creator);
	if (row->others)
		err |= json_set(json, "others", json_true());
	if (row->kind == GO_TICKER || row->kind == GO_TIMER) {
		err |= json_set(json, "received",
				json_boolean(row->count && row->received == row->count));
		err |= json_set_count(json, "received_count", row->received);
		err |= json_set_count(json, "crowded", row->crowded);
		err |= json_set_count(json, "full", row->full);
	}
	err |= set_due(json, report, row);
	err |= set_course(json, report, &row->growth, &row->change);
	err |= set_stack(json, report, row->stack);
	return err ? -ENOMEM : json_write_line(out, json);
}

static int write_goroutines(FILE *out, const struct go_report *report,
			    const struct go_goroutine_row *row)
{
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("goroutines"));
	err |= json_set_count(json, "pid", report->pid);
	err |= json_set_count(json, "count", row->count);
	err |= set_states(json, row->state);
	err |= set_named(json, "created_by", row->creator);
	err |= set_named(json, "place", row->place);
	err |= set_named(json, "wait", row->wait);
	err |= set_named(json, "start", row->start);
	if (row->others)
		err |= json_set(json, "others", json_true());
	err |= json_set_count(json, "polls", row->polls);
	if (row->known)
		err |= json_set_count(json, "oldest_ns", row->oldest_ns);
	err |= set_course(json, report, &row->growth, &row->change);
	err |= set_stack(json, report, row->stack);
	return err ? -ENOMEM : json_write_line(out, json);
}

int go_json(FILE *out, const struct go_report *report)
{
	const struct go_rows *rows = report->rows;
	int err = write_process(out, report);

	for (size_t i = 0; i < rows->timers && !err; i++)
		err = write_timers(out, report, &rows->timer[i]);
	for (size_t i = 0; i < rows->goroutines && !err; i++)
		err = write_goroutines(out, report, &rows->goroutine[i]);
	return err;
}

int go_json_header(FILE *out, const struct report *host, enum go_by by)
{
	static const char *const names[] = {
		[GO_BY_KIND] = "kind",
		[GO_BY_SITE] = "site",
		[GO_BY_CREATOR] = "creator",
	};

	return frame_json_command(out, host, "go", names[by]);
}

int go_json_refused(FILE *out, uint32_t pid, const char *comm, enum go_refusal refusal)
{
	static const char *const names[GO_REFUSALS] = {[GO_READ] = "",
#define X(id, name, text) [GO_REFUSED_##id] = name,
						       GO_REFUSAL_LIST(X)
#undef X
	};
	json_auto *json = json_object();
	int err = json ? 0 : -ENOMEM;

	err |= json_set(json, "kind", json_string("go_refused"));
	err |= json_set_count(json, "pid", pid);
	err |= set_named(json, "comm", comm);
	err |= json_set(json, "reason", json_string(names[refusal]));
	return err ? -ENOMEM : json_write_line(out, json);
}
