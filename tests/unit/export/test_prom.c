// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the sink for Prometheus: every family, every rule of the format, values that grow. */
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/prom.h"

#include "harness/exposition.h"
#include "harness/unit/records.h"

#define TICK 0xffffffff81000300

static const struct prom_program programs[] = {{"dwell_switch", true}, {"dwell_wakeup", false}};

static const char *cgroup_name(void *context, uint64_t id)
{
	(void)context;
	return id == 1 ? "/a.slice" : NULL;
}

static struct prom prom_of(enum row_by by, size_t limit)
{
	const struct series_options options = {
		.by = by, .limit = limit, .naming = {.cgroup = cgroup_name}};
	struct prom prom = {
		.version = "1.2",
		.series = series_new(&options),
		.hidden_tasks = 12,
		.bpf_ns = 1500000000,
		.bpf_runs = 77,
		.cpu_ns = 20000001,
		.rss_bytes = 9000000,
		.overhead_ratio = 0.0125,
		.exported = {.tv_sec = 1763724000, .tv_nsec = 250000000},
		.export_ns = 2500000,
		.export_errors = 3,
		.journal_full = 4,
		.journal_failed = 5,
		.programs = programs,
		.nr_programs = 2,
	};

	assert_non_null(prom.series);
	for (int i = 0; i < DWELL_LOSSES; i++)
		prom.losses[i] = i + 1;
	for (int i = 0; i < DWELL_MEASURES; i++)
		prom.outliers[i] =
			(struct dwell_outlier_counts){.suppressed = 10 + i, .lost = 20 + i};
	return prom;
}

static void prom_clear(struct prom *prom)
{
	series_free((struct series *)prom->series);
}

static struct exposition export(const struct prom *prom)
{
	struct exposition exposition;
	size_t bytes;
	char *text;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(prom_write(out, prom), 0);
	fclose(out);
	exposition_parse(&exposition, text, bytes);
	free(text);
	return exposition;
}

static void update(const struct prom *prom, struct model *model, enum row_by by, int times)
{
	struct rows rows = rows_by(model, by);

	series_update((struct series *)prom->series, &rows, WINDOW_START + times * 15 * SECOND);
	rows_free(&rows);
}

static void check(const struct exposition *exposition, const char *series, const char *expected)
{
	const char *value = exposition_value(exposition, series);

	if (!value)
		print_error("no %s\n", series);
	assert_non_null(value);
	assert_string_equal(value, expected);
}

/* ---- values ------------------------------------------------------------------ */

/* One with a value of its own in every field. */
static void grow(struct dwell_record *record)
{
	record->oncpu_ns += 1500000001;
	for (int i = 0; i < DWELL_BLOCKS; i++)
		record->blocked_ns[i] += i * SECOND;
	record->armed += 26;
	record->cancelled += 28;
	record->expired += 29;
	record->sleeper = 1;
	for (int measure = 0; measure < DWELL_MEASURES; measure++)
		for (int i = 0; i <= measure; i++)
			record_measure(record, measure, (measure + 1) * 1024 - 1);
}

static void check_worker(const struct exposition *exposition)
{
	check(exposition, "dwell_timers_armed_total{comm=\"worker\"}", "26");
	check(exposition, "dwell_timers_cancelled_total{comm=\"worker\"}", "28");
	check(exposition, "dwell_timers_expired_total{comm=\"worker\"}", "29");
	check(exposition, "dwell_timers_outstanding{comm=\"worker\"}", "1");
	check(exposition, "dwell_tasks{comm=\"worker\"}", "1");
	check(exposition, "dwell_oncpu_seconds_total{comm=\"worker\"}", "1.500000001");
	check(exposition, "dwell_blocked_seconds_total{comm=\"worker\",state=\"S\"}", "0");
	check(exposition, "dwell_blocked_seconds_total{comm=\"worker\",state=\"D\"}", "1");
	check(exposition, "dwell_blocked_seconds_total{comm=\"worker\",state=\"other\"}", "4");
	check(exposition, "dwell_dwell_seconds_bucket{comm=\"worker\",le=\"0.000001023\"}", "1");
	check(exposition, "dwell_dwell_seconds_count{comm=\"worker\"}", "1");
	check(exposition, "dwell_timer_lateness_seconds_bucket{comm=\"worker\",le=\"0.000004095\"}",
	      "0");
	check(exposition, "dwell_timer_lateness_seconds_bucket{comm=\"worker\",le=\"0.000008191\"}",
	      "5");
	check(exposition, "dwell_timer_lateness_seconds_sum{comm=\"worker\"}", "0.000025595");
	check(exposition, "dwell_timer_latency_seconds_count{comm=\"worker\"}", "6");
	check(exposition, "dwell_runqueue_latency_seconds_count{comm=\"worker\",cause=\"woken\"}",
	      "2");
	check(exposition,
	      "dwell_runqueue_latency_seconds_count{comm=\"worker\",cause=\"preempted\"}", "4");
	check(exposition,
	      "dwell_runqueue_latency_seconds_bucket{comm=\"worker\",cause=\"throttled\","
	      "le=\"+Inf\"}",
	      "7");
	check(exposition, "dwell_outliers_total{comm=\"worker\",kind=\"runqueue\"}", "2");
	check(exposition, "dwell_outliers_total{comm=\"worker\",kind=\"blocked\"}", "0");
}

static void a_groups_values_are_its_growth(void **state)
{
	struct prom prom = prom_of(ROW_BY_COMM, 5);
	struct model *model = new_model(10);
	struct dwell_record record = record_of(10, 11, 5, "worker", 2);
	struct dwell_outlier outlier = {.comm = "worker"};
	struct exposition exposition;

	(void)state;
	for (int i = 0; i < 2; i++) {
		add_as(model, &record, DWELL_LIVE);
		update(&prom, model, ROW_BY_COMM, i);
		grow(&record);
	}
	add_as(model, &record, DWELL_LIVE);
	outlier.measure = DWELL_WOKEN;
	series_count_outlier((struct series *)prom.series, &outlier);
	outlier.measure = DWELL_PREEMPTED;
	series_count_outlier((struct series *)prom.series, &outlier);
	update(&prom, model, ROW_BY_COMM, 2);
	exposition = export(&prom);
	check_worker(&exposition);
	/* What it had before it was named. */
	check(&exposition, "dwell_timers_armed_total{comm=\"~other\"}", "26");
	check(&exposition, "dwell_tasks{comm=\"~other\"}", "0");
	exposition_free(&exposition);
	prom_clear(&prom);
	model_free(model);
}

static void check_dwell_itself(const struct exposition *exposition)
{
	check(exposition, "dwell_events_lost_total{reason=\"missing_record\"}", "1");
	check(exposition, "dwell_events_lost_total{reason=\"recursion\"}", "13");
	check(exposition, "dwell_outliers_suppressed_total{kind=\"dwell\"}", "10");
	check(exposition, "dwell_outliers_suppressed_total{kind=\"runqueue\"}", "24");
	check(exposition, "dwell_outliers_lost_total{kind=\"throttled\"}", "26");
	check(exposition, "dwell_tasks_hidden", "12");
	check(exposition, "dwell_groups{state=\"named\"}", "0");
	check(exposition, "dwell_groups{state=\"folded\"}", "0");
	check(exposition, "dwell_group_admissions_total", "0");
	check(exposition, "dwell_group_evictions_total", "0");
	check(exposition, "dwell_cpu_seconds_total", "0.020000001");
	check(exposition, "dwell_resident_memory_bytes", "9000000");
	check(exposition, "dwell_shed_level", "0");
	check(exposition, "dwell_export_duration_seconds", "0.0025");
	check(exposition, "dwell_export_errors_total", "3");
	check(exposition, "dwell_journal_lost_total{reason=\"full\"}", "4");
	check(exposition, "dwell_journal_lost_total{reason=\"failed\"}", "5");
	check(exposition, "dwell_last_export_timestamp_seconds", "1763724000.25");
	check(exposition, "dwell_bpf_program_attached{program=\"dwell_switch\"}", "1");
	check(exposition, "dwell_bpf_program_attached{program=\"dwell_wakeup\"}", "0");
	check(exposition, "dwell_build_info{version=\"1.2\"}", "1");
}

static void zeroes_are_there_from_the_first_export_on(void **state)
{
	struct prom prom = prom_of(ROW_BY_COMM, 5);
	struct exposition exposition;

	(void)state;
	/* Not even an update was made. */
	exposition = export(&prom);
	check_dwell_itself(&exposition);
	check(&exposition, "dwell_bpf_run_seconds_total", "1.5");
	check(&exposition, "dwell_bpf_runs_total", "77");
	check(&exposition, "dwell_overhead_ratio", "0.0125");
	check(&exposition, "dwell_timers_armed_total{comm=\"~other\"}", "0");
	check(&exposition, "dwell_timers_armed_total{comm=\"~kernel\"}", "0");
	check(&exposition, "dwell_timer_lateness_seconds_count{comm=\"~kernel\"}", "0");
	check(&exposition, "dwell_outliers_total{comm=\"~other\",kind=\"throttled\"}", "0");
	/* To the kernel's timers no more applies. */
	assert_null(exposition_value(&exposition, "dwell_tasks{comm=\"~kernel\"}"));
	assert_null(exposition_value(&exposition,
				     "dwell_timer_latency_seconds_count{comm=\"~kernel\"}"));
	assert_null(
		exposition_value(&exposition, "dwell_events_lost_total{reason=\"tasks_folded\"}"));
	exposition_free(&exposition);
	/* What was not measured is not claimed to be 0. */
	prom.overhead_ratio = NAN;
	exposition = export(&prom);
	check_dwell_itself(&exposition);
	assert_null(exposition_value(&exposition, "dwell_overhead_ratio"));
	exposition_free(&exposition);
	prom_clear(&prom);
}

static void large_numbers_and_locales_do_no_harm(void **state)
{
	struct prom prom = prom_of(ROW_BY_COMM, 5);
	struct exposition exposition;

	(void)state;
	/* Where there is such a locale, its decimal comma must not appear. */
	setlocale(LC_ALL, "de_DE.UTF-8");
	prom.bpf_ns = UINT64_MAX;
	prom.losses[0] = UINT64_MAX;
	prom.outliers[DWELL_WOKEN].lost = prom.outliers[DWELL_PREEMPTED].lost = 1ULL << 62;
	exposition = export(&prom);
	setlocale(LC_ALL, "C");
	check(&exposition, "dwell_bpf_run_seconds_total", "18446744073.709551615");
	check(&exposition, "dwell_events_lost_total{reason=\"missing_record\"}",
	      "18446744073709551615");
	check(&exposition, "dwell_outliers_lost_total{kind=\"runqueue\"}", "9223372036854775808");
	exposition_free(&exposition);
	prom_clear(&prom);
}

/* ---- names ------------------------------------------------------------------- */

static void hostile_names_stay_within_their_quotes(void **state)
{
	static const char *const names[] = {
		"a\"} 1\nb 2",
		"a\\",
		"\\n",
		"\xff\xfe\x80",
		"\x01\x1b[2J",
		"~other",
		"~kernel",
		"",
		" ",
		"le=\"",
		"\xc3\xbc\xe2\x82\xac",
		"\xe2\x80\xae",
		"{}",
		"a\r\n# HELP",
	};
	const size_t count = sizeof(names) / sizeof(names[0]);
	struct prom prom = prom_of(ROW_BY_COMM, 50);
	struct model *model = new_model(100);
	struct dwell_record record[sizeof(names) / sizeof(names[0])];
	struct exposition exposition;

	(void)state;
	prom.version = "1\n\"\\";
	for (size_t i = 0; i < count; i++)
		record[i] = record_of(10 + i, 10 + i, 5, names[i], 2);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < count; i++) {
			record[i].armed += 1;
			add_as(model, &record[i], DWELL_LIVE);
		}
		update(&prom, model, ROW_BY_COMM, round);
	}
	exposition = export(&prom);
	check(&exposition, "dwell_groups{state=\"named\"}", "13");
	check(&exposition, "dwell_groups{state=\"folded\"}", "1");
	check(&exposition, "dwell_timers_armed_total{comm=\"a\\\"} 1\\\\x0ab 2\"}", "1");
	check(&exposition, "dwell_timers_armed_total{comm=\"a\\\\x5c\"}", "1");
	check(&exposition, "dwell_timers_armed_total{comm=\"\\\\x5cn\"}", "1");
	check(&exposition, "dwell_timers_armed_total{comm=\"\\\\x7eother\"}", "1");
	check(&exposition, "dwell_timers_armed_total{comm=\"~other\"}", "29");
	check(&exposition, "dwell_timers_armed_total{comm=\"\xc3\xbc\xe2\x82\xac\"}", "1");
	check(&exposition, "dwell_build_info{version=\"1\\\\x0a\\\"\\\\x5c\"}", "1");
	exposition_free(&exposition);
	prom_clear(&prom);
	model_free(model);
}

static void random_names_break_nothing(void **state)
{
	static const char often[] = "\xe2\x80\xae\xc2\x9b\xf0\x9f\\\"\n{}, ~=";
	struct prom prom = prom_of(ROW_BY_COMM, 50);
	struct model *model = new_model(100);
	struct exposition exposition;
	unsigned int seed = 42;

	(void)state;
	for (int round = 0; round < 60; round++) {
		char comm[DWELL_COMM_LEN];
		struct dwell_record record;

		for (size_t i = 0; i < sizeof(comm); i++)
			comm[i] = (char)(rand_r(&seed) & 1 ?
						 rand_r(&seed) :
						 often[rand_r(&seed) % (sizeof(often) - 1)]);
		record = record_of(10 + round, 10 + round, 5, comm, 2);
		record.armed = 5;
		add_as(model, &record, DWELL_LIVE);
		update(&prom, model, ROW_BY_COMM, round);
		exposition = export(&prom);
		exposition_free(&exposition);
	}
	prom_clear(&prom);
	model_free(model);
}

static void cgroups_are_labelled_as_such(void **state)
{
	struct prom prom = prom_of(ROW_BY_CGROUP, 5);
	struct model *model = new_model(10);
	struct dwell_record known = record_of(10, 10, 5, "a", 1);
	struct dwell_record unknown = record_of(11, 11, 5, "b", 2);
	struct exposition exposition;

	(void)state;
	for (int round = 0; round < 3; round++) {
		known.armed++;
		unknown.armed++;
		add_as(model, &known, DWELL_LIVE);
		add_as(model, &unknown, DWELL_LIVE);
		update(&prom, model, ROW_BY_CGROUP, round);
	}
	exposition = export(&prom);
	check(&exposition, "dwell_timers_armed_total{cgroup=\"/a.slice\"}", "1");
	check(&exposition, "dwell_timers_armed_total{cgroup=\"~other\"}", "5");
	assert_null(exposition_value(&exposition, "dwell_timers_armed_total{comm=\"~other\"}"));
	exposition_free(&exposition);
	prom_clear(&prom);
	model_free(model);
}

/* ---- from export to export --------------------------------------------------- */

/* What all groups together have of a family, but for what began as @missing. */
static long double sum_of(const struct exposition *exposition, const char *prefix)
{
	long double sum = 0;

	for (size_t i = 0; i < exposition->samples; i++)
		if (!strncmp(exposition->sample[i].series, prefix, strlen(prefix)))
			sum += strtold(exposition->sample[i].value, NULL);
	return sum;
}

#define TASKS 30

static void live_a_little(struct dwell_record record[TASKS], struct model *model, int round)
{
	for (int i = 0; i < TASKS; i++) {
		if (rand() % 3 == 0)
			snprintf(record[i].comm, sizeof(record[i].comm), "comm%hhu",
				 (unsigned char)((i + round / 20) % 40));
		record[i].armed += rand() % 5;
		record[i].oncpu_ns += (uint64_t)(rand() % 1000) << (i * 7 + round / 15) % 20;
		for (int j = rand() % 10; j; j--)
			record_measure(&record[i], rand() % DWELL_MEASURES, 100ULL << rand() % 28);
		if (rand() % 10 == 0)
			record_hand_over(&record[i], model);
		add_as(model, &record[i], DWELL_LIVE);
	}
}

static void nothing_falls_from_export_to_export(void **state)
{
	struct prom prom = prom_of(ROW_BY_COMM, 6);
	struct model *model = new_model(10);
	struct dwell_record record[TASKS];
	struct exposition before, after;

	(void)state;
	srand(7);
	for (int i = 0; i < TASKS; i++)
		record[i] = record_of(10 + i, 10 + i, 5, "first", 2);
	before = export(&prom);
	for (int round = 0; round < 250; round++) {
		live_a_little(record, model, round);
		update(&prom, model, ROW_BY_COMM, round);
		after = export(&prom);
		exposition_check_monotone(&before, &after);
		assert_true(sum_of(&after, "dwell_tasks{") == TASKS);
		exposition_free(&before);
		before = after;
	}
	assert_true(series_census(prom.series).evictions > 2);
	exposition_free(&before);
	prom_clear(&prom);
	model_free(model);
}

static void the_same_state_is_the_same_text(void **state)
{
	struct prom prom = prom_of(ROW_BY_COMM, 6);
	struct model *model = new_model(10);
	struct dwell_record record[TASKS];
	struct exposition first, second;

	(void)state;
	for (int i = 0; i < TASKS; i++)
		record[i] = record_of(10 + i, 10 + i, 5, "first", 2);
	for (int round = 0; round < 10; round++) {
		live_a_little(record, model, round);
		update(&prom, model, ROW_BY_COMM, round);
	}
	first = export(&prom);
	second = export(&prom);
	assert_string_equal(first.text, second.text);
	exposition_free(&first);
	exposition_free(&second);
	prom_clear(&prom);
	model_free(model);
}

static void a_full_disk_is_told(void **state)
{
	struct prom prom = prom_of(ROW_BY_COMM, 6);
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(prom_write(out, &prom), -ENOSPC);
	fclose(out);
	prom_clear(&prom);
}

/* Neither a value nor a family of what is not measured; what is done without is named. */
static void what_is_unmeasured_has_no_series(void **state)
{
	struct prom prom = prom_of(ROW_BY_COMM, 10);
	struct model *model = new_model(10);
	struct dwell_record record = record_of(10, 11, 5, "worker", 1);
	struct reductions reductions = {0};
	struct exposition exposition;

	(void)state;
	assert_int_equal(model_add_record(model, &record), 0);
	update(&prom, model, ROW_BY_COMM, 1);
	grow(&record);
	assert_int_equal(model_add_record(model, &record), 0);
	update(&prom, model, ROW_BY_COMM, 2);
	exposition = export(&prom);
	assert_non_null(strstr(exposition.text, "dwell_timer_latency_seconds"));
	assert_null(strstr(exposition.text, "dwell_reduction"));
	exposition_free(&exposition);

	reductions_add(&reductions, "on_waking", EPERM);
	prom.reductions = &reductions;
	prom.unmeasured =
		reductions_unmeasured(&reductions, &(struct reduction_context){.was_armed = true});
	prom.rss_bytes = 0;
	prom.hidden_tasks = UINT64_MAX;
	exposition = export(&prom);
	assert_null(strstr(exposition.text, "dwell_timer_latency_seconds"));
	assert_null(strstr(exposition.text, "dwell_timers_expired_total{comm=\"worker\"}"));
	assert_null(strstr(exposition.text, "dwell_resident_memory_bytes"));
	assert_null(strstr(exposition.text, "dwell_tasks_hidden"));
	assert_non_null(strstr(exposition.text, "dwell_timers_armed_total{comm=\"worker\"}"));
	check(&exposition, "dwell_reduction{name=\"on_waking\"}", "1");
	exposition_free(&exposition);
	prom_clear(&prom);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_groups_values_are_its_growth),
		cmocka_unit_test(zeroes_are_there_from_the_first_export_on),
		cmocka_unit_test(large_numbers_and_locales_do_no_harm),
		cmocka_unit_test(hostile_names_stay_within_their_quotes),
		cmocka_unit_test(random_names_break_nothing),
		cmocka_unit_test(cgroups_are_labelled_as_such),
		cmocka_unit_test(nothing_falls_from_export_to_export),
		cmocka_unit_test(the_same_state_is_the_same_text),
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(what_is_unmeasured_has_no_series),
	};

	return cmocka_run_group_tests_name("prom_write", tests, NULL, NULL);
}
