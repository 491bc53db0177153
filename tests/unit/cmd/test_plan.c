/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of plans: what each command wants measured, kept and shown of what it is asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "harness/unit/records.h"
#include "cmd/plan.h"
#include "options/command_line.h"

#define ARGUMENTS_MAX 16

static struct options options;

/* Reads @line, taken apart at blanks, as the arguments of dwell. */
static const struct options *asked(const char *line)
{
	static char words[256], error[OPTIONS_ERROR_LEN];
	char *argv[ARGUMENTS_MAX + 1] = {"dwell"}, *rest = words;
	int argc = 1;

	assert_true(strlen(line) < sizeof(words));
	strcpy(words, line);
	while (rest && argc < ARGUMENTS_MAX)
		argv[argc++] = strsep(&rest, " ");
	assert_int_equal(command_line_read(argc, argv, &options, error), 0);
	return &options;
}

static int clear(void **state)
{
	(void)state;
	options_clear(&options);
	return 0;
}

static void a_summary_shows_the_rows_that_are_asked_for(void **state)
{
	struct plan plan = summary_plan(asked("summary --by comm --sort dwell-max --top 7"));

	(void)state;
	assert_ptr_equal(plan.options, &options);
	assert_int_equal(plan.view.by, ROW_BY_COMM);
	assert_ptr_equal(plan.view.sort, sort_by("dwell-max"));
	assert_int_equal(plan.view.limit, 7);
	assert_false(plan.ledger.wanted);
	assert_false(plan.outliers_alone || plan.samples_cost || plan.names_meanwhile);
	assert_false(plan.lasting);
}

static void the_ledger_of_a_summary_has_its_rows(void **state)
{
	static const struct {
		const char *line;
		enum timer_by by;
	} cases[] = {
		{"summary --timers", TIMER_BY_TASK},
		{"summary --timers --top 5 --by process", TIMER_BY_PROCESS},
		{"summary --timers --by comm", TIMER_BY_COMM},
		{"summary --timers --by cgroup --wheel", TIMER_BY_CGROUP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan plan = summary_plan(asked(cases[i].line));

		assert_true(plan.ledger.wanted);
		assert_false(plan.ledger.alone);
		assert_int_equal(plan.timer_view.by, cases[i].by);
		assert_int_equal(plan.timer_view.limit, plan.view.limit);
	}
}

static void the_ledger_alone_keeps_no_exited_tasks(void **state)
{
	struct plan plan = timers_plan(asked("timers --by task --sort woke --top 5 --leaks"));

	(void)state;
	assert_true(plan.ledger.wanted && plan.ledger.alone);
	assert_int_equal(plan.timer_view.by, TIMER_BY_TASK);
	assert_ptr_equal(plan.timer_view.sort, timer_sort_by("woke"));
	assert_int_equal(plan.timer_view.limit, 5);
	assert_true(plan.timer_view.leaks);
	assert_int_equal(plan.view.by, ROW_BY_PROCESS);
}

static void the_ledger_alone_is_measured_as_asked(void **state)
{
	struct plan plan = timers_plan(asked("timers --sites --wheel --table 100"));

	(void)state;
	assert_true(plan.ledger.sites && plan.ledger.wheel);
	assert_int_equal(plan.ledger.table, 100);
}

static void outliers_are_named_while_they_come(void **state)
{
	struct plan plan = outliers_plan(asked("outliers"));

	(void)state;
	assert_true(plan.outliers_alone && plan.names_meanwhile);
	assert_false(plan.ledger.wanted || plan.samples_cost || plan.lasting);
}

static void the_service_keeps_groups_for_good(void **state)
{
	struct plan plan = daemon_plan(asked("daemon --groups cgroup --table 100"));

	(void)state;
	assert_true(plan.lasting && plan.samples_cost && plan.names_meanwhile);
	assert_false(plan.outliers_alone || plan.ledger.wanted);
	assert_int_equal(plan.ledger.table, 100);
	assert_int_equal(plan.view.by, ROW_BY_CGROUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_summary_shows_the_rows_that_are_asked_for, clear),
		cmocka_unit_test_teardown(the_ledger_of_a_summary_has_its_rows, clear),
		cmocka_unit_test_teardown(the_ledger_alone_keeps_no_exited_tasks, clear),
		cmocka_unit_test_teardown(the_ledger_alone_is_measured_as_asked, clear),
		cmocka_unit_test_teardown(outliers_are_named_while_they_come, clear),
		cmocka_unit_test_teardown(the_service_keeps_groups_for_good, clear),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
