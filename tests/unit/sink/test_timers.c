/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of the sinks of the timer ledger: rows of every sort, as JSON and in the table. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "harness/unit/output.h"
#include "harness/unit/records.h"
#include "sink/summary.h"
#include "sink/timers.h"

#define TIMERFD 0xffffffff81000200
#define TICK 0xffffffff81000300
#define ROWS_MAX 16

/* A report of rows made by hand. */
struct ledger {
	struct model *model;
	struct timer_row row[ROWS_MAX];
	struct report report;
};

/* ---- names ------------------------------------------------------------------ */

static const char *cgroup_name(void *context, uint64_t id)
{
	(void)context;
	return id == 1 ? "/a.slice/\xff\"\n\x1b" : NULL;
}

static const char *function_name(void *context, uint64_t address)
{
	(void)context;
	return address == TIMERFD ? "timerfd_tmrproc" :
	       address == TICK	  ? "tick_nohz_handler" :
	       address == 1	  ? "bpf_prog_1234_arm" :
	       address == 2	  ? "hrtimer_start_range_ns" :
				    NULL;
}

/* Of the process whose id is part of the address. */
static const char *user_function_name(void *context, uint32_t pid, uint64_t address)
{
	(void)context;
	return address == pid * 100ULL	   ? "timerfd_settime [libc.so.6]" :
	       address == pid * 100ULL + 9 ? "le\x1b\nak [leaky]" :
					     NULL;
}

/* ---- rows ------------------------------------------------------------------- */

static void open_ledger(struct ledger *ledger, enum timer_by by)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->model = new_model(10);
	ledger->report = (struct report){
		.version = "1.2",
		.host = "host",
		.kernel = "6.1.0-test",
		.cpus = 4,
		.window_start = WINDOW_START,
		.window_end = WINDOW_END,
		.ledger = true,
		.timer_view = {.by = by},
		.timers = {.row = ledger->row, .samples = GROWTH_SAMPLES},
		.naming = {.cgroup = cgroup_name,
			   .function = function_name,
			   .callback = function_name,
			   .user_function = user_function_name},
	};
}

static void close_ledger(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->report.timers.count; i++) {
		dist_clear(&ledger->row[i].timeout);
		dist_clear(&ledger->row[i].lateness);
	}
	model_free(ledger->model);
}

static void fill_dist(struct dist *dist, uint64_t ns, uint64_t count)
{
	assert_int_equal(dist_add(dist, dwell_bucket(ns), count), 0);
	dist->sum = ns * count;
	dist->max = ns;
}

/* A row of @api with nothing counted yet. */
static struct timer_row *add_row(struct ledger *ledger, const char *api)
{
	struct timer_row *row = &ledger->row[ledger->report.timers.count++];

	assert_in_range(ledger->report.timers.count, 1, ROWS_MAX);
	row->by = ledger->report.timer_view.by;
	snprintf(row->api, sizeof(row->api), "%s", api);
	return row;
}

static struct timer_row *add_owned(struct ledger *ledger, uint32_t pid, uint32_t tid,
				   const char *comm)
{
	struct timer_row *row = add_row(ledger, "timerfd");

	row->pid = pid;
	row->tid = tid;
	row->cgroup = 1;
	row->function = TIMERFD;
	memcpy(row->comm, comm, strnlen(comm, sizeof(row->comm)));
	return row;
}

/* A value of its own in every field but those of growth and sites. */
static void fill_row(struct timer_row *row)
{
	row->timers = (struct timer_counts){
		.armed = 1000, .rearmed = 200, .cancelled = 30, .expired = 500, .outstanding = 13};
	row->before = 7;
	row->oldest_ns = 9 * SECOND;
	row->due_ns = 51 * SECOND;
	row->woke = 125;
	row->callback_ns = 2 * MS;
	row->slack_granted = 400 * 50000;
	row->slack_used = 400 * 48000;
	fill_dist(&row->timeout, 60 * SECOND, 1000);
	fill_dist(&row->lateness, 4000, 400);
}

static void fill_site(struct timer_row *row, uint64_t samples)
{
	struct timer_site *site = &row->site[row->sites++];

	row->site_samples += samples;
	*site = (struct timer_site){.samples = samples, .pid = 4711};
	site->stack[0] = 1;
	site->stack[1] = 2;
	site->stack[2] = 0xabc;
	site->depth = 3;
	site->user_stack[0] = 471100;
	/* A return address: its function is looked for before it. */
	site->user_stack[1] = 471110;
	site->user_stack[2] = 0xdef;
	site->user_depth = 3;
}

/* The rows that are nobody's. */
static void add_lumps(struct ledger *ledger)
{
	struct timer_row *row = add_row(ledger, "tick");

	row->kernel = true;
	row->function = TICK;
	fill_row(row);
	row = add_row(ledger, "posix_timer");
	row->unowned = true;
	row->function = 0xabcdef;
	fill_row(row);
	row = add_row(ledger, "nanosleep");
	row->remainder = true;
	row->function = 0x123;
	fill_row(row);
}

static struct growth growth_of(double per_s, double from, double to)
{
	return (struct growth){.grows = true, .per_s = per_s, .from = from, .to = to};
}

/* ---- JSON ------------------------------------------------------------------- */

#define COUNTS "armed rearmed cancelled expired before outstanding oldest_ns due_ns"
#define MEASURES "timeout slack lateness woke callback_ns"

static void check_counts(json_t *json)
{
	check_integer(json, "armed", 1000);
	check_integer(json, "rearmed", 200);
	check_integer(json, "cancelled", 30);
	check_integer(json, "expired", 500);
	check_integer(json, "before", 7);
	check_integer(json, "outstanding", 13);
	check_integer(json, "oldest_ns", 9 * SECOND);
	check_integer(json, "due_ns", 51 * SECOND);
	check_dist(json, "timeout", 1000, 60000 * SECOND, 60 * SECOND);
	check_integer(json, "woke", 125);
	check_integer(json, "callback_ns", 2 * MS);
}

static void check_slack(json_t *json)
{
	check_keys(json_object_get(json, "slack"), "granted_ns used_ns");
	check_integer(json_object_get(json, "slack"), "granted_ns", 20 * MS);
	check_integer(json_object_get(json, "slack"), "used_ns", 19200000);
	check_dist(json, "lateness", 400, 1600000, 4000);
}

static void check_real(json_t *object, const char *key, double expected)
{
	double value = json_number_value(json_object_get(object, key));

	assert_true(json_is_real(json_object_get(object, key)));
	assert_true(value > expected - 1e-5 && value < expected + 1e-5);
}

static void every_key_of_a_task_is_told(void **state)
{
	struct ledger ledger;
	struct output output;

	(void)state;
	open_ledger(&ledger, TIMER_BY_TASK);
	fill_row(add_owned(&ledger, 4711, 4712, "leaky"));
	output_json(&output, timers_json, &ledger.report);
	assert_int_equal(output.count, 3);
	check_keys(output.json[0], "kind schema version kernel cpus by window_ns growth");
	check_string(output.json[0], "kind", "header");
	check_string(output.json[0], "by", "task");
	check_keys(json_object_get(output.json[0], "growth"), "judged samples samples_needed");
	assert_true(
		json_is_true(json_object_get(json_object_get(output.json[0], "growth"), "judged")));
	check_string(output.json[2], "kind", "loss");

	check_keys(output.json[1],
		   "kind by pid tid comm cgroup api callback timer_kind " COUNTS " " MEASURES);
	check_string(output.json[1], "kind", "timer");
	check_string(output.json[1], "by", "task");
	check_integer(output.json[1], "pid", 4711);
	check_integer(output.json[1], "tid", 4712);
	check_string(output.json[1], "comm", "leaky");
	check_string(output.json[1], "cgroup", "/a.slice/\xef\xbf\xbd\"\n\x1b");
	check_string(output.json[1], "api", "timerfd");
	check_string(output.json[1], "callback", "timerfd_tmrproc");
	check_string(output.json[1], "timer_kind", "hrtimer");
	check_counts(output.json[1]);
	check_slack(output.json[1]);
	output_free(&output);
	close_ledger(&ledger);
}

static void each_view_has_the_keys_of_its_rows(void **state)
{
	static const struct {
		const char *name, *keys;
	} views[] = {
		[TIMER_BY_TASK] = {"task", "pid tid comm cgroup api callback"},
		[TIMER_BY_PROCESS] = {"process", "pid comm cgroup api callback"},
		[TIMER_BY_COMM] = {"comm", "comm api callback"},
		[TIMER_BY_CGROUP] = {"cgroup", "cgroup api callback"},
		[TIMER_BY_CALLBACK] = {"callback", "api callback"},
		[TIMER_BY_API] = {"api", "api"},
	};

	(void)state;
	for (int by = TIMER_BY_TASK; by <= TIMER_BY_API; by++) {
		struct ledger ledger;
		struct output output;
		struct timer_row *row;
		char keys[256];

		open_ledger(&ledger, by);
		row = add_owned(&ledger, 10, 11, "a");
		if (by == TIMER_BY_API)
			row->function = 0;
		fill_row(row);
		output_json(&output, timers_json, &ledger.report);
		check_string(output.json[0], "by", views[by].name);
		check_string(output.json[1], "by", views[by].name);
		snprintf(keys, sizeof(keys), "kind by %s timer_kind " COUNTS " " MEASURES,
			 views[by].keys);
		check_keys(output.json[1], keys);
		output_free(&output);
		close_ledger(&ledger);
	}
}

static void what_is_nobodys_says_so(void **state)
{
	(void)state;
	for (int by = TIMER_BY_TASK; by <= TIMER_BY_CGROUP; by++) {
		struct ledger ledger;
		struct output output;

		open_ledger(&ledger, by);
		add_lumps(&ledger);
		output_json(&output, timers_json, &ledger.report);
		assert_int_equal(output.count, 5);
		check_keys(output.json[1],
			   "kind by comm api callback timer_kind " COUNTS " " MEASURES);
		check_string(output.json[1], "comm", "kernel");
		check_string(output.json[1], "callback", "tick_nohz_handler");
		check_keys(output.json[2],
			   "kind by owner api callback timer_kind " COUNTS " " MEASURES);
		check_string(output.json[2], "owner", "unknown");
		check_string(output.json[2], "callback", "0xabcdef");
		check_string(output.json[3], "owner", "exited");
		check_counts(output.json[3]);
		output_free(&output);
		close_ledger(&ledger);
	}
}

static void what_does_not_apply_is_absent(void **state)
{
	struct ledger ledger;
	struct output output;
	struct timer_row *row;

	(void)state;
	open_ledger(&ledger, TIMER_BY_TASK);
	row = add_owned(&ledger, 1, 1, "");
	row->cgroup = 0;
	row->function = 0xabc;
	row->wheel = true;
	row->timers.armed = 1;
	/* Overdue, and what has just been armed. */
	row = add_owned(&ledger, 2, 2, "b");
	row->timers.outstanding = 2;
	row->oldest_ns = 5;
	output_json(&output, timers_json, &ledger.report);
	check_keys(output.json[1],
		   "kind by pid tid api callback timer_kind armed rearmed cancelled expired "
		   "before outstanding timeout woke callback_ns");
	check_string(output.json[1], "timer_kind", "wheel");
	check_integer(output.json[1], "outstanding", 0);
	check_dist(output.json[1], "timeout", 0, 0, 0);
	check_integer(output.json[2], "oldest_ns", 5);
	assert_null(json_object_get(output.json[2], "due_ns"));
	check_dist(output.json[2], "lateness", 0, 0, 0);
	check_integer(json_object_get(output.json[2], "slack"), "granted_ns", 0);
	output_free(&output);
	close_ledger(&ledger);
}

static void growth_is_told_as_a_line(void **state)
{
	struct ledger ledger;
	struct output output;
	struct timer_row *row;
	json_t *grows;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	add_owned(&ledger, 1, 0, "a")->outstanding = growth_of(1.5, 3, 13);
	add_owned(&ledger, 2, 0, "b")->rate = growth_of(37, 10, 380);
	row = add_owned(&ledger, 3, 0, "c");
	row->outstanding = growth_of(2, 0, 20);
	row->rate = growth_of(4, 5, 45);
	output_json(&output, timers_json, &ledger.report);
	grows = json_object_get(output.json[1], "grows");
	check_keys(grows, "outstanding_per_s from to");
	check_real(grows, "outstanding_per_s", 1.5);
	check_real(grows, "from", 3);
	check_real(grows, "to", 13);
	assert_null(json_object_get(output.json[1], "arming_rate_grows"));
	/* More to do is no leak. */
	assert_null(json_object_get(output.json[2], "grows"));
	grows = json_object_get(output.json[2], "arming_rate_grows");
	check_keys(grows, "armed_per_s2 from to");
	check_real(grows, "armed_per_s2", 37);
	check_real(grows, "from", 10);
	check_real(grows, "to", 380);
	check_keys(json_object_get(output.json[3], "grows"), "outstanding_per_s from to");
	check_keys(json_object_get(output.json[3], "arming_rate_grows"), "armed_per_s2 from to");
	output_free(&output);
	close_ledger(&ledger);
}

/* That nothing grows cannot be said after a moment. */
static void a_short_window_says_so(void **state)
{
	struct ledger ledger;
	struct output output;
	json_t *growth;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	ledger.report.timers.samples = GROWTH_SAMPLES - 1;
	ledger.report.timer_view.leaks = true;
	output_json(&output, timers_json, &ledger.report);
	growth = json_object_get(output.json[0], "growth");
	assert_true(json_is_false(json_object_get(growth, "judged")));
	check_integer(growth, "samples", 5);
	check_integer(growth, "samples_needed", 6);
	output_free(&output);
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "the window was too short to tell what grows: looked at 5 "
				      "times, once a second, and 6 are needed"));
	assert_false(has_line(&output, "nothing was seen to keep growing"));
	output_free(&output);
	ledger.report.timers.samples = GROWTH_SAMPLES;
	ledger.report.timers.faster = 2;
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "nothing was seen to keep growing"));
	assert_false(has_line(&output, "too short"));
	assert_true(has_line(&output, "no leak, but an arming rate that grows: 2 (dwell timers "
				      "-s growth shows them)"));
	output_free(&output);
	close_ledger(&ledger);
}

/* Nor where it was not seen how many are outstanding. */
static void what_is_unmeasured_is_not_judged(void **state)
{
	struct ledger ledger;
	struct output output;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	ledger.report.timers.samples = GROWTH_SAMPLES;
	ledger.report.timer_view.leaks = true;
	ledger.report.unmeasured.users = FIGURE_OUTSTANDING;
	ledger.report.unmeasured.sleeps = FIGURE_OUTSTANDING | FIGURE_CANCELLED;
	ledger.report.unmeasured.kernel = FIGURE_CANCELLED;
	output_json(&output, timers_json, &ledger.report);
	assert_true(json_is_false(
		json_object_get(json_object_get(output.json[0], "growth"), "judged")));
	output_free(&output);
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "how many timers of sleeps, of programs are outstanding was "
				      "not measured: which of them leak is not known"));
	assert_false(has_line(&output, "nothing was seen to keep growing"));
	assert_false(has_line(&output, "too short"));
	output_free(&output);
	close_ledger(&ledger);
}

static void sites_are_told_with_both_stacks(void **state)
{
	struct ledger ledger;
	struct output output;
	struct timer_row *row;
	json_t *sites, *site, *stack;

	(void)state;
	open_ledger(&ledger, TIMER_BY_TASK);
	row = add_owned(&ledger, 4711, 4711, "leaky");
	fill_site(row, 30);
	fill_site(row, 10);
	row->site[1].depth = row->site[1].user_depth = 0;
	output_json(&output, timers_json, &ledger.report);
	sites = json_object_get(output.json[1], "site");
	assert_int_equal(json_array_size(sites), 2);
	site = json_array_get(sites, 0);
	check_keys(site, "share kstack ustack");
	check_real(site, "share", 0.75);
	stack = json_object_get(site, "kstack");
	assert_int_equal(json_array_size(stack), 3);
	assert_string_equal(json_string_value(json_array_get(stack, 1)), "hrtimer_start_range_ns");
	assert_string_equal(json_string_value(json_array_get(stack, 2)), "0xabc");
	stack = json_object_get(site, "ustack");
	assert_int_equal(json_array_size(stack), 3);
	assert_string_equal(json_string_value(json_array_get(stack, 0)),
			    "timerfd_settime [libc.so.6]");
	assert_string_equal(json_string_value(json_array_get(stack, 1)), "le\x1b\nak [leaky]");
	assert_string_equal(json_string_value(json_array_get(stack, 2)), "0xdef");
	check_keys(json_array_get(sites, 1), "share");
	check_real(json_array_get(sites, 1), "share", 0.25);
	output_free(&output);
	close_ledger(&ledger);
}

static void hostile_names_come_back_as_valid_utf8(void **state)
{
	struct ledger ledger;
	struct output output;

	(void)state;
	open_ledger(&ledger, TIMER_BY_COMM);
	add_owned(&ledger, 0, 0, "\"\\\n\x1b[31m\xff\xc2\x9b}x");
	output_json(&output, timers_json, &ledger.report);
	check_string(output.json[1], "comm", "\"\\\n\x1b[31m\xef\xbf\xbd\xc2\x9b}x");
	output_free(&output);
	close_ledger(&ledger);
}

/* ---- the table ---------------------------------------------------------------- */

/* Checks that the words of @line, which blanks separate, are those of @expected. */
static void check_line(const char *line, const char *expected)
{
	char words[512] = "", copy[512];
	char *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " "))) {
		if (!*word)
			continue;
		if (words[0])
			strcat(words, " ");
		strcat(words, word);
	}
	assert_string_equal(words, expected);
}

static void a_task_is_told_in_one_line(void **state)
{
	struct ledger ledger;
	struct output output;
	struct timer_row *row;
	size_t at;

	(void)state;
	open_ledger(&ledger, TIMER_BY_TASK);
	fill_row(add_owned(&ledger, 4711, 4712, "leaky"));
	row = add_owned(&ledger, 4711, 4713, "quiet");
	row->timers.outstanding = 1;
	output_text(&output, timers_text, &ledger.report);
	assert_non_null(strstr(output.line[0], "dwell 1.2 on host, Linux 6.1.0-test, 4 CPUs, 19"));
	assert_string_equal(output.line[1], "10s of timers by task: 0 live and 0 exited tasks");
	at = find_line(&output, 0, " COMM ");
	check_line(output.line[at], "TID COMM API CALLBACK armed/s re-arm/s cancel/s fired/s out "
				    "oldest p50 p99 used p99 max woke% CPU% out armed/s");
	check_line(output.line[at + 1], "4712 leaky timerfd timerfd_tmrproc 100 20.0 3.0 50.0 13 "
					"9.0s 57s 57s 48us/50us 3.6us 4.0us 25.0 0.02");
	check_line(output.line[at + 2], "4713 quiet timerfd timerfd_tmrproc - - - - 1 - - - - - - "
					"- -");
	/* A remark that is not made leaves no blanks. */
	assert_int_not_equal(output.line[at + 1][strlen(output.line[at + 1]) - 1], ' ');
	assert_true(has_line(&output,
			     "7 expiries and cancels were of timers armed before dwell started"));
	assert_true(has_line(&output, "nothing lost"));
	output_free(&output);
	close_ledger(&ledger);
}

static void each_view_has_the_columns_of_its_rows(void **state)
{
	static const struct {
		const char *heading, *row;
	} views[] = {
		[TIMER_BY_TASK] = {"TID COMM API CALLBACK", "11 a timerfd timerfd_tmrproc"},
		[TIMER_BY_PROCESS] = {"PID COMM API CALLBACK", "10 a timerfd timerfd_tmrproc"},
		[TIMER_BY_COMM] = {"COMM API CALLBACK", "a timerfd timerfd_tmrproc"},
		[TIMER_BY_CGROUP] = {"API CALLBACK", "timerfd timerfd_tmrproc"},
		[TIMER_BY_CALLBACK] = {"API CALLBACK", "timerfd timerfd_tmrproc"},
		[TIMER_BY_API] = {"API", "timerfd"},
	};

	(void)state;
	for (int by = TIMER_BY_TASK; by <= TIMER_BY_API; by++) {
		struct ledger ledger;
		struct output output;
		struct timer_row *row;
		char line[256];
		size_t at;

		open_ledger(&ledger, by);
		row = add_owned(&ledger, 10, 11, "a");
		if (by == TIMER_BY_API)
			row->function = 0;
		row->timers.armed = 990;
		output_text(&output, timers_text, &ledger.report);
		at = find_line(&output, 0, "re-arm/s");
		snprintf(line, sizeof(line),
			 "%s armed/s re-arm/s cancel/s fired/s out oldest p50 p99 used p99 max "
			 "woke%% CPU%% out armed/s%s",
			 views[by].heading, by == TIMER_BY_CGROUP ? " CGROUP" : "");
		check_line(output.line[at], line);
		snprintf(line, sizeof(line), "%s 99.0 - - - - - - - - - - - -%s", views[by].row,
			 by == TIMER_BY_CGROUP ? " /a.slice/\\xff\"\\x0a\\x1b" : "");
		check_line(output.line[at + 1], line);
		output_free(&output);
		close_ledger(&ledger);
	}
}

static void lumps_have_a_name_instead_of_an_owner(void **state)
{
	struct ledger ledger;
	struct output output;
	struct timer_row *row;
	size_t at;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	add_lumps(&ledger);
	/* Of the wheel neither slack nor lateness is known. */
	row = add_owned(&ledger, 10, 0, "w");
	fill_row(row);
	row->wheel = true;
	row->woke = 0;
	output_text(&output, timers_text, &ledger.report);
	at = find_line(&output, 0, "PID");
	assert_int_equal(find_line(&output, at, " - kernel "), at + 1);
	assert_int_equal(find_line(&output, at, " - (unknown) posix_timer 0xabcdef "), at + 2);
	assert_int_equal(find_line(&output, at, " - (exited) "), at + 3);
	check_line(output.line[at + 4], "10 w timerfd timerfd_tmrproc 100 20.0 3.0 50.0 13 9.0s "
					"57s 57s - - - 0 0.02");
	output_free(&output);
	close_ledger(&ledger);

	open_ledger(&ledger, TIMER_BY_CGROUP);
	add_lumps(&ledger);
	output_text(&output, timers_text, &ledger.report);
	at = find_line(&output, 0, "armed/s CGROUP");
	assert_true(strstr(output.line[at + 1], " kernel"));
	assert_true(strstr(output.line[at + 2], " (unknown)"));
	assert_true(strstr(output.line[at + 3], " (exited)"));
	output_free(&output);
	close_ledger(&ledger);
}

static void growing_rows_are_told_beneath(void **state)
{
	struct ledger ledger;
	struct output output;
	struct timer_row *row;
	size_t at;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	add_owned(&ledger, 4711, 0, "leaky")->outstanding = growth_of(1, 3.2, 12.9);
	row = add_owned(&ledger, 4, 0, "\x1b[2J");
	row->outstanding = growth_of(0.01, -0.4, 250000);
	row->rate = growth_of(37, 10, 380);
	add_lumps(&ledger);
	ledger.row[2].rate = growth_of(6, 0, 60);
	ledger.report.timers.grown = 5;
	ledger.report.timers.hidden = 8;
	output_text(&output, timers_text, &ledger.report);
	assert_true(strstr(output.line[find_line(&output, 0, " leaky ")], " +1.0/s"));
	assert_null(strstr(output.line[find_line(&output, 0, " leaky ")], "/s  +"));
	assert_true(strstr(output.line[find_line(&output, 0, " \\x1b[2J ")], " +<0.1/s +37.0/s"));
	assert_true(strstr(output.line[find_line(&output, 0, " kernel ")], "         +6.0/s"));
	at = find_line(&output, 0, ": outstanding");
	assert_string_equal(output.line[at], "4711 leaky (api timerfd, timerfd_tmrproc): "
					     "outstanding grows by 1.0 a second, from 3 to 13");
	assert_string_equal(output.line[at + 1], "4 \\x1b[2J (api timerfd, timerfd_tmrproc): "
						 "outstanding grows by <0.1 a second, from 0 to "
						 "250k");
	assert_string_equal(output.line[at + 2], "4 \\x1b[2J (api timerfd, timerfd_tmrproc): "
						 "arming rate grows by 37.0/s each second, from "
						 "10.0/s to 380/s");
	assert_string_equal(output.line[at + 3], "kernel (api tick, tick_nohz_handler): "
						 "arming rate grows by 6.0/s each second, from 0/s "
						 "to 60.0/s");
	assert_string_equal(output.line[at + 4],
			    "leaks not shown: 3 (dwell timers --leaks shows only such)");
	assert_true(has_line(&output, "… 8 more rows of timers: -n 0 shows all"));
	output_free(&output);
	close_ledger(&ledger);
}

/* Numbers that no double holds, and what a window of no length makes of others. */
static void no_number_is_beyond_the_range(void **state)
{
	struct ledger ledger;
	struct output output;
	struct timer_row *row;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	row = add_owned(&ledger, 1, 0, "a");
	row->timers.armed = UINT64_MAX;
	row->timers.outstanding = UINT64_MAX;
	row->callback_ns = UINT64_MAX;
	row->outstanding = growth_of(1e300, -1e300, 1e300);
	row->rate = growth_of(INFINITY, NAN, 0x1p64);
	output_text(&output, timers_text, &ledger.report);
	output_free(&output);
	ledger.report.window_end = ledger.report.window_start;
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "outstanding grows by 18.4E a second, from 0 to 18.4E"));
	output_free(&output);
	output_json(&output, timers_json, &ledger.report);
	output_free(&output);
	close_ledger(&ledger);
}

/* The columns behind a name stand where they stand behind any other. */
static void wide_names_keep_the_columns(void **state)
{
	static const struct {
		const char *comm, *line;
	} cases[] = {
		/* Two columns each; one each; an accent that takes none; cut by the kernel. */
		{"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
		 "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e       timerfd "},
		{"abcdefghijkl", "abcdefghijkl timerfd "},
		{"be\xcc\x81\xcc\x81", "be\xcc\x81\xcc\x81           timerfd "},
		{"\xe6\x97\xa5\xe6", "\xe6\x97\xa5\\xe6       timerfd "},
		{"\xf0\x9f\xa6\x8a", "\xf0\x9f\xa6\x8a           timerfd "},
	};
	struct ledger ledger;
	struct output output;

	(void)state;
	open_ledger(&ledger, TIMER_BY_COMM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		add_owned(&ledger, 0, 0, cases[i].comm);
	output_text(&output, timers_text, &ledger.report);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!has_line(&output, cases[i].line))
			fail_msg("no line has '%s'", cases[i].line);
	output_free(&output);
	close_ledger(&ledger);
}

static void growing_rows_of_no_owner_are_told_by_their_api(void **state)
{
	struct ledger ledger;
	struct output output;

	(void)state;
	open_ledger(&ledger, TIMER_BY_CALLBACK);
	add_owned(&ledger, 0, 0, "")->outstanding = growth_of(1, 3, 13);
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "api timerfd, timerfd_tmrproc: outstanding grows by 1.0 "));
	output_free(&output);
	close_ledger(&ledger);

	open_ledger(&ledger, TIMER_BY_API);
	add_row(&ledger, "timerfd")->outstanding = growth_of(1, 3, 13);
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "api timerfd: outstanding grows by 1.0 a second"));
	output_free(&output);
	close_ledger(&ledger);

	open_ledger(&ledger, TIMER_BY_CGROUP);
	add_owned(&ledger, 0, 0, "")->outstanding = growth_of(1, 3, 13);
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "/a.slice/\\xff\"\\x0a\\x1b (api timerfd, timerfd_tmrproc): "
				      "outstanding grows"));
	output_free(&output);
	close_ledger(&ledger);
}

static void sites_are_blocks_beneath(void **state)
{
	static const char *const lines[] = {
		"4711 leaky (api timerfd, timerfd_tmrproc) is armed from:",
		"    75 % of 40 samples",
		"        armed at:",
		"            hrtimer_start_range_ns",
		"            0xabc",
		"        called from:",
		"            timerfd_settime [libc.so.6]",
		"            le\\x1b\\x0aak [leaky]",
		"            0xdef",
		"    25 % of 40 samples",
		"",
	};
	struct ledger ledger;
	struct output output;
	struct timer_row *row;
	size_t at;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	add_owned(&ledger, 1, 0, "other");
	row = add_owned(&ledger, 4711, 0, "leaky");
	fill_site(row, 30);
	fill_site(row, 10);
	row->site[1].depth = row->site[1].user_depth = 0;
	output_text(&output, timers_text, &ledger.report);
	at = find_line(&output, 0, "is armed from:");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_string_equal(output.line[at + i], lines[i]);
	assert_int_equal(find_line(&output, at + 1, "is armed from:"), output.count);
	output_free(&output);
	close_ledger(&ledger);
}

static void normal_values_fit_170_columns(void **state)
{
	struct ledger ledger;
	struct output output;

	(void)state;
	open_ledger(&ledger, TIMER_BY_TASK);
	for (int i = 0; i < 5; i++) {
		struct timer_row *row = add_owned(&ledger, 1000000, 1000000, "fifteen-bytes-x");

		fill_row(row);
		row->timers.armed = row->timers.expired = 9999999;
		row->outstanding = growth_of(12.5, 3, 130);
	}
	output_text(&output, timers_text, &ledger.report);
	for (size_t i = 2; i < output.count; i++)
		assert_in_range(strlen(output.line[i]), 0, 170);
	output_free(&output);
	close_ledger(&ledger);
}

static void an_empty_ledger_says_so(void **state)
{
	struct ledger ledger;
	struct output output;

	(void)state;
	open_ledger(&ledger, TIMER_BY_TASK);
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "no timer was armed, cancelled or fired"));
	assert_false(has_line(&output, "armed before"));
	output_free(&output);
	ledger.report.timer_view.leaks = true;
	output_text(&output, timers_text, &ledger.report);
	assert_true(has_line(&output, "nothing was seen to keep growing"));
	output_free(&output);
	output_json(&output, timers_json, &ledger.report);
	assert_int_equal(output.count, 2);
	output_free(&output);
	close_ledger(&ledger);
}

/* ---- with summary --------------------------------------------------------------- */

static void the_ledger_follows_the_rows_of_summary(void **state)
{
	struct dwell_record record = record_of(4711, 4712, 5, "leaky", 1);
	struct ledger ledger;
	struct output output;
	size_t rows, timers;

	(void)state;
	open_ledger(&ledger, TIMER_BY_PROCESS);
	fill_row(add_owned(&ledger, 4711, 0, "leaky"));
	add_as(ledger.model, &record, DWELL_LIVE);
	ledger.report.view = (struct view){.by = ROW_BY_TASK, .sort = sort_by("pid")};
	assert_int_equal(model_rows(ledger.model, &ledger.report.view, &ledger.report.rows), 0);

	output_json(&output, summary_json, &ledger.report);
	assert_int_equal(output.count, 4);
	check_string(output.json[0], "by", "task");
	check_string(output.json[1], "kind", "row");
	check_string(output.json[2], "kind", "timer");
	check_string(output.json[2], "by", "process");
	check_string(output.json[3], "kind", "loss");
	output_free(&output);

	output_text(&output, summary_text, &ledger.report);
	rows = find_line(&output, 0, "STATE");
	timers = find_line(&output, rows, "re-arm/s");
	assert_true(timers < output.count);
	assert_true(find_line(&output, timers, "cost: ") == output.count - 1);
	output_free(&output);

	ledger.report.ledger = false;
	output_text(&output, summary_text, &ledger.report);
	assert_false(has_line(&output, "re-arm/s"));
	output_free(&output);
	output_json(&output, summary_json, &ledger.report);
	assert_int_equal(output.count, 3);
	output_free(&output);
	rows_free(&ledger.report.rows);
	close_ledger(&ledger);
}

static void a_closed_pipe_and_a_full_disk_are_told(void **state)
{
	struct ledger ledger;
	int pipes[2];
	FILE *out;

	(void)state;
	open_ledger(&ledger, TIMER_BY_TASK);
	add_lumps(&ledger);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	signal(SIGPIPE, SIG_IGN);
	out = fdopen(pipes[1], "w");
	setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(timers_json(out, &ledger.report), -EPIPE);
	assert_int_equal(timers_text(out, &ledger.report), -EPIPE);
	fclose(out);
	out = fopen("/dev/full", "w");
	assert_non_null(out);
	assert_int_equal(timers_json(out, &ledger.report), -ENOSPC);
	assert_int_equal(timers_text(out, &ledger.report), -ENOSPC);
	fclose(out);
	close_ledger(&ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_a_task_is_told),
		cmocka_unit_test(each_view_has_the_keys_of_its_rows),
		cmocka_unit_test(what_is_nobodys_says_so),
		cmocka_unit_test(what_does_not_apply_is_absent),
		cmocka_unit_test(growth_is_told_as_a_line),
		cmocka_unit_test(a_short_window_says_so),
		cmocka_unit_test(what_is_unmeasured_is_not_judged),
		cmocka_unit_test(no_number_is_beyond_the_range),
		cmocka_unit_test(wide_names_keep_the_columns),
		cmocka_unit_test(sites_are_told_with_both_stacks),
		cmocka_unit_test(hostile_names_come_back_as_valid_utf8),
		cmocka_unit_test(a_task_is_told_in_one_line),
		cmocka_unit_test(each_view_has_the_columns_of_its_rows),
		cmocka_unit_test(lumps_have_a_name_instead_of_an_owner),
		cmocka_unit_test(growing_rows_are_told_beneath),
		cmocka_unit_test(growing_rows_of_no_owner_are_told_by_their_api),
		cmocka_unit_test(sites_are_blocks_beneath),
		cmocka_unit_test(normal_values_fit_170_columns),
		cmocka_unit_test(an_empty_ledger_says_so),
		cmocka_unit_test(the_ledger_follows_the_rows_of_summary),
		cmocka_unit_test(a_closed_pipe_and_a_full_disk_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
