/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of what is told of Go programs: sentences within a terminal's width, and JSON. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "harness/unit/go_names.h"
#include "harness/unit/output.h"
#include "base/text.h"
#include "sink/go.h"
#include "sink/go_line.h"

#define MS 1000000LL
#define S 1000000000LL
#define H (3600 * S)
#define NOW (100 * S)

enum { PARK = 1, RECEIVE, SLEEP, LEAKY, HANDLER, SERVE, STARTER, CLOSURE, POLL, MAIN };

static struct go_rows rows;
static struct go_view view;
static struct go_report go;
static uint32_t receiving, sleeping, polling;

static int begin(void **state)
{
	(void)state;
	make_nothing(NOW);
	name_at(RECEIVE, "runtime.chanrecv", "chan.go", 9);
	name_at(SLEEP, "time.Sleep", "sleep.go", 9);
	name_at(LEAKY, "main.leaky.func1", "/src/main.go", 12);
	name_at(HANDLER, "main.handler", "/src/main.go", 20);
	name_at(SERVE, "net/http.HandlerFunc.ServeHTTP", "/go/server.go", 30);
	name_at(STARTER, "main.leaky", "/src/main.go", 11);
	name_at(CLOSURE, "main.main.func3", "/src/main.go", 31);
	name_at(POLL, "internal/poll.runtime_pollWait", "/go/netpoll.go", 1);
	name_at(MAIN, "main.main", "/src/main.go", 2);
	receiving = make_stack(RECEIVE, LEAKY, 0);
	sleeping = make_stack(SLEEP, HANDLER, SERVE);
	polling = make_stack(POLL, HANDLER, 0);
	view = (struct go_view){.by = GO_BY_SITE, .limit = 10};
	go = (struct go_report){
		.pid = 4711,
		.comm = "leaky",
		.version = "go1.22.12",
		.build_id = "0123456789abcdefghij",
		.semantics = GO_SEMANTICS_OLD,
		.semantics_why = "Go 1.22",
		.layout_known = true,
		.symbols = &program,
		.snapshot = &made,
		.view = &view,
		.rows = &rows,
	};
	return 0;
}

static int end(void **state)
{
	(void)state;
	go_rows_free(&rows);
	return 0;
}

/* ---- text ------------------------------------------------------------------------- */

static int text_sink(FILE *out, const struct report *report)
{
	(void)report;
	return go_text(out, &go);
}

static int json_sink(FILE *out, const struct report *report)
{
	(void)report;
	return go_json(out, &go);
}

static void make_rows(void)
{
	go_rows_free(&rows);
	assert_int_equal(go_rows_make(&made, &program, &view, &rows), 0);
}

/* The text, whose lines are whole again, after a check that it fits a terminal. */
static const char *text_of_rows(void)
{
	static char text[65536];
	struct output output;

	output_text(&output, text_sink, NULL);
	for (size_t i = 0; i < output.count; i++)
		if (text_columns(output.line[i]) > 80 && !go.stacks)
			fail_msg("too wide: %s", output.line[i]);
	text[0] = '\0';
	for (size_t i = 0; i < output.count; i++) {
		const bool goes_on = !strncmp(output.line[i], "        ", 8) && !go.stacks;

		if (goes_on)
			text[strlen(text) - 1] = ' ';
		assert_true(strlen(text) + strlen(output.line[i]) + 2 < sizeof(text));
		strcat(strcat(text, output.line[i] + (goes_on ? 8 : 0)), "\n");
	}
	output_free(&output);
	return text;
}

/* Checks that the text has @line, which may be broken there. */
static void check_text(const char *line)
{
	const char *text = text_of_rows();

	if (!strstr(text, line))
		fail_msg("without\n%s\n--- in\n%s", line, text);
}

static void tell(const char *line)
{
	make_rows();
	check_text(line);
}

static void make_received(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		make_goroutine(GO_WAITING, receiving, STARTER)->start = LEAKY;
		receive(make_timer(GO_TICKER, 200 * MS, NOW + 10 * MS));
	}
}

static void the_head_says_what_runs_and_how(void **state)
{
	(void)state;
	make_received(3);
	make_goroutine(GO_RUNNING, GO_NONE, 0);
	make_goroutine(GO_WAITING, receiving, 0)->system = true;
	make_timer(GO_FUNC, 0, NOW + 12 * H)->dead = true;
	made.runqueue_known = true;
	made.runqueue = 1;
	tell("\nleaky[4711], go1.22.12, build 0123456789ab…\n"
	     "  timers as before Go 1.23: a ticker stays armed until it is stopped\n"
	     "  4 goroutines: 3 waiting, 1 running; 1 more of the runtime\n"
	     "  GOMAXPROCS 2, 1 goroutine in the run queues\n"
	     "  3 timers armed, 1 dead (stopped, but not removed yet); next due in 10ms\n\n");
}

static void a_healthy_program_has_no_overdue_or_incomplete(void **state)
{
	struct output output;

	(void)state;
	make_rows();
	output_text(&output, text_sink, NULL);
	assert_false(has_line(&output, "OVERDUE"));
	assert_false(has_line(&output, "incomplete"));
	assert_true(has_line(&output, "  0 timers armed"));
	output_free(&output);
}

static void what_was_lost_is_told_by_name(void **state)
{
	(void)state;
	made.complete = false;
	tell("incomplete: the process went away while it was read\n");
	made.lost[GO_LOSS_TIMERS_MOVED] = 12;
	made.lost[GO_LOSS_NAMES] = 1;
	tell("  incomplete: 12 timers that moved while they were read (timers_moved), 1\n"
	     "  functions without a name (names)\n");
}

static void a_leak_is_a_line(void **state)
{
	(void)state;
	make_received(30);
	tell("    30  tickers of 200ms, received by main.leaky.func1 (created by main.leaky) at main.go:12\n");
}

static void an_unread_ticker_is_told_with_what_it_means(void **state)
{
	(void)state;
	make_timer(GO_TICKER, 100 * MS, NOW + 1)->full = true;
	tell("     1  ticker of 100ms, nobody receives, with a tick that nobody took, never "
	     "collected unless stopped\n");
	go.semantics = GO_SEMANTICS_SYNC;
	tell("     1  ticker of 100ms, nobody receives, with a tick that nobody took\n");
}

static void timers_that_nobody_waits_for_are_told_with_their_span(void **state)
{
	(void)state;
	for (int i = 0; i < 32; i++)
		make_timer(GO_TIMER, 0, NOW + 12 * 60 * S + i * 90 * S);
	tell("    32  timers (NewTimer or After), nobody receives, channel empty, due in "
	     "12m0s … 58m30s\n");
}

static void the_far_off_call_is_told(void **state)
{
	(void)state;
	make_timer(GO_FUNC, 0, NOW + 12 * H - 60 * S)->function = CLOSURE;
	tell("     1  AfterFunc main.main.func3, due in 11h59m\n");
}

static void sleeps_are_told_with_their_caller(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		make_goroutine(GO_WAITING, sleeping, MAIN)->since = NOW - 180 * S;
		receive(make_timer(GO_SLEEP, 0, NOW + 480 * MS));
	}
	tell("    50  Sleeps in main.handler < net/http.HandlerFunc.ServeHTTP at main.go:20, the last ends in "
	     "480ms\n");
	check_text(
		"    50  waiting in main.handler (created by main.main), sleep at main.go:20, the oldest 3m0s at "
		"least\n");
}

static void overdue_and_shared_tickers_are_told(void **state)
{
	(void)state;
	make_goroutine(GO_WAITING, receiving, STARTER);
	receive(make_timer(GO_TICKER, 10 * MS, NOW - 24 * MS));
	receive(&made_timer[0]);
	tell("     1  ticker of 10ms, received by main.leaky.func1 (created by main.leaky) at main.go:12, shared "
	     "by several goroutines, overdue by 24ms\n");
	check_text("\n  OVERDUE: 1 timer, by 24ms\n");
}

static void a_ticker_that_is_due_too_late_is_told(void **state)
{
	(void)state;
	make_timer(GO_TICKER, S, NOW + 12 * H);
	tell("due in 12h0m");
}

static void dead_timers_are_told_apart(void **state)
{
	struct output output;

	(void)state;
	make_timer(GO_CONTEXT, 0, NOW + S)->function = CLOSURE;
	for (int i = 0; i < 19; i++) {
		make_timer(GO_CONTEXT, 0, NOW + S)->function = CLOSURE;
		made_timer[made.timers - 1].dead = true;
	}
	make_timer(GO_SLEEP, 0, NOW + S)->dead = true;
	tell("     1  context deadline, due in 1.0s, 19 more dead\n");
	assert_int_equal(rows.timers, 2);
	output_text(&output, text_sink, NULL);
	assert_false(has_line(&output, "Sleep"));
	output_free(&output);
	check_text("  1 timer armed, 20 dead (stopped, but not removed yet); next due in 1.0s\n\n"
		   "     1  context");
}

static void goroutines_in_several_states_are_told_so(void **state)
{
	(void)state;
	make_goroutine(GO_WAITING, polling, MAIN)->polls = true;
	make_goroutine(GO_WAITING, polling, MAIN)->polls = true;
	made_goroutine[0].since = NOW - 60 * S;
	tell("     2  waiting in main.handler (created by main.main), IO wait at main.go:20, the "
	     "oldest 1m0s at least\n");
	make_goroutine(GO_SYSCALL, polling, MAIN);
	tell("     3  2 waiting, 1 in a system call in main.handler (created by main.main), IO wait at main.go:20, 2 for the network,");
	make_goroutine(GO_RUNNING, GO_NONE, STARTER)->start = LEAKY;
	tell("     1  running, begun in main.leaky.func1 (created by main.leaky)\n");
}

static void growth_is_told_and_its_absence_too(void **state)
{
	(void)state;
	make_received(2);
	make_rows();
	go.several = true;
	rows.samples = 2;
	check_text("too few snapshots to tell what grows: 2, and 6 are needed\n");
	rows.samples = 7;
	check_text("nothing was seen to keep growing in 7 snapshots\n");
	rows.grown = 1;
	rows.timer[0].growth =
		(struct growth){.grows = true, .per_s = 12, .from = 3.1, .to = 700.2};
	check_text(
		"     2  tickers of 200ms, received by main.leaky.func1 (created by main.leaky) at main.go:12, "
		"grows by 12.0/s from 3 to 700\n");
}

static void a_comparison_says_with_what(void **state)
{
	(void)state;
	make_received(2);
	make_rows();
	go.baseline_build_id = go.build_id;
	go.baseline_version = "go1.22.12";
	rows.unchanged = 5;
	rows.timer[0].change = (struct go_change){.compared = true, .grew = true, .before = 1};
	rows.goroutine[0].change = (struct go_change){.compared = true};
	check_text("  compared with the baseline of the same build: 2 rows new or grown, 5 not\n");
	check_text("(created by main.leaky) at main.go:12, 1 in the baseline\n");
	check_text("chan receive at main.go:12, new\n");
	go.baseline_build_id = "zzz";
	check_text("  compared with the baseline of another build, zzz (go1.22.12), so that\n"
		   "  functions may have other names: 2 rows");
}

static void stacks_are_told_to_those_who_ask(void **state)
{
	(void)state;
	make_received(1);
	go.stacks = true;
	tell("chan receive at\n        main.go:12\n          runtime.chanrecv  chan.go:9\n"
	     "          main.leaky.func1  /src/main.go:12\n");
	made_stack[receiving].cut = true;
	made_stack[receiving].pc[1] = 0xabc;
	tell("          0xabc\n          …\n");
}

static void what_was_cut_off_is_counted(void **state)
{
	(void)state;
	make_timer(GO_SLEEP, 0, NOW + S);
	make_timer(GO_TIMER, 0, NOW + S);
	view.limit = 1;
	tell("… 1 more row of timers: -n 0 shows all\n");
}

static void timers_that_name_no_function_lead_to_who_creates_them(void **state)
{
	static const char hint[] = "timers that name no function: dwell go --sites -p 4711 tells "
				   "who creates them\n";

	(void)state;
	make_timer(GO_TIMER, 0, NOW + S);
	tell(hint);
	view.by = GO_BY_KIND; /* none has a name */
	make_rows();
	assert_null(strstr(text_of_rows(), hint));
	view.by = GO_BY_SITE;
	made.timers = 0;
	make_received(2);
	make_rows();
	assert_null(strstr(text_of_rows(), hint));
}

static void an_exited_process_says_so(void **state)
{
	(void)state;
	go.exited = true;
	go.layout_known = false;
	tell("has exited meanwhile");
	check_text("a version that dwell does not know");
}

static void the_librarys_lines_are_not_told(void **state)
{
	(void)state;
	make_goroutine(GO_WAITING, make_stack(POLL, 0, 0), MAIN);
	tell("waiting in internal/poll.runtime_pollWait (created by main.main), IO wait\n");
}

/* ---- names ------------------------------------------------------------------------- */

static const char *named(const char *name)
{
	static struct go_line line;

	line = (struct go_line){0};
	go_line_name(&line, name);
	assert_in_range(text_columns(line.text), 0, 60);
	return line.text;
}

static void long_names_lose_their_path_first(void **state)
{
	char name[400];

	(void)state;
	assert_string_equal(named("main.main"), "main.main");
	assert_string_equal(
		named("github.com/example/some-organisation/service/v2/internal/pkg.(*Server).run"),
		"…/pkg.(*Server).run");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(text_columns(named(name)), 60);
	memset(name, '\x1b', sizeof(name) - 1);
	assert_non_null(strstr(named(name), "\\x1b…\\x1b"));
	memcpy(name, "a/b/", 4);
	assert_non_null(strstr(named(name), "a/b/\\x1b"));
	for (size_t i = 0; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "\xe6\x97\xa5", 3); /* a character of two columns */
	assert_in_range(text_columns(named(name)), 57, 60);
}

static void hostile_names_are_escaped(void **state)
{
	(void)state;
	name_at(99, "main.\x1b[2J\n", "/tmp/\x1b.go", 1);
	make_timer(GO_FUNC, 0, NOW + S)->function = 99;
	go.comm = "a\nb";
	go.version = "go\x1b";
	go.build_id = "\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b";
	go.semantics_why = "\x1b";
	tell("AfterFunc main.\\x1b[2J\\x0a, due");
	check_text("a\\x0ab[4711], go\\x1b, build \\x1b");
}

/* ---- JSON ---------------------------------------------------------------------------- */

static void every_key_of_a_process_is_told(void **state)
{
	struct output output;

	(void)state;
	make_received(2);
	make_goroutine(GO_WAITING, receiving, 0)->system = true;
	make_timer(GO_FUNC, 0, NOW - 5 * MS)->function = CLOSURE;
	made.runqueue_known = true;
	made.runqueue = 3;
	made.complete = false;
	made.lost[GO_LOSS_STACKS_BROKEN] = 4;
	make_rows();
	output_json(&output, json_sink, NULL);
	check_keys(output.json[0],
		   "kind pid comm version build_id semantics semantics_why layout procs "
		   "goroutines states system_goroutines runqueue timers dead overdue "
		   "overdue_max_ns next_ns last_ns complete lost snapshot_ns");
	check_string(output.json[0], "kind", "go");
	check_string(output.json[0], "semantics", "old");
	check_string(output.json[0], "layout", "known");
	check_integer(output.json[0], "goroutines", 2);
	check_integer(output.json[0], "timers", 3);
	check_integer(output.json[0], "overdue", 1);
	check_integer(output.json[0], "overdue_max_ns", 5 * MS);
	check_integer(output.json[0], "next_ns", -5 * MS);
	check_integer(output.json[0], "last_ns", 10 * MS);
	check_keys(json_object_get(output.json[0], "lost"), "stacks_broken");
	check_keys(json_object_get(output.json[0], "states"),
		   "running runnable waiting syscall other");
	output_free(&output);
}

static void rows_that_are_left_out_are_counted(void **state)
{
	struct output output;

	(void)state;
	make_timer(GO_SLEEP, 0, NOW + S);
	make_timer(GO_TIMER, 0, NOW + S);
	make_timer(GO_FUNC, 0, NOW + S);
	view.limit = 1;
	make_rows();
	output_json(&output, json_sink, NULL);
	check_integer(output.json[0], "hidden_rows", 2);
	output_free(&output);
}

static void every_key_of_a_row_is_told(void **state)
{
	struct output output;

	(void)state;
	make_received(2);
	made_goroutine[1].since = NOW - S;
	make_timer(GO_FUNC, 0, NOW + S)->function = CLOSURE;
	make_rows();
	output_json(&output, json_sink, NULL);
	assert_int_equal(output.count, 4);
	check_keys(output.json[1],
		   "kind pid what period_ns count dead owner created_by received "
		   "received_count crowded full overdue overdue_max_ns next_ns last_ns stack at");
	check_string(output.json[1], "what", "ticker");
	check_integer(output.json[1], "count", 2);
	check_string(output.json[1], "owner", "main.leaky.func1");
	check_string(output.json[1], "created_by", "main.leaky");
	assert_true(json_is_true(json_object_get(output.json[1], "received")));
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(output.json[1], "at"), 1)),
		"/src/main.go:12");
	check_keys(output.json[2], "kind pid what period_ns count dead owner overdue "
				   "overdue_max_ns next_ns last_ns");
	check_keys(output.json[3], "kind pid count state states created_by place wait start polls "
				   "oldest_ns stack at");
	check_string(output.json[3], "kind", "goroutines");
	check_string(output.json[3], "state", "waiting");
	check_integer(output.json[3], "oldest_ns", S);
	output_free(&output);
}

static void some_receivers_are_not_all(void **state)
{
	struct output output;

	(void)state;
	view.by = GO_BY_KIND;
	make_received(2);
	make_timer(GO_TICKER, 200 * MS, NOW + S);
	tell("     3  tickers of 200ms, 2 of them received");
	output_json(&output, json_sink, NULL);
	assert_true(json_is_false(json_object_get(output.json[1], "received")));
	check_integer(output.json[1], "received_count", 2);
	output_free(&output);
}

static void growth_and_changes_have_keys(void **state)
{
	struct output output;

	(void)state;
	make_received(2);
	make_rows();
	go.several = true;
	go.baseline_build_id = "b";
	rows.samples = GROWTH_SAMPLES;
	rows.timer[0].growth = (struct growth){.grows = true, .per_s = 1, .from = 2, .to = 3};
	rows.timer[0].change = (struct go_change){.compared = true, .grew = true, .before = 7};
	output_json(&output, json_sink, NULL);
	check_integer(output.json[0], "samples", GROWTH_SAMPLES);
	check_string(output.json[0], "baseline_build_id", "b");
	check_keys(json_object_get(output.json[1], "growth"), "per_s from to grows");
	check_integer(output.json[1], "before", 7);
	assert_true(json_is_true(json_object_get(output.json[1], "grew")));
	check_keys(json_object_get(output.json[2], "growth"), "grows");
	assert_null(json_object_get(output.json[2], "before"));
	output_free(&output);
}

static int header_sink(FILE *out, const struct report *report)
{
	return go_json_header(out, report, GO_BY_SITE);
}

static int refused_sink(FILE *out, const struct report *report)
{
	(void)report;
	return go_json_refused(out, 12, "a\xff", GO_REFUSED_OLD);
}

static void header_and_refusals_are_lines(void **state)
{
	const struct report host = {.version = "1", .kernel = "6", .cpus = 2};
	struct output output;

	(void)state;
	output_json(&output, header_sink, &host);
	check_keys(output.json[0], "kind schema version kernel cpus command by");
	check_string(output.json[0], "command", "go");
	output_free(&output);
	output_json(&output, refused_sink, NULL);
	check_keys(output.json[0], "kind pid comm reason");
	check_string(output.json[0], "reason", "old");
	output_free(&output);
}

static void a_full_disk_is_an_error(void **state)
{
	FILE *out = fopen("/dev/full", "we");
	const struct report host = {.version = "1", .host = "h", .kernel = "6", .cpus = 2};

	(void)state;
	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	make_received(2);
	make_rows();
	assert_int_equal(go_text(out, &go), -ENOSPC);
	clearerr(out);
	assert_int_equal(go_json(out, &go), -ENOSPC);
	clearerr(out);
	assert_int_equal(go_text_header(out, &host), -ENOSPC);
	fclose(out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_head_says_what_runs_and_how),
		TEST(a_healthy_program_has_no_overdue_or_incomplete),
		TEST(what_was_lost_is_told_by_name),
		TEST(a_leak_is_a_line),
		TEST(an_unread_ticker_is_told_with_what_it_means),
		TEST(timers_that_nobody_waits_for_are_told_with_their_span),
		TEST(the_far_off_call_is_told),
		TEST(sleeps_are_told_with_their_caller),
		TEST(overdue_and_shared_tickers_are_told),
		TEST(a_ticker_that_is_due_too_late_is_told),
		TEST(dead_timers_are_told_apart),
		TEST(goroutines_in_several_states_are_told_so),
		TEST(growth_is_told_and_its_absence_too),
		TEST(a_comparison_says_with_what),
		TEST(stacks_are_told_to_those_who_ask),
		TEST(what_was_cut_off_is_counted),
		TEST(timers_that_name_no_function_lead_to_who_creates_them),
		TEST(an_exited_process_says_so),
		TEST(the_librarys_lines_are_not_told),
		TEST(long_names_lose_their_path_first),
		TEST(hostile_names_are_escaped),
		TEST(every_key_of_a_process_is_told),
		TEST(rows_that_are_left_out_are_counted),
		TEST(every_key_of_a_row_is_told),
		TEST(some_receivers_are_not_all),
		TEST(growth_and_changes_have_keys),
		TEST(header_and_refusals_are_lines),
		TEST(a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests_name("go", tests, NULL, NULL);
}
