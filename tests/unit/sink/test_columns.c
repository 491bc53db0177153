// SPDX-License-Identifier: GPL-2.0-only
/* Compares every column, of every view and sorted by every key, with a report that is known to be right. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "harness/unit/records.h"
#include "model/column.h"
#include "model/timer_column.h"
#include "sink/summary.h"
#include "sink/timers.h"

#define GOLDEN "tests/unit/fixtures/columns.txt"
#define TICK 0xffffffff81000300
#define TIMERFD 0xffffffff81000200
#define WAKEUP 0xffffffff81000100

/* ---- what there is to report ----------------------------------------------------- */

static const char *cgroup_name(void *context, uint64_t id)
{
	(void)context;
	return id == 1 ? "/a.slice" : id == 2 ? "/b.slice/\xc3\xa4\x1b\"" : NULL;
}

static const char *function_name(void *context, uint64_t address)
{
	(void)context;
	return address == TICK	  ? "tick_nohz_handler" :
	       address == TIMERFD ? "timerfd_tmrproc" :
	       address == WAKEUP  ? "hrtimer_wakeup" :
				    NULL;
}

static const struct naming naming = {
	.cgroup = cgroup_name,
	.function = function_name,
	.callback = function_name,
};

/* Numbers that look like chance, the same ones each time: below @bound. */
static uint64_t chance(uint64_t bound)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % bound;
}

/* Durations of all magnitudes. */
static uint64_t some_time(void)
{
	return 1 + chance(1ULL << (8 + chance(24)));
}

static void add_task(struct model *model, uint32_t pid, uint32_t tid, const char *comm,
		     enum dwell_kind kind)
{
	struct dwell_record record = record_of(pid, tid, tid, comm, 1 + pid % 3);

	record.state = (uint8_t)(DWELL_ONCPU + chance(5));
	record.block = (uint8_t)chance(DWELL_BLOCKS);
	record.kthread = chance(3) == 0;
	record.since = WINDOW_END - chance(12 * SECOND);
	if (chance(2))
		record.activated = WINDOW_END - chance(9 * SECOND);
	record.oncpu_ns = some_time();
	record.voluntary = chance(100000);
	record.involuntary = chance(100);
	record.armed = chance(5000);
	record.rearmed = chance(10);
	record.cancelled = chance(100);
	record.expired = chance(5000);
	record.sleeper = chance(2);
	for (int i = 0; i < DWELL_BLOCKS; i++)
		record.blocked_ns[i] = some_time();
	for (int i = 0; i < DWELL_MEASURES; i++)
		for (uint64_t count = chance(4); count; count--)
			record_measure(&record, i, some_time());
	add_as(model, &record, kind);
}

static void add_timers(struct model *model, uint32_t pid, uint32_t tid, uint64_t function,
		       int syscall, enum dwell_timer_kind kind)
{
	const struct dwell_timer_key key = {.pid = pid,
					    .tid = tid,
					    .start = tid,
					    .function = function,
					    .syscall = syscall,
					    .kind = tid ? kind : 0};
	struct dwell_timer_counts counts = {
		.kind = kind,
		.armed = chance(100000),
		.rearmed = chance(100),
		.cancelled = chance(1000),
		.expired = chance(10000),
		.before = chance(10),
		.woke = chance(10000),
		.callback_ns = some_time(),
		.timeout_sum = some_time(),
		.timeout_max = some_time(),
	};
	const struct dwell_armed_timer timer = {.owner = key,
						.armed_at = WINDOW_END - some_time(),
						.expires = (int64_t)(WINDOW_END + some_time())};

	counts.timeout_buckets[dwell_bucket(counts.timeout_max)] = 1 + (uint32_t)chance(10);
	if (chance(4)) {
		counts.late_max = some_time();
		counts.late_sum = counts.late_max * 3;
		counts.late_count = 3;
		counts.late_buckets[dwell_bucket(counts.late_max)] = 3;
		counts.slack_granted = some_time();
		counts.slack_used = counts.slack_granted / 2;
	}
	assert_int_equal(model_add_timers(model, &key, &counts), 0);
	for (uint64_t count = tid ? chance(4) : 0; count; count--)
		assert_int_equal(model_add_armed(model, &timer), 0);
}

/* Tasks, exited ones and a remainder, their timers and the kernel's. */
static struct model *varied_model(void)
{
	static const char *const comms[] = {"worker", "a\x1b b", "\xc3\xa4\xff", "kworker/0:1"};
	struct model *model = new_model(2);

	model_keep_ledger(model, 10000);
	model_keep_processes(model, 1, NULL);
	for (uint32_t pid = 10; pid < 60; pid += 10)
		for (uint32_t i = 0; i < 2; i++)
			add_task(model, pid, pid + i, comms[(pid / 10 + i) % 4], DWELL_LIVE);
	for (uint32_t pid = 100; pid < 500; pid += 100)
		add_task(model, pid, pid, "short", DWELL_EXIT);
	for (uint32_t pid = 10; pid < 60; pid += 10)
		add_timers(model, pid, pid + 1, TIMERFD, SYS_timerfd_settime, DWELL_TIMER_USER);
	add_timers(model, 10, 10, WAKEUP, SYS_clock_nanosleep, DWELL_TIMER_SLEEP);
	add_timers(model, 20, 20, WAKEUP, SYS_poll, DWELL_TIMER_SLEEP);
	add_timers(model, 77, 77, TIMERFD, SYS_timerfd_settime, DWELL_TIMER_USER);
	add_timers(model, 0, 0, TICK, DWELL_NO_SYSCALL, DWELL_TIMER_KERNEL);
	add_timers(model, 0, 0, 0xabc, DWELL_NO_SYSCALL, DWELL_TIMER_KERNEL);
	add_timers(model, 0, 0, TIMERFD, DWELL_NO_SYSCALL, DWELL_TIMER_USER);
	add_timers(model, 0, 0, 0xdef, DWELL_NO_SYSCALL, DWELL_TIMER_WHEEL);
	return model;
}

static struct report report_of(const struct model *model)
{
	struct report report = {
		.version = "1.2",
		.host = "host",
		.kernel = "6.1.0-test",
		.cpus = 4,
		.window_start = WINDOW_START,
		.window_end = WINDOW_END,
		.live_tasks = model_live_tasks(model),
		.exited_tasks = model_exited_tasks(model),
		.naming = naming,
	};

	model_losses(model, ROW_BY_TASK, report.losses);
	return report;
}

/* The figures whose number, from 1, has that bit: four such sets tell all of them apart. */
static unsigned int figures_with(unsigned int bit)
{
	unsigned int figures = 0;

	for (unsigned int i = 0; 1U << i < FIGURES; i++)
		if ((i + 1) & bit)
			figures |= 1U << i;
	return figures;
}

/* ---- the summary ----------------------------------------------------------------- */

static void put_summary(FILE *out, struct model *model, struct report *report, enum row_by by)
{
	report->view = (struct view){.by = by};
	model_losses(model, by, report->losses);
	assert_int_equal(model_rows(model, &report->view, &report->rows), 0);
	assert_int_equal(summary_text(out, report), 0);
	assert_int_equal(summary_json(out, report), 0);
	rows_free(&report->rows);
}

/* Which rows come in which order under each key. */
static void put_orders(FILE *out, struct model *model, enum row_by by)
{
	const struct column *sort;

	for (size_t at = 0; (sort = row_sort_key(at)); at++) {
		const struct view view = {.by = by, .sort = sort};
		struct rows rows;

		assert_int_equal(model_rows(model, &view, &rows), 0);
		fprintf(out, "%s:", sort->word);
		for (size_t i = 0; i < rows.count; i++)
			fprintf(out, " %" PRIu32 "/%" PRIu32 "/%" PRIu64 "/%02hhx/%" PRIx64,
				rows.row[i].pid, rows.row[i].tid, rows.row[i].cgroup,
				rows.row[i].comm[0], rows.row[i].function & 0xfff);
		fputc('\n', out);
		rows_free(&rows);
	}
}

static void put_summaries(FILE *out)
{
	struct model *model = varied_model();
	struct report report = report_of(model);

	for (enum row_by by = ROW_BY_TASK; by <= ROW_BY_CGROUP; by++) {
		put_summary(out, model, &report, by);
		put_orders(out, model, by);
	}
	for (unsigned int bit = 1; bit < 16; bit <<= 1) {
		unsigned int figures = figures_with(bit);

		report.unmeasured = (struct unmeasured){.sleeps = figures, .kernel = figures};
		put_summary(out, model, &report, ROW_BY_CGROUP);
	}
	model_free(model);
}

/* ---- the ledger of timers ----------------------------------------------------------- */

static void make_timers(struct model *model, struct report *report, enum timer_by by,
			const struct column *sort)
{
	report->timer_view = (struct timer_view){.by = by, .sort = sort};
	assert_int_equal(model_timer_rows(model, &report->timer_view, &naming, &report->unmeasured,
					  &report->timers),
			 0);
}

/* Has the first rows grow: no ledger made by hand does. */
static void let_grow(struct timer_rows *rows)
{
	static const struct growth growth = {.grows = true, .per_s = 12.34, .from = 1, .to = 124};

	rows->samples = GROWTH_SAMPLES;
	for (size_t i = 0; i < rows->count && i < 2; i++) {
		rows->row[i].outstanding = i ? (struct growth){0} : growth;
		rows->row[i].rate = growth;
	}
}

static void put_timers(FILE *out, struct model *model, struct report *report, enum timer_by by)
{
	make_timers(model, report, by, NULL);
	let_grow(&report->timers);
	assert_int_equal(timers_text(out, report), 0);
	assert_int_equal(timers_json(out, report), 0);
	timer_rows_free(&report->timers);
}

static void put_timer_orders(FILE *out, struct model *model, struct report *report,
			     enum timer_by by)
{
	const struct column *sort;

	for (size_t at = 0; (sort = timer_sort_key(at)); at++) {
		make_timers(model, report, by, sort);
		fprintf(out, "%s:", sort->word);
		for (size_t i = 0; i < report->timers.count; i++) {
			const struct timer_row *row = &report->timers.row[i];

			fprintf(out, " %" PRIu32 "/%" PRIu32 "/%" PRIu64 "/%02hhx/%.4s/%" PRIx64,
				row->pid, row->tid, row->cgroup, row->comm[0], row->api,
				row->function & 0xfff);
		}
		fputc('\n', out);
		timer_rows_free(&report->timers);
	}
}

static void put_ledgers(FILE *out)
{
	struct model *model = varied_model();
	struct report report = report_of(model);

	report.ledger = true;
	for (enum timer_by by = TIMER_BY_TASK; by <= TIMER_BY_API; by++) {
		put_timers(out, model, &report, by);
		put_timer_orders(out, model, &report, by);
	}
	for (unsigned int bit = 1; bit < 16; bit <<= 1) {
		unsigned int figures = figures_with(bit);

		report.unmeasured = (struct unmeasured){figures, figures, figures, figures, false};
		put_timers(out, model, &report, TIMER_BY_API);
	}
	model_free(model);
}

/* ---- compared ---------------------------------------------------------------------- */

static char *write_all(size_t *bytes)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, bytes);

	assert_non_null(out);
	setenv("TZ", "UTC", 1);
	put_summaries(out);
	put_ledgers(out);
	fclose(out);
	return text;
}

static void all_columns_are_as_they_were(void **state)
{
	char *line = NULL, *text, *rest;
	FILE *golden = fopen(GOLDEN, "re");
	size_t room = 0, bytes, number = 1;
	const char *now;

	(void)state;
	assert_non_null(golden);
	rest = text = write_all(&bytes);
	for (; getline(&line, &room, golden) > 0; number++) {
		line[strcspn(line, "\n")] = '\0';
		now = strsep(&rest, "\n");
		if (!now || strcmp(now, line))
			fail_msg("line %zu was: %s\nand is: %s", number, line, now ?: "none");
	}
	assert_true(rest && !*rest);
	free(line);
	free(text);
	fclose(golden);
}

/* "test_columns print" writes what is to be compared with: for a change that is meant. */
int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_columns_are_as_they_were),
	};
	size_t bytes;

	if (argc == 2 && !strcmp(argv[1], "print")) {
		char *text = write_all(&bytes);

		fwrite(text, 1, bytes, stdout);
		free(text);
		return 0;
	}
	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
