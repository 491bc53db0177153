/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of source.c and intake.h: a source made by hand is measured with, as the kernel is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/privilege.h"
#include "cmd/collection.h"
#include "cmd/commands.h"
#include "harness/unit/records.h"
#include "source/source_ops.h"

#define CHILD 4242
#define SHELL 4000
#define SHELL_CGROUP 77
#define TIMERFD 0xffffffff81000100

/* A source that plays two tasks, without a kernel. */
struct made {
	struct source source;
	struct intake intake;
	char calls[64]; /* a letter for each, in order */
	uint64_t until;
	unsigned int kept;
	int run_err, read_err; /* what these end with */
};

static struct made made;
static struct options options;
static struct collection collection;

static struct made *called(const struct source *source, char letter)
{
	struct made *self = (struct made *)source;

	self->calls[strlen(self->calls)] = letter;
	return self;
}

static void close_made(struct source *source)
{
	called(source, 'c');
}

static int start(struct source *source, uint64_t *began)
{
	called(source, 's');
	*began = WINDOW_START;
	return 0;
}

static int drop_privileges(struct source *source, unsigned int kept)
{
	called(source, 'd')->kept = kept;
	return 0;
}

/* The child exits, and its shell waits for a CPU far longer than it should. */
static int run(struct source *source, uint64_t until, volatile const int *stop)
{
	struct made *self = called(source, 'r');
	struct dwell_record child = record_of(CHILD, CHILD, 1, "child", SHELL_CGROUP);
	const struct dwell_outlier outlier = {.measure = DWELL_WOKEN,
					      .pid = SHELL,
					      .tid = SHELL,
					      .comm = "shell",
					      .start = 1,
					      .ns = 40 * MS,
					      .threshold = MS};
	int err = self->run_err;

	(void)stop;
	self->until = until;
	child.kind = DWELL_EXIT;
	record_measure(&child, DWELL_WOKEN, 3 * MS);
	if (!err)
		err = intake_record(&self->intake, &child);
	if (!err)
		err = intake_outlier(&self->intake, &outlier);
	return err;
}

static uint64_t stop_made(struct source *source)
{
	called(source, 'e');
	return WINDOW_END;
}

static int hand_over_timers(const struct intake *intake)
{
	const struct dwell_timer_key key = {.pid = SHELL,
					    .tid = SHELL,
					    .start = 1,
					    .function = TIMERFD,
					    .kind = DWELL_TIMER_USER};
	const struct dwell_timer_counts counts = {.armed = 5, .expired = 4};
	const struct dwell_armed_timer armed = {.owner = key};
	int err = intake_timers(intake, &key, &counts);

	intake_clear_armed(intake);
	return err ? err : intake_armed(intake, &armed);
}

static int read_all(struct source *source)
{
	struct made *self = called(source, 'R');
	struct dwell_record shell = record_of(SHELL, SHELL, 1, "shell", SHELL_CGROUP);
	int err = self->read_err;

	record_measure(&shell, DWELL_WOKEN, 40 * MS);
	record_measure(&shell, DWELL_BLOCKED, SECOND);
	if (!err)
		err = intake_record(&self->intake, &shell);
	return err ? err : hand_over_timers(&self->intake);
}

static void losses(const struct source *source, uint64_t lost[DWELL_LOSSES])
{
	(void)source;
	memset(lost, 0, DWELL_LOSSES * sizeof(*lost));
	lost[DWELL_LOSS_RECURSION] = 6;
}

static void outlier_counts(const struct source *source,
			   struct dwell_outlier_counts counts[DWELL_MEASURES])
{
	(void)source;
	memset(counts, 0, DWELL_MEASURES * sizeof(*counts));
	counts[DWELL_WOKEN].reported = 1;
}

#define REQUIRED                                                                              \
	.close = close_made, .start = start, .run = run, .stop = stop_made, .read = read_all, \
	.losses = losses, .outlier_counts = outlier_counts

/* But for giving up privileges: the tests go on in this process. */
static const struct source_ops least = {REQUIRED, .drop_privileges = drop_privileges};

static int set_up(void **state)
{
	(void)state;
	options = (struct options){.duration_ns = WINDOW_END - WINDOW_START};
	collection = (struct collection){.model = model_new(10)};
	collection.session.options = &options;
	collection.session.task_names = task_names_new(NULL);
	collection.session.source = &made.source;
	assert_non_null(collection.model);
	assert_non_null(collection.session.task_names);
	made = (struct made){.source.ops = &least, .intake = collection_intake(&collection)};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	collection_clear(&collection);
	assert_int_equal(made.calls[strlen(made.calls) - 1], 'c');
	return 0;
}

/* ---- measured with ----------------------------------------------------------- */

static void a_command_measures_with_any_source(void **state)
{
	(void)state;
	assert_int_equal(collection_run(&collection), EXIT_DONE);
	assert_string_equal(made.calls, "sdreR");
	assert_int_equal(made.kept, PRIVILEGE_KEEP_NONE);
	assert_int_equal(made.until, WINDOW_END);
	assert_int_equal(collection.session.start, WINDOW_START);
	assert_int_equal(collection.session.end, WINDOW_END);
}

static void what_it_hands_over_becomes_rows(void **state)
{
	const struct row *shell, *child;
	struct rows rows;

	(void)state;
	assert_int_equal(collection_run(&collection), EXIT_DONE);
	assert_int_equal(source_read(&made.source), 0); /* what is read again replaces */
	rows = rows_by(collection.model, ROW_BY_TASK);
	shell = row_of_tid(&rows, SHELL);
	child = row_of_tid(&rows, CHILD);
	assert_non_null(shell);
	assert_non_null(child);
	assert_int_equal(shell->live, 1);
	assert_int_equal(shell->measure[DWELL_WOKEN].sum, 40 * MS);
	assert_int_equal(shell->measure[DWELL_BLOCKED].sum, SECOND);
	assert_int_equal(shell->timers.armed, 5);
	assert_int_equal(shell->timers.outstanding, 1);
	assert_int_equal(child->exited, 1);
	assert_int_equal(child->measure[DWELL_WOKEN].max, 3 * MS);
	rows_free(&rows);
	assert_string_equal(task_names_comm(collection.session.task_names, CHILD, CHILD), "child");
}

static void what_it_counts_is_told(void **state)
{
	uint64_t losses[DWELL_LOSSES];

	(void)state;
	assert_int_equal(collection_run(&collection), EXIT_DONE);
	model_losses(collection.model, ROW_BY_TASK, losses);
	assert_int_equal(losses[DWELL_LOSS_RECURSION], 6);
	assert_int_equal(collection.outliers[DWELL_WOKEN].reported, 1);
	assert_int_equal(collection.worst.count, 1);
	assert_int_equal(collection.worst.outlier[0].tid, SHELL);
}

static void its_errors_end_the_command(void **state)
{
	(void)state;
	made.run_err = -EIO;
	assert_int_equal(collection_run(&collection), EXIT_FAILED);
	assert_string_equal(made.calls, "sdr");
	made.run_err = 0;
	made.read_err = -EIO;
	assert_int_equal(collection_run(&collection), EXIT_FAILED);
	assert_string_equal(made.calls, "sdrsdreR");
}

/* ---- what a source need not do --------------------------------------------- */

static void the_least_source_is_asked_in_vain(void **state)
{
	struct source_program programs[SOURCE_PROGRAMS_MAX];
	struct source_cost cost = {.measured = true};
	uint64_t ns = 1, runs = 1;
	char name[16] = "left";

	(void)state;
	assert_int_equal(collection_sample(&collection), -EOPNOTSUPP);
	source_shed(&made.source, DWELL_SHED_NOTHING);
	source_cost(&made.source, &cost);
	assert_false(cost.measured);
	source_sampled_cost(&made.source, &ns, &runs);
	assert_int_equal(ns + runs, 0);
	assert_int_equal(source_unmeasured(&made.source).users, 0);
	assert_false(source_unmeasured(&made.source).exits);
	assert_int_equal(source_hidden_tasks(&made.source), SOURCE_NOT_KNOWN);
	assert_false(source_in_pid_namespace(&made.source));
	assert_int_equal(source_programs(&made.source, programs, SOURCE_PROGRAMS_MAX), 0);
	assert_int_equal(source_function_name(&made.source, TIMERFD, name, sizeof(name)), -ENOENT);
	assert_string_equal(name, "");
	assert_string_equal(made.calls, "");
}

static struct unmeasured no_exits(const struct source *source)
{
	called(source, 'u');
	return (struct unmeasured){.exits = true};
}

static uint64_t three_hidden(const struct source *source)
{
	called(source, 'h');
	return 3;
}

static bool in_namespace(const struct source *source)
{
	called(source, 'n');
	return true;
}

static size_t one_program(const struct source *source, struct source_program *programs, size_t most)
{
	called(source, 'p');
	programs[0] = (struct source_program){.name = "on_switch", .attached = true};
	return most < 1 ? most : 1;
}

static int name_hex(struct source *source, uint64_t address, char *buffer, size_t size)
{
	called(source, 'f');
	snprintf(buffer, size, "at_%llx", (unsigned long long)address);
	return 0;
}

static void count_cost(const struct source *source, struct source_cost *cost)
{
	called(source, 'C');
	cost->bpf_ns = 9;
}

static void count_sampled(const struct source *source, uint64_t *ns, uint64_t *runs)
{
	called(source, 'S');
	*ns = 10;
	*runs = 2;
}

static void note_shed(struct source *source, enum dwell_shed shed)
{
	called(source, shed == DWELL_SHED_NOTHING ? '0' : '1');
}

static void what_a_source_does_is_left_to_it(void **state)
{
	static const struct source_ops all = {
		REQUIRED,
		.sample = read_all,
		.shed = note_shed,
		.unmeasured = no_exits,
		.hidden_tasks = three_hidden,
		.in_pid_namespace = in_namespace,
		.programs = one_program,
		.function_name = name_hex,
		.cost = count_cost,
		.sampled_cost = count_sampled,
	};
	struct source_program programs[SOURCE_PROGRAMS_MAX];
	struct source_cost cost;
	uint64_t ns, runs;
	char name[16];

	(void)state;
	made.source.ops = &all;
	assert_int_equal(source_sample(&made.source), 0);
	source_shed(&made.source, DWELL_SHED_NOTHING);
	assert_true(source_unmeasured(&made.source).exits);
	assert_int_equal(source_hidden_tasks(&made.source), 3);
	assert_true(source_in_pid_namespace(&made.source));
	assert_int_equal(source_programs(&made.source, programs, SOURCE_PROGRAMS_MAX), 1);
	assert_int_equal(source_function_name(&made.source, 0xab, name, sizeof(name)), 0);
	assert_string_equal(name, "at_ab");
	source_cost(&made.source, &cost);
	assert_int_equal(cost.bpf_ns, 9);
	source_sampled_cost(&made.source, &ns, &runs);
	assert_int_equal(ns, 10);
	assert_int_equal(runs, 2);
	assert_string_equal(made.calls, "R0uhnpfCS");
}

static void an_intake_need_not_take_all(void **state)
{
	const struct intake nobody = {0};
	const struct intake_site site = {.samples = 1};
	const struct dwell_timer_key key = {0};
	const struct dwell_timer_counts counts = {0};

	(void)state;
	made.intake = nobody;
	assert_int_equal(run(&made.source, 0, NULL), 0);
	assert_int_equal(read_all(&made.source), 0);
	assert_int_equal(intake_forgotten(&nobody, &key, &counts), 0);
	assert_int_equal(intake_sampled(&nobody, 1), 0);
	assert_int_equal(intake_site(&nobody, &site), 0);
	assert_int_equal(model_live_tasks(collection.model), 0);
	assert_int_equal(model_exited_tasks(collection.model), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_command_measures_with_any_source),
		TEST(what_it_hands_over_becomes_rows),
		TEST(what_it_counts_is_told),
		TEST(its_errors_end_the_command),
		TEST(the_least_source_is_asked_in_vain),
		TEST(what_a_source_does_is_left_to_it),
		TEST(an_intake_need_not_take_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
