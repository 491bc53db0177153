/* SPDX-License-Identifier: GPL-2.0-only */
/* What a fixture holds, compared with what dwell says that it holds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/live/go_run.h"
#include "harness/live/live.h"

/* Counts of what has the same name, as a JSON object. */

static void count(json_t *counts, const char *name, int64_t number)
{
	const int64_t before = go_number(counts, name);

	json_object_set_new(counts, name, json_integer(before + number));
}

static void count_timers(json_t *counts, const json_t *row)
{
	char name[512];

	snprintf(name, sizeof(name), "%ss of %" PRId64 " ns, owner \"%s\", created by \"%s\"",
		 go_text(row, "what"), go_number(row, "period_ns"), go_text(row, "owner"),
		 go_text(row, "created_by"));
	count(counts, name, go_number(row, "count"));
}

static void count_goroutines(json_t *counts, const json_t *row, const char *place)
{
	char name[512];

	snprintf(name, sizeof(name), "goroutines created by \"%s\" at \"%s\"",
		 go_text(row, "created_by"), go_text(row, place));
	count(counts, name, go_number(row, "count"));
}

/* How strictly what dwell says is held to the truth. */
enum strictness {
	EXACT,	/* each name has the same count in both */
	MOVING, /* but there are others, which come and go */
	PART,	/* nothing is there that should not be, and no more of it */
};

static bool agrees(int64_t want, int64_t got, enum strictness strictness)
{
	return got == want || (strictness == PART && got < want);
}

static void compare(const struct go_fixture *fixture, json_t *want, json_t *got,
		    enum strictness strictness)
{
	const json_t *number;
	const char *name;

	json_object_foreach(want, name, number) {
		if (!agrees(json_integer_value(number), go_number(got, name), strictness))
			live_fail("%s: %" PRId64 " %s, not %" JSON_INTEGER_FORMAT, fixture->name,
				  go_number(got, name), name, json_integer_value(number));
	}
	json_object_foreach(got, name, number) {
		if (strictness != MOVING && json_integer_value(number) &&
		    !json_object_get(want, name))
			live_fail("%s: %" JSON_INTEGER_FORMAT " %s, of which it has none",
				  fixture->name, json_integer_value(number), name);
	}
	json_decref(want);
	json_decref(got);
}

static void expect_timers(const struct go_fixture *fixture, const struct go_report *report,
			  enum strictness strictness)
{
	json_t *want = json_object(), *got = json_object();
	const json_t *row;
	int64_t armed = 0;
	size_t i;

	json_array_foreach(json_object_get(fixture->truth, "timers"), i, row) {
		count_timers(want, row);
	}
	json_array_foreach(report->timers, i, row) {
		armed += go_number(row, "count");
		if (strcmp(go_text(row, "what"), "runtime") != 0)
			count_timers(got, row);
	}
	compare(fixture, want, got, strictness);
	if (armed != go_number(go_report_process(report), "timers"))
		live_fail("%s: the rows have %" PRId64 " timers, the process %" PRId64,
			  fixture->name, armed, go_number(go_report_process(report), "timers"));
}

/* The truth leaves out the main goroutine, which reads the standard input. */
static bool is_main(const json_t *row)
{
	return !*go_text(row, "created_by");
}

static void expect_goroutines(const struct go_fixture *fixture, const struct go_report *report,
			      enum strictness strictness)
{
	json_t *want = json_object(), *got = json_object();
	int64_t total = 0, mains = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(fixture->truth, "goroutines"), i, row) {
		count_goroutines(want, row, "at");
	}
	json_array_foreach(report->goroutines, i, row) {
		total += go_number(row, "count");
		if (is_main(row))
			mains += go_number(row, "count");
		else
			count_goroutines(got, row, "place");
	}
	compare(fixture, want, got, strictness);
	if (!agrees(1, mains, strictness))
		live_fail("%s: %" PRId64 " main goroutines", fixture->name, mains);
	if (total != go_number(go_report_process(report), "goroutines"))
		live_fail("%s: the rows have %" PRId64 " goroutines, the process %" PRId64,
			  fixture->name, total, go_number(go_report_process(report), "goroutines"));
}

static int64_t received_of(const json_t *rows, const json_t *truth)
{
	const json_t *row;
	int64_t sum = 0;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (!strcmp(go_text(row, "what"), go_text(truth, "what")) &&
		    !strcmp(go_text(row, "owner"), go_text(truth, "owner")) &&
		    !strcmp(go_text(row, "created_by"), go_text(truth, "created_by")) &&
		    go_number(row, "period_ns") == go_number(truth, "period_ns")) {
			sum += go_number(row, "received_count");
			if (go_number(row, "count") &&
			    json_is_true(json_object_get(row, "received")) !=
				    (go_number(row, "received_count") == go_number(row, "count")))
				live_fail("received contradicts received_count");
		}
	}
	return sum;
}

/* Timers with a channel: either somebody waits on all of them, or on none. */
static void expect_received(const struct go_fixture *fixture, const struct go_report *report)
{
	const json_t *row, *received;
	int64_t want, got;
	size_t i;

	json_array_foreach(json_object_get(fixture->truth, "timers"), i, row) {
		received = json_object_get(row, "received");
		if (!received)
			continue;
		want = json_is_true(received) ? go_number(row, "count") : 0;
		got = received_of(report->timers, row);
		if (got != want)
			live_fail("%s: somebody waits on %" PRId64
				  " %ss of \"%s\", not on %" PRId64,
				  fixture->name, got, go_text(row, "what"), go_text(row, "owner"),
				  want);
	}
}

static void expect_head(const struct go_fixture *fixture, const struct go_report *report)
{
	const bool synchronous = json_is_true(json_object_get(fixture->truth, "synchronous"));
	const json_t *process = go_report_process(report);
	const char *semantics = go_text(process, "semantics");

	if (strcmp(go_text(process, "version"), go_text(fixture->truth, "version")) != 0)
		live_fail("%s: its version is %s, not %s", fixture->name,
			  go_text(process, "version"), go_text(fixture->truth, "version"));
	if (go_number(process, "procs") != go_number(fixture->truth, "procs"))
		live_fail("%s: %" PRId64 " Ps, not %" PRId64, fixture->name,
			  go_number(process, "procs"), go_number(fixture->truth, "procs"));
	if (!strcmp(semantics, "sync") != synchronous)
		live_fail("%s: its timers are told to be %s", fixture->name, semantics);
}

void go_expect_truth(const struct go_fixture *fixture, const struct go_report *report)
{
	const bool moving = json_is_true(json_object_get(fixture->truth, "moving"));
	const json_t *process = go_report_process(report);

	expect_head(fixture, report);
	expect_timers(fixture, report, moving ? MOVING : EXACT);
	expect_received(fixture, report);
	expect_goroutines(fixture, report, moving ? MOVING : EXACT);
	if (!moving && !json_is_true(json_object_get(process, "complete"))) {
		char *lost = json_dumps(json_object_get(process, "lost"), JSON_COMPACT);

		live_fail("%s: the snapshot is not complete, lost %s", fixture->name, lost);
		free(lost);
	}
}

void go_expect_partial(const struct go_fixture *fixture, const struct go_report *report)
{
	expect_timers(fixture, report, PART);
	expect_goroutines(fixture, report, PART);
}
