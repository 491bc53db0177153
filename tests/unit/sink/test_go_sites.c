// SPDX-License-Identifier: GPL-2.0-only
/* Tests of go_sites_text.c and go_sites_json.c: rows, stacks, lateness, losses and cost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "sink/go_sites.h"

#define MS 1000000ULL
#define S 1000000000ULL

/* ---- a report made by hand ------------------------------------------------------------- */

/* Return addresses, each behind the call that is named. */
enum { TICKER = 11, LEAKY, UNNAMED, MAIN, EXIT };

/* Stands in for the symbols. */
size_t go_symbols_frames(struct go_symbols *symbols, uint64_t pc, const struct go_frame **frames)
{
	static const struct go_frame ticker[] = {
		{.function = "time.NewTicker", .file = "/go/tick.go", .line = 36}};
	static const struct go_frame leaky[] = {
		{.function = "main.inlined", .file = "/src/a.go", .line = 7},
		{.function = "main.leaky\x1b[2J", .file = "/src/a\n.go", .line = 12},
		{.function = "main.leaky.gowrap1", .wrapper = true}};
	static const struct go_frame main[] = {{.function = "main.main"}};
	static const struct go_frame end[] = {{.function = "runtime.goexit"}};

	(void)symbols;
	*frames = pc == TICKER - 1 ? ticker : pc == LEAKY - 1 ? leaky : pc == MAIN - 1 ? main : end;
	return pc == UNNAMED - 1 ? 0 : pc == LEAKY - 1 ? 3 : 1;
}

static struct go_sites_row row[2];
static struct go_sites_report report;

static int set_up(void **state)
{
	(void)state;
	row[0] = (struct go_sites_row){
		.key = {.period_ns = 200 * MS, .pc = {TICKER, LEAKY, UNNAMED, MAIN, EXIT}},
		.created = 30,
		.fired = 4500,
		.live = 30,
		.oldest_ns = 29 * S,
	};
	row[1] = (struct go_sites_row){
		.key = {.pc = {MAIN}}, .created = 7, .stopped = 4, .reset = 2, .dropped = 3};
	report = (struct go_sites_report){
		.pid = 4711,
		.comm = "le\x1b"
			"aky",
		.version = "go1.24.4",
		.window_ns = 30 * S,
		.limit = 50000,
		.row = row,
		.rows = 2,
		.total = {.created = 37,
			  .stopped = 4,
			  .reset = 2,
			  .fired = 4500,
			  .live = 30,
			  .dropped = 3,
			  .oldest_ns = 29 * S},
		.reconciled = true,
		.probes = 5,
		.hits = 4543,
		.trap_ns = 500,
		.run_ns = 700,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dist_clear(&report.lateness);
	dist_clear(&report.kernel);
	return 0;
}

/* What @sink writes; the caller frees it. */
static char *written(int (*sink)(FILE *out, const struct go_sites_report *report))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(sink(out, &report), 0);
	fclose(out);
	return text;
}

static void expect_text(const char *expected)
{
	char *text = written(go_sites_text);

	if (!strstr(text, expected))
		fail_msg("\"%s\" is not in:\n%s", expected, text);
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || (unsigned char)*c >= ' ');
	free(text);
}

static void expect_no_text(const char *unexpected)
{
	char *text = written(go_sites_text);

	if (strstr(text, unexpected))
		fail_msg("\"%s\" is in:\n%s", unexpected, text);
	free(text);
}

/* The line @at of JSON; the caller drops its reference. */
static json_t *line(size_t at)
{
	char *text = written(go_sites_json), *begin = text;
	json_t *json;

	while (at--) {
		begin = strchr(begin, '\n');
		assert_non_null(begin);
		begin++;
	}
	*strchrnul(begin, '\n') = '\0';
	json = json_loads(begin, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	free(text);
	return json;
}

static void expect_json(size_t at, const char *expected)
{
	json_t *json = line(at);
	char *text = json_dumps(json, JSON_COMPACT);

	if (!strstr(text, expected))
		fail_msg("'%s' is not in:\n%s", expected, text);
	free(text);
	json_decref(json);
}

/* ---- text ---------------------------------------------------------------------------- */

static void the_heading_says_of_whom_and_how_long(void **state)
{
	(void)state;
	expect_text("4711 le\\x1baky, go1.24.4: timers created within 30s\n");
	report.end = GO_SITES_END_GUARD;
	expect_text("ended early: more than 50000 calls a second\n");
	report.end = GO_SITES_END_EXITED;
	expect_text("then the process exited\n");
}

static void a_row_has_its_stack_below_it(void **state)
{
	(void)state;
	expect_text("       30       30        0        0     4500        0  each 200ms, oldest "
		    "29s\n"
		    "           time.NewTicker  /go/tick.go:36\n"
		    "           main.inlined  /src/a.go:7\n"
		    "           main.leaky\\x1b[2J  /src/a\\x0a.go:12\n"
		    "           0xc\n"
		    "           main.main\n"
		    "        0        7        4        2        0        3  once\n"
		    "           main.main\n"
		    "       30       37        4        2     4500        3  in all\n");
	expect_no_text("goexit");
	expect_no_text("gowrap1");
}

static void what_was_not_reconciled_is_not_told(void **state)
{
	(void)state;
	report.reconciled = false;
	report.total.dropped = row[1].dropped = 0;
	expect_text("        0        7        4        2        0        -  once\n");
	expect_no_text("dropped:");
}

static void rows_that_are_hidden_are_counted(void **state)
{
	(void)state;
	report.rows = 1;
	report.hidden = 1;
	expect_text("1 more row is not shown\n");
	expect_text("  in all\n");
}

static void no_timer_is_told_as_none(void **state)
{
	(void)state;
	report.rows = 0;
	expect_text("none\n");
}

static void lateness_stands_beside_the_kernels(void **state)
{
	(void)state;
	assert_int_equal(dist_add(&report.lateness, dwell_bucket(5 * MS), 3), 0);
	report.lateness.max = 5 * MS;
	expect_text("TIMERS LATE  as of Go\n  from  2.1ms        3\n");
	report.has_kernel = true;
	assert_int_equal(dist_add(&report.kernel, dwell_bucket(100), 2), 0);
	report.kernel.max = 100;
	expect_text("TIMERS LATE  as of Go  kernel\n  from      0        0        2\n");
	expect_text("  from  2.1ms        3        0\n");
	expect_text("  max            5.0ms    100ns\n");
}

static void no_timer_has_no_lateness(void **state)
{
	(void)state;
	report.has_kernel = true;
	assert_int_equal(dist_add(&report.kernel, dwell_bucket(100), 2), 0);
	report.kernel.max = 100;
	expect_text("\n  p99                -    100ns\n");
	expect_text("\n  max                -    100ns\n");
}

static void losses_and_cost_stand_at_the_end(void **state)
{
	(void)state;
	expect_text("nothing lost\ncost: 4543 calls met one of 5 probes: 0.02 % of a CPU\n"
		    "  each 1200 ns longer: 500 ns by the probe, 700 ns to count\n");
	report.lost[GO_SITES_LOSS_SITES_FULL] = 12;
	report.trap_ns = 0;
	report.others.fired = 99;
	expect_text("lost: 12 timers created in more places than are kept (sites_full)\n"
		    "cost: 4543 calls met one of 5 probes\n");
	expect_text(
		"other timers, older ones, Sleep and deadlines: 0 stopped, 0 reset, 99 fired\n");
}

/* ---- JSON ------------------------------------------------------------------------------ */

static void a_row_is_an_object(void **state)
{
	(void)state;
	expect_json(0,
		    "{\"kind\":\"go_sites\",\"pid\":4711,\"created\":30,\"stopped\":0,\"reset\":0,"
		    "\"fired\":4500,\"live\":30,\"dropped\":0,\"oldest_ns\":29000000000,"
		    "\"period_ns\":200000000,\"stack\":[\"time.NewTicker\",\"main.inlined\",");
	expect_json(0, "\"0xc\",\"main.main\",\"runtime.goexit\"],\"at\":[\"/go/tick.go:36\","
		       "\"/src/a.go:7\",");
	expect_json(0, ",\"\",\"\",\"\"]}");
	expect_json(
		1,
		"\"live\":0,\"dropped\":3,\"period_ns\":0,\"stack\":[\"main.main\"],\"at\":[\"\"]}");
}

static void the_last_object_is_on_all_of_it(void **state)
{
	(void)state;
	expect_json(2, "{\"kind\":\"go_sites_cost\",\"pid\":4711,");
	expect_json(2, "\"version\":\"go1.24.4\",\"window_ns\":30000000000,\"ended\":\"duration\","
		       "\"created\":37,\"stopped\":4,\"reset\":2,\"fired\":4500,\"live\":30,"
		       "\"dropped\":3,");
	expect_json(2,
		    "\"others\":{\"stopped\":0,\"reset\":0,\"fired\":0},\"lateness\":{\"count\":0,"
		    "\"sum_ns\":0,\"max_ns\":0},\"probes\":5,\"hits\":4543,\"limit_per_s\":50000,"
		    "\"probe_ns\":500.0,\"count_ns\":700.0,\"cpu_ratio\":");
	expect_json(2, "\"lost\":{}}");
}

static void what_is_not_known_is_absent_in_json(void **state)
{
	json_t *json;

	(void)state;
	report.reconciled = false;
	report.trap_ns = 0;
	report.lost[GO_SITES_LOSS_MISSED] = 2;
	report.end = GO_SITES_END_GUARD;
	json = line(2);
	assert_null(json_object_get(json, "dropped"));
	assert_null(json_object_get(json, "probe_ns"));
	assert_null(json_object_get(json, "cpu_ratio"));
	assert_null(json_object_get(json, "kernel_lateness"));
	assert_string_equal(json_string_value(json_object_get(json, "ended")), "guard");
	json_decref(json);
	expect_json(2, "\"lost\":{\"missed\":2}}");
}

static void a_disk_that_is_full_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(go_sites_text(full, &report), -ENOSPC);
	clearerr(full);
	assert_int_equal(go_sites_json(full, &report), -ENOSPC);
	fclose(full);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_heading_says_of_whom_and_how_long),
		TEST(a_row_has_its_stack_below_it),
		TEST(what_was_not_reconciled_is_not_told),
		TEST(rows_that_are_hidden_are_counted),
		TEST(no_timer_is_told_as_none),
		TEST(lateness_stands_beside_the_kernels),
		TEST(no_timer_has_no_lateness),
		TEST(losses_and_cost_stand_at_the_end),
		TEST(a_row_is_an_object),
		TEST(the_last_object_is_on_all_of_it),
		TEST(what_is_not_known_is_absent_in_json),
		TEST(a_disk_that_is_full_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
