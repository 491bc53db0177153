/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading reports, and what must be true of each of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <linux/types.h>

#include "bpf/dwell.h"
#include "harness/live/live.h"
#include "harness/live/report.h"

static const char *const distributions[] = {
	"lateness",  "timer_latency", "runqueue", "runqueue_woken", "runqueue_preempted",
	"throttled", "blocked",	      "dwell",	  "timeout"};

static const char *const loss_names[] = {
#define X(id, name, text) name,
	DWELL_LOSS_LIST(X)
#undef X
};

static bool is_kind(const json_t *object, const char *kind)
{
	const char *text = json_string_value(json_object_get(object, "kind"));

	return text && !strcmp(text, kind);
}

static void take_line(struct report *report, const char *line, size_t length, unsigned int number)
{
	json_error_t error;
	json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);

	if (!object)
		live_abort("line %u is no JSON: %s: %.*s", number, error.text, (int)length, line);
	if (report->loss)
		live_fail("line %u follows the loss line", number);
	if ((number == 1) != is_kind(object, "header"))
		live_fail("line %u: the header must be the first line, and only that", number);
	if (is_kind(object, "header"))
		report->header = object;
	else if (is_kind(object, "row"))
		json_array_append_new(report->rows, object);
	else if (is_kind(object, "timer"))
		json_array_append_new(report->timers, object);
	else if (is_kind(object, "outlier"))
		json_array_append_new(report->outliers, object);
	else if (is_kind(object, "loss"))
		report->loss = object;
	else
		live_abort("line %u has no known kind: %.*s", number, (int)length, line);
}

int64_t report_integer(const json_t *object, const char *path)
{
	const json_t *value = object;
	char name[64];

	if (!object)
		return -1;
	for (const char *step = path; *step;) {
		const size_t length = strcspn(step, ".");

		snprintf(name, sizeof(name), "%.*s", (int)length, step);
		value = json_object_get(value, name);
		step += length;
		step += *step == '.';
	}
	if (!json_is_integer(value)) {
		live_fail("there is no integer %s", path);
		return -1;
	}
	return json_integer_value(value);
}

/*
 * Of two intervals the median is the smaller one, which the sum and the maximum
 * give exactly: so the bucket that it was counted in is seen to be the right one.
 */
static void check_median_of_two(const char *name, int64_t sum, int64_t max, int64_t p50)
{
	const int64_t smaller = sum - max, first_bucket_end = 1 << DWELL_FIRST_OCTAVE;

	if (smaller >= first_bucket_end)
		live_expect_near(name, p50, smaller, smaller / 8 + 1);
}

/* A distribution's figures must fit each other. */
static void check_distribution(const json_t *row, const char *name)
{
	const json_t *object = json_object_get(row, name);
	int64_t count, sum, max, p50, p90, p99;

	if (!object)
		return;
	count = report_integer(object, "count");
	sum = report_integer(object, "sum_ns");
	max = report_integer(object, "max_ns");
	if (!count) {
		if (sum || max)
			live_fail("%s: sum %" PRId64 ", maximum %" PRId64 " of nothing", name, sum,
				  max);
		return;
	}
	p50 = report_integer(object, "p50_ns");
	p90 = report_integer(object, "p90_ns");
	p99 = report_integer(object, "p99_ns");
	if (count < 0 || sum < max || p50 > p90 || p90 > p99 || p99 > max || p50 < 0 ||
	    sum > count * max)
		live_fail("%s of %s contradicts itself: count %" PRId64 " sum %" PRId64
			  " max %" PRId64 " p50 %" PRId64 " p90 %" PRId64 " p99 %" PRId64,
			  name, json_string_value(json_object_get(row, "comm")) ?: "a group", count,
			  sum, max, p50, p90, p99);
	if (count == 2)
		check_median_of_two(name, sum, max, p50);
}

static void check_sum(const json_t *row, const char *whole, const char *part, const char *other)
{
	const int64_t got = report_integer(row, whole);

	if (json_object_get(row, "runqueue_woken") &&
	    got != report_integer(row, part) + report_integer(row, other))
		live_fail("%s is not the sum of %s and %s", whole, part, other);
}

static void check_row(const json_t *row)
{
	const json_t *timers;

	for (size_t i = 0; i < sizeof(distributions) / sizeof(*distributions); i++)
		check_distribution(row, distributions[i]);
	if (json_object_get(row, "runqueue")) {
		check_sum(row, "runqueue.count", "runqueue_woken.count",
			  "runqueue_preempted.count");
		check_sum(row, "runqueue.sum_ns", "runqueue_woken.sum_ns",
			  "runqueue_preempted.sum_ns");
	}
	timers = json_object_get(row, "timers");
	if (json_object_get(timers, "rearmed") && json_object_get(timers, "armed") &&
	    report_integer(row, "timers.rearmed") > report_integer(row, "timers.armed"))
		live_fail("more timers were re-armed than armed");
}

/* A line of the ledger: what has become of timers is no more than was armed. */
static void check_timer(const json_t *row)
{
	check_distribution(row, "lateness");
	check_distribution(row, "timeout");
	if (json_object_get(row, "rearmed") && json_object_get(row, "armed") &&
	    report_integer(row, "rearmed") > report_integer(row, "armed"))
		live_fail("more timers were re-armed than armed");
	if (json_object_get(row, "woke") && json_object_get(row, "expired") &&
	    report_integer(row, "woke") > report_integer(row, "expired"))
		live_fail("more expiries woke a task than there were");
}

static void check_frame(const struct report *report)
{
	const json_t *reasons;

	if (!report->header || !report->loss)
		live_abort("there is no header line or no loss line");
	live_expect("schema", report_integer(report->header, "schema"), 1);
	/* A stream's header is written when it begins. */
	if (!json_object_get(report->loss, "outliers") &&
	    report_integer(report->header, "window_ns") <= 0)
		live_fail("the window is empty");
	reasons = json_object_get(report->loss, "reasons");
	for (size_t i = 0; i < sizeof(loss_names) / sizeof(*loss_names); i++)
		if (!json_is_integer(json_object_get(reasons, loss_names[i])))
			live_fail("the loss line lacks %s", loss_names[i]);
}

void report_read(struct report *report, const struct dwell_process *run)
{
	unsigned int number = 0;
	const json_t *row;
	size_t index;

	*report = (struct report){
		.rows = json_array(), .timers = json_array(), .outliers = json_array()};
	if (run->status)
		live_abort("dwell ended with status %d: %s", run->status, run->err_text);
	for (const char *line = run->out_text; *line;) {
		const size_t length = strcspn(line, "\n");

		if (line[length] != '\n')
			live_abort("the last line has no end: %s", line);
		take_line(report, line, length, ++number);
		line += length + 1;
	}
	check_frame(report);
	json_array_foreach(report->rows, index, row)
		check_row(row);
	json_array_foreach(report->timers, index, row)
		check_timer(row);
}

void report_free(struct report *report)
{
	json_decref(report->header);
	json_decref(report->rows);
	json_decref(report->timers);
	json_decref(report->outliers);
	json_decref(report->loss);
	*report = (struct report){0};
}

/* Counts the rows with that member; *found is the last one. @text NULL: compare @value. */
static unsigned int find(const struct report *report, const char *key, const char *text,
			 int64_t value, json_t **found)
{
	unsigned int count = 0;
	size_t index;
	json_t *row;

	json_array_foreach(report->rows, index, row) {
		const json_t *member = json_object_get(row, key);
		const bool same =
			text ? json_is_string(member) && !strcmp(json_string_value(member), text) :
			       json_is_integer(member) && json_integer_value(member) == value;

		if (same) {
			count++;
			*found = row;
		}
	}
	return count;
}

json_t *report_row(const struct report *report, const char *key, int64_t value)
{
	json_t *row = NULL;
	const unsigned int count = find(report, key, NULL, value, &row);

	if (count == 1)
		return row;
	live_fail("%u rows, not one, have %s %" PRId64, count, key, value);
	return NULL;
}

json_t *report_row_named(const struct report *report, const char *comm)
{
	json_t *row = NULL;
	const unsigned int count = find(report, "comm", comm, 0, &row);

	if (count == 1)
		return row;
	live_fail("%u rows, not one, have the name %s", count, comm);
	return NULL;
}

unsigned int report_count(const struct report *report, const char *key, int64_t value)
{
	json_t *row;

	return find(report, key, NULL, value, &row);
}

unsigned int report_count_named(const struct report *report, const char *comm)
{
	json_t *row;

	return find(report, "comm", comm, 0, &row);
}

/*
 * Losses that a host causes which keeps some tasks from tracing. A hidden task
 * gets its record when it is woken; from an interrupt that can fail, and is
 * tried again the next time.
 */
static bool is_of_hidden_tasks(const char *name)
{
	static const char *const names[] = {"lateness_unseen", "wake_unseen", "time_backwards",
					    "born_unseen", "no_memory"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* A reduction that nobody asked for is a program that this kernel's verifier does not take. */
static void expect_no_reduction(const struct report *report)
{
	const json_t *one;
	size_t at;

	json_array_foreach(json_object_get(report->loss, "reductions"), at, one)
		live_fail("%s was refused: %s",
			  json_string_value(json_object_get(one, "name")) ?: "something",
			  json_string_value(json_object_get(one, "reason")) ?: "no reason");
}

void report_expect_no_loss(const struct report *report)
{
	json_t *reasons = json_object_get(report->loss, "reasons");
	const char *name;
	json_t *value;

	expect_no_reduction(report);
	json_object_foreach(reasons, name, value) {
		const int64_t lost = json_integer_value(value);

		if (lost > 0 && lost <= report->unseen + report->others && is_of_hidden_tasks(name))
			live_note("%s is %" PRId64 ": up to %" PRId64
				  " events of hidden and %" PRId64 " of other tasks went unseen",
				  name, lost, report->unseen, report->others);
		else
			live_expect(name, lost, 0);
	}
}

/*
 * Expiries that went unseen, when nothing followed that tells of them: their
 * timers look as if they were still armed. -1 if the counts differ otherwise.
 */
static int64_t left_looking_armed(const struct timer_counts *got, const struct timer_counts *want)
{
	const int64_t left = got->outstanding - want->outstanding;
	struct timer_counts made_up = *got;

	made_up.expired += left;
	made_up.outstanding -= left;
	return memcmp(&made_up, want, sizeof(made_up)) ? -1 : left;
}

struct timer_counts report_timer_counts(const json_t *row)
{
	return (struct timer_counts){
		.armed = report_integer(row, "timers.armed"),
		.rearmed = report_integer(row, "timers.rearmed"),
		.cancelled = report_integer(row, "timers.cancelled"),
		.expired = report_integer(row, "timers.expired"),
		.outstanding = report_integer(row, "timers.outstanding"),
	};
}

void report_expect_timers(const struct report *report, const json_t *row, const char *who,
			  const struct timer_counts *want)
{
	const struct timer_counts got = report_timer_counts(row);
	const int64_t left = left_looking_armed(&got, want);

	if (!row || left == 0)
		return;
	if (left > 0 && left <= report->unseen) {
		live_note("%s: %" PRId64
			  " of the last expiries: hidden tasks ran, and up to %" PRId64
			  " events went unseen",
			  who, left, report->unseen);
		return;
	}
	live_fail("%s: armed %" PRId64 " rearmed %" PRId64 " cancelled %" PRId64 " expired %" PRId64
		  " outstanding %" PRId64 ", not %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
		  " %" PRId64 "; up to %" PRId64 " events went unseen",
		  who, got.armed, got.rearmed, got.cancelled, got.expired, got.outstanding,
		  want->armed, want->rearmed, want->cancelled, want->expired, want->outstanding,
		  report->unseen);
}

struct timer_counts report_ledger(const struct report *report, const char *key, int64_t value,
				  const char *api)
{
	struct timer_counts sum = {0};
	size_t index;
	json_t *row;

	json_array_foreach(report->timers, index, row) {
		const char *name = json_string_value(json_object_get(row, "api")) ?: "";
		const json_t *member = json_object_get(row, key);

		if (!json_is_integer(member) || json_integer_value(member) != value ||
		    (api && !strstr(name, api)))
			continue;
		sum.armed += report_integer(row, "armed");
		sum.rearmed += report_integer(row, "rearmed");
		sum.cancelled += report_integer(row, "cancelled");
		sum.expired += report_integer(row, "expired");
		sum.outstanding += report_integer(row, "outstanding");
	}
	return sum;
}

json_t *report_timer(const struct report *report, int64_t pid, const char *api)
{
	json_t *row, *found = NULL;
	unsigned int count = 0;
	size_t index;

	json_array_foreach(report->timers, index, row) {
		const char *name = json_string_value(json_object_get(row, "api")) ?: "";
		const json_t *owner = json_object_get(row, "pid");

		if ((pid ? json_integer_value(owner) == pid : !owner) && !strcmp(name, api)) {
			found = row;
			count++;
		}
	}
	if (count == 1)
		return found;
	live_fail("%u lines, not one, are of process %" PRId64 " with %s", count, pid, api);
	return NULL;
}
