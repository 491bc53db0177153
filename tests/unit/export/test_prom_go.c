// SPDX-License-Identifier: GPL-2.0-only
/* Tests of what the service exports of Go programs: sums by comm, names, bounds, the format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/prom_go.h"

#include "harness/exposition.h"

#define ROWS 3000

/* The rows of a made-up process. */
struct process {
	struct go_snapshot snapshot;
	struct go_rows rows;
	struct go_timer_row timer[ROWS];
	struct go_goroutine_row goroutine[ROWS];
};

static struct process *process_new(void)
{
	struct process *process = calloc(1, sizeof(*process));

	assert_non_null(process);
	process->snapshot.runqueue_known = true;
	process->rows.timer = process->timer;
	process->rows.goroutine = process->goroutine;
	return process;
}

static void timers(struct process *process, enum go_timer_kind kind, const char *owner,
		   uint64_t period, uint64_t count)
{
	assert_true(process->rows.timers < ROWS);
	process->timer[process->rows.timers++] = (struct go_timer_row){
		.kind = kind, .period_ns = period, .count = count, .owner = owner};
	process->rows.armed += count;
}

static void goroutines(struct process *process, const char *creator, const char *place,
		       uint64_t count)
{
	assert_true(process->rows.goroutines < ROWS);
	process->goroutine[process->rows.goroutines++] =
		(struct go_goroutine_row){.count = count, .creator = creator, .place = place};
}

static void add(struct go_series *series, const char *comm, const struct process *process)
{
	struct go_figures figures;

	assert_int_equal(go_figures_make(&process->snapshot, &process->rows, &figures), 0);
	assert_int_equal(go_series_add(series, comm, &figures), 0);
	go_figures_clear(&figures);
}

static void update(struct go_series *series, const char *comm, const struct process *process)
{
	go_series_begin(series);
	add(series, comm, process);
	assert_int_equal(go_series_end(series), 0);
}

static struct exposition export(const struct go_series *series, const struct go_census *census)
{
	struct exposition exposition;
	size_t bytes;
	char *text;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	if (series)
		prom_go_programs(out, series);
	if (census)
		prom_go_census(out, census);
	fclose(out);
	exposition_parse(&exposition, text, bytes);
	free(text);
	return exposition;
}

static void check(const struct exposition *exposition, const char *name, const char *expected)
{
	const char *value = exposition_value(exposition, name);

	if (!value || strcmp(value, expected))
		print_error("%s is %s\n", name, value ? value : "not there");
	assert_non_null(value);
	assert_string_equal(value, expected);
}

/* Has the last rows stand for many others. */
static void are_others(struct process *process)
{
	process->timer[process->rows.timers - 1].others = true;
	process->goroutine[process->rows.goroutines - 1].others = true;
}

/* The sum over all series that begin with @prefix. */
static uint64_t sum_of(const struct exposition *exposition, const char *prefix)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < exposition->samples; i++)
		if (!strncmp(exposition->sample[i].series, prefix, strlen(prefix)))
			sum += strtoull(exposition->sample[i].value, NULL, 10);
	return sum;
}

/* ---- sums ---------------------------------------------------------------------- */

static void rows_of_one_owner_are_one_series(void **state)
{
	static const char owner[] = "main.leaky.func1", creator[] = "main.leaky";
	struct go_series *series = go_series_new(5);
	struct process *process = process_new();
	struct exposition exposition;

	(void)state;
	timers(process, GO_TICKER, owner, 200000000, 30);
	timers(process, GO_SLEEP, owner, 0, 4);
	timers(process, GO_TICKER, NULL, 0, 2);
	timers(process, GO_TICKER, owner, 500000000, 3);
	timers(process, GO_FUNC, "dead.one", 0, 0); /* all of these are dead */
	goroutines(process, creator, "a", 7);
	goroutines(process, NULL, "main", 1);
	goroutines(process, creator, "b", 8);
	process->rows.dead = 5;
	process->rows.overdue = 6;
	process->rows.overdue_max_ns = 1500000000;
	process->snapshot.runqueue = 9;
	update(series, "leaky", process);
	exposition = export(series, NULL);
	check(&exposition,
	      "dwell_go_timers{comm=\"leaky\",kind=\"ticker\",owner=\"main.leaky.func1\"}", "33");
	check(&exposition,
	      "dwell_go_timers{comm=\"leaky\",kind=\"sleep\",owner=\"main.leaky.func1\"}", "4");
	check(&exposition, "dwell_go_timers{comm=\"leaky\",kind=\"ticker\",owner=\"~none\"}", "2");
	assert_int_equal(sum_of(&exposition, "dwell_go_timers{"), process->rows.armed);
	assert_null(exposition_value(
		&exposition, "dwell_go_timers{comm=\"leaky\",kind=\"func\",owner=\"dead.one\"}"));
	check(&exposition, "dwell_go_goroutines{comm=\"leaky\",creator=\"main.leaky\"}", "15");
	check(&exposition, "dwell_go_goroutines{comm=\"leaky\",creator=\"~none\"}", "1");
	check(&exposition, "dwell_go_comm_processes{comm=\"leaky\"}", "1");
	check(&exposition, "dwell_go_timers_dead{comm=\"leaky\"}", "5");
	check(&exposition, "dwell_go_timers_overdue{comm=\"leaky\"}", "6");
	check(&exposition, "dwell_go_timer_overdue_seconds{comm=\"leaky\"}", "1.5");
	check(&exposition, "dwell_go_runqueue_length{comm=\"leaky\"}", "9");
	exposition_free(&exposition);
	go_series_free(series);
	free(process);
}

static void processes_of_one_comm_are_added_up(void **state)
{
	struct go_series *series = go_series_new(5);
	struct process *one = process_new(), *other = process_new();
	struct exposition exposition;

	(void)state;
	timers(one, GO_TICKER, "main.tick", 1, 10);
	timers(other, GO_TICKER, "main.tick", 1, 5);
	goroutines(one, "main.main", "x", 3);
	goroutines(other, "main.main", "x", 4);
	one->rows.overdue_max_ns = 7;
	other->rows.overdue_max_ns = 3;
	one->snapshot.runqueue = 2;
	other->snapshot.runqueue = 1;
	go_series_begin(series);
	add(series, "web", one);
	add(series, "web", other);
	add(series, "db", other);
	assert_int_equal(go_series_end(series), 0);
	exposition = export(series, NULL);
	check(&exposition, "dwell_go_timers{comm=\"web\",kind=\"ticker\",owner=\"main.tick\"}",
	      "15");
	check(&exposition, "dwell_go_timers{comm=\"db\",kind=\"ticker\",owner=\"main.tick\"}", "5");
	check(&exposition, "dwell_go_goroutines{comm=\"web\",creator=\"main.main\"}", "7");
	check(&exposition, "dwell_go_comm_processes{comm=\"web\"}", "2");
	check(&exposition, "dwell_go_timer_overdue_seconds{comm=\"web\"}", "0.000000007");
	check(&exposition, "dwell_go_runqueue_length{comm=\"web\"}", "3");
	exposition_free(&exposition);

	/* Of one of them it is not known: the sum is not either. */
	other->snapshot.runqueue_known = false;
	go_series_begin(series);
	add(series, "web", one);
	add(series, "web", other);
	assert_int_equal(go_series_end(series), 0);
	exposition = export(series, NULL);
	assert_null(exposition_value(&exposition, "dwell_go_runqueue_length{comm=\"web\"}"));
	/* And who has gone has no series any more. */
	assert_int_equal(sum_of(&exposition, "dwell_go_comm_processes{comm=\"db\""), 0);
	assert_int_equal(go_series_count(series), 1);
	exposition_free(&exposition);
	go_series_free(series);
	free(one);
	free(other);
}

static void an_owner_without_timers_is_at_zero_while_it_is_named(void **state)
{
	struct go_series *series = go_series_new(2);
	struct process *busy = process_new(), *idle = process_new();
	struct exposition exposition;

	(void)state;
	timers(busy, GO_TICKER, "main.tick", 1, 10);
	update(series, "web", busy);
	update(series, "web", idle);
	exposition = export(series, NULL);
	check(&exposition, "dwell_go_timers{comm=\"web\",kind=\"ticker\",owner=\"main.tick\"}",
	      "0");
	check(&exposition, "dwell_go_timers_dead{comm=\"web\"}", "0");
	exposition_free(&exposition);
	go_series_free(series);
	free(busy);
	free(idle);
}

static void what_has_no_row_of_its_own_is_among_the_others(void **state)
{
	struct go_series *series = go_series_new(5);
	struct process *process = process_new();
	struct exposition exposition;

	(void)state;
	timers(process, GO_CONTEXT, NULL, 0, 50);
	goroutines(process, NULL, NULL, 60);
	are_others(process);
	timers(process, GO_CONTEXT, NULL, 0, 5);
	goroutines(process, NULL, NULL, 6);
	update(series, "web", process);
	exposition = export(series, NULL);
	check(&exposition, "dwell_go_timers{comm=\"web\",kind=\"context\",owner=\"~other\"}", "50");
	check(&exposition, "dwell_go_timers{comm=\"web\",kind=\"context\",owner=\"~none\"}", "5");
	check(&exposition, "dwell_go_goroutines{comm=\"web\",creator=\"~other\"}", "60");
	check(&exposition, "dwell_go_goroutines{comm=\"web\",creator=\"~none\"}", "6");
	exposition_free(&exposition);
	go_series_free(series);
	free(process);
}

/* ---- bounds --------------------------------------------------------------------- */

static char owner_names[ROWS][24];

static void name_owners(void)
{
	for (int i = 0; i < ROWS; i++)
		snprintf(owner_names[i], sizeof(owner_names[i]), "main.f%d", i);
}

static void so_many_are_named_and_the_sum_is_whole(void **state)
{
	struct go_series *series = go_series_new(3);
	struct process *process = process_new();
	struct exposition exposition;

	(void)state;
	name_owners();
	for (int i = 0; i < ROWS; i++) {
		timers(process, i % 2 ? GO_TICKER : GO_CONTEXT, owner_names[i], 1, 1 + i);
		goroutines(process, owner_names[i], "x", 1 + i);
	}
	update(series, "web", process);
	exposition = export(series, NULL);
	assert_int_equal(sum_of(&exposition, "dwell_go_timers{"), ROWS * (ROWS + 1) / 2);
	assert_int_equal(sum_of(&exposition, "dwell_go_goroutines{"), ROWS * (ROWS + 1) / 2);
	check(&exposition, "dwell_go_timers{comm=\"web\",kind=\"ticker\",owner=\"main.f2999\"}",
	      "3000");
	check(&exposition, "dwell_go_timers{comm=\"web\",kind=\"context\",owner=\"main.f2998\"}",
	      "2999");
	check(&exposition, "dwell_go_goroutines{comm=\"web\",creator=\"main.f2997\"}", "2998");
	assert_null(exposition_value(&exposition,
				     "dwell_go_goroutines{comm=\"web\",creator=\"main.f2996\"}"));
	/* Three and the others of two kinds; three and the others. */
	assert_int_equal(go_series_at(series, 0)->lines, 5 + 4);
	exposition_free(&exposition);
	go_series_free(series);
	free(process);
}

/* Updates in which @big has @count timers, until it is named; at most 20. */
static int updates_until_named(struct go_series *series, struct process *process, const char *big)
{
	for (int i = 1; i <= 20; i++) {
		struct exposition exposition;
		char name[128];
		bool named;

		update(series, "web", process);
		exposition = export(series, NULL);
		snprintf(name, sizeof(name),
			 "dwell_go_timers{comm=\"web\",kind=\"ticker\",owner=\"%s\"}", big);
		named = exposition_value(&exposition, name);
		assert_int_equal(sum_of(&exposition, "dwell_go_timers{"), process->rows.armed);
		exposition_free(&exposition);
		if (named)
			return i;
	}
	return 0;
}

static void a_larger_one_takes_a_place_after_four_updates(void **state)
{
	struct go_series *series = go_series_new(2);
	struct process *process = process_new();

	(void)state;
	timers(process, GO_TICKER, "a", 1, 10);
	timers(process, GO_TICKER, "b", 1, 100);
	update(series, "web", process);
	timers(process, GO_TICKER, "c", 1, 20);
	assert_int_equal(updates_until_named(series, process, "c"), 0);
	timers(process, GO_TICKER, "d", 1, 21);
	assert_int_equal(updates_until_named(series, process, "d"), 4);
	/* The smallest made room. */
	assert_int_equal(updates_until_named(series, process, "b"), 1);
	assert_int_equal(updates_until_named(series, process, "a"), 0);
	go_series_free(series);
	free(process);
}

static void one_large_update_takes_no_place(void **state)
{
	struct go_series *series = go_series_new(1);
	struct process *calm = process_new(), *burst = process_new();

	(void)state;
	timers(calm, GO_TICKER, "a", 1, 10);
	timers(calm, GO_TICKER, "b", 1, 1);
	timers(burst, GO_TICKER, "a", 1, 10);
	timers(burst, GO_TICKER, "b", 1, 1000);
	update(series, "web", calm);
	for (int i = 0; i < 10; i++) {
		for (int j = 0; j < 3; j++)
			update(series, "web", burst);
		update(series, "web", calm);
	}
	assert_int_equal(updates_until_named(series, calm, "a"), 1);
	assert_int_equal(updates_until_named(series, calm, "b"), 0);
	go_series_free(series);
	free(calm);
	free(burst);
}

static void each_newcomer_takes_a_place_of_its_own(void **state)
{
	struct go_series *series = go_series_new(10);
	struct process *process = process_new();

	(void)state;
	name_owners();
	for (int i = 0; i < 10; i++)
		timers(process, GO_TICKER, owner_names[i], 1, 10);
	update(series, "web", process);
	timers(process, GO_TICKER, "x", 1, 100);
	timers(process, GO_TICKER, "y", 1, 101);
	assert_int_equal(updates_until_named(series, process, "x"), 4);
	assert_int_equal(updates_until_named(series, process, "y"), 1);
	assert_int_equal(go_series_at(series, 0)->lines, 10 + 1);
	go_series_free(series);
	free(process);
}

#define STRANGERS 10000

/* A process whose owners are others at each update: names do not pile up. */
static void names_that_never_return_are_forgotten(void **state)
{
	char(*name)[24] = calloc(STRANGERS, sizeof(*name));
	struct go_series *series = go_series_new(4);
	struct process *process = process_new();

	(void)state;
	for (int i = 0; i < STRANGERS; i++)
		snprintf(name[i], sizeof(name[i]), "main.s%d", i);
	for (int i = 0; i < STRANGERS; i += 50) {
		process->rows.timers = 0;
		for (int j = 0; j < 50; j++)
			timers(process, GO_TICKER, name[i + j], 1, 1);
		update(series, "web", process);
		assert_true(go_series_at(series, 0)->lines <= 5);
	}
	process->rows.timers = process->rows.armed = 0;
	timers(process, GO_TICKER, "last", 1, 3);
	assert_int_equal(updates_until_named(series, process, "last"), 4);
	go_series_free(series);
	free(process);
	free(name);
}

/* ---- names and the format --------------------------------------------------------- */

static void hostile_names_stay_within_their_quotes(void **state)
{
	static const char *const names[] = {"a\"} 1\nb 2",     "\\",	"\xff\x80",
					    "~other",	       "~none", "",
					    "\x1b[2J",	       " ",	"{}",
					    "type.(*T[...]).f"};
	struct go_series *series = go_series_new(50);
	struct process *process = process_new();
	struct exposition exposition;
	char long_name[1000];

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		timers(process, GO_TICKER, names[i], 1, 1);
		goroutines(process, names[i], names[i], 1);
	}
	timers(process, GO_TICKER, long_name, 1, 1);
	go_series_begin(series);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		add(series, names[i], process);
	assert_int_equal(go_series_end(series), 0);
	exposition = export(series, NULL);
	/* dwell's own names cannot be had by calling oneself so. */
	check(&exposition, "dwell_go_comm_processes{comm=\"~other\"}", "1");
	check(&exposition, "dwell_go_comm_processes{comm=\"\\\\x7eother\"}", "1");
	check(&exposition, "dwell_go_goroutines{comm=\" \",creator=\"~none\"}", "1");
	check(&exposition, "dwell_go_goroutines{comm=\" \",creator=\"\\\\x7enone\"}", "1");
	check(&exposition, "dwell_go_goroutines{comm=\" \",creator=\"type.(*T[...]).f\"}", "1");
	assert_int_equal(sum_of(&exposition, "dwell_go_timers{"), 10 * 11);
	exposition_free(&exposition);
	go_series_free(series);
	free(process);
}

static void without_a_program_there_is_no_family(void **state)
{
	struct go_series *series = go_series_new(5);
	struct go_census census = {0};
	struct exposition exposition;

	(void)state;
	go_series_begin(series);
	assert_int_equal(go_series_end(series), 0);
	exposition = export(series, &census);
	assert_string_equal(exposition.family[0].name, "dwell_go_processes");
	exposition_free(&exposition);
	go_series_free(series);
}

static void how_reading_went_is_told_even_of_nothing(void **state)
{
	struct go_census census = {0};
	struct exposition exposition;

	(void)state;
	exposition = export(NULL, &census);
	check(&exposition, "dwell_go_processes{state=\"read\"}", "0");
	check(&exposition, "dwell_go_processes{state=\"forbidden\"}", "0");
	check(&exposition, "dwell_go_lost_total{reason=\"timers_moved\"}", "0");
	check(&exposition, "dwell_go_restarts_total", "0");
	assert_null(exposition_value(&exposition, "dwell_go_read_timestamp_seconds"));
	assert_null(exposition_value(&exposition, "dwell_go_processes{state=\"not_go\"}"));
	assert_null(exposition_value(&exposition, "dwell_go_processes{state=\"exited\"}"));
	exposition_free(&exposition);
	for (int i = 0; i < GO_PROCESS_STATES; i++)
		census.processes[i] = 10 + i;
	for (int i = 0; i < GO_REFUSALS; i++)
		census.refused[i] = 20;
	census.refused[GO_REFUSED_FAILED] = 21;
	for (int i = 0; i < GO_LOSSES; i++)
		census.lost[i] = 30 + i;
	census.cpu_ns = 1500000000;
	census.restarts = 2;
	census.read = (struct timespec){.tv_sec = 1763724000, .tv_nsec = 250000000};
	exposition = export(NULL, &census);
	check(&exposition, "dwell_go_processes{state=\"read\"}", "10");
	check(&exposition, "dwell_go_processes{state=\"stuck\"}", "14");
	check(&exposition, "dwell_go_processes{state=\"old\"}", "20");
	check(&exposition, "dwell_go_processes{state=\"failed\"}", "21");
	check(&exposition, "dwell_go_lost_total{reason=\"timers_moved\"}", "30");
	check(&exposition, "dwell_go_lost_total{reason=\"timers_capped\"}", "31");
	check(&exposition, "dwell_go_cpu_seconds_total", "1.5");
	check(&exposition, "dwell_go_restarts_total", "2");
	check(&exposition, "dwell_go_read_timestamp_seconds", "1763724000.25");
	exposition_free(&exposition);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_one_owner_are_one_series),
		cmocka_unit_test(processes_of_one_comm_are_added_up),
		cmocka_unit_test(an_owner_without_timers_is_at_zero_while_it_is_named),
		cmocka_unit_test(what_has_no_row_of_its_own_is_among_the_others),
		cmocka_unit_test(so_many_are_named_and_the_sum_is_whole),
		cmocka_unit_test(a_larger_one_takes_a_place_after_four_updates),
		cmocka_unit_test(one_large_update_takes_no_place),
		cmocka_unit_test(each_newcomer_takes_a_place_of_its_own),
		cmocka_unit_test(names_that_never_return_are_forgotten),
		cmocka_unit_test(hostile_names_stay_within_their_quotes),
		cmocka_unit_test(without_a_program_there_is_no_family),
		cmocka_unit_test(how_reading_went_is_told_even_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
