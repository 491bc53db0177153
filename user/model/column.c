/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns of the summary, and how a row's values are found. */
#include "model/column.h"

#include <string.h>

#include "base/saturate.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- values ---------------------------------------------------------------- */

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static int set(struct value *value, uint64_t closed, uint64_t number)
{
	value->closed = closed;
	value->number = value->rank = number;
	return 0;
}

/* The field at @offset. */
static int get_field(const struct row *row, int offset, struct value *value)
{
	uint64_t number = *(const uint64_t *)((const char *)row + offset);

	return set(value, number, number);
}
#define FIELD(member) .get.row = get_field, .what = offsetof(struct row, member)

static int get_remainder(const struct row *row, int what, struct value *value)
{
	(void)what;
	return set(value, row->remainder, row->remainder);
}

static int get_pid(const struct row *row, int what, struct value *value)
{
	(void)what;
	value->none = row->remainder;
	return set(value, row->pid, row->pid);
}

static int get_tid(const struct row *row, int what, struct value *value)
{
	(void)what;
	return set(value, row->tid, row->tid);
}

static int get_all_exited(const struct row *row, int what, struct value *value)
{
	bool all = row->exited && row->exited >= row->tasks;

	(void)what;
	return set(value, all, all);
}

static int get_switches(const struct row *row, int what, struct value *value)
{
	uint64_t all = saturating_add(row->voluntary, row->involuntary);

	(void)what;
	return set(value, all, all);
}

static int get_uninterruptible(const struct row *row, int what, struct value *value)
{
	uint64_t closed = row->blocked_ns[DWELL_BLOCK_D];

	(void)what;
	return set(value, closed, saturating_add(closed, row->open_d.window_ns));
}

static int get_open_uninterruptible(const struct row *row, int what, struct value *value)
{
	(void)what;
	value->none = !row->open_d.max_ns;
	return set(value, row->open_d.window_ns, row->open_d.window_ns);
}

/* ---- values of a measure ------------------------------------------------------ */

static int find_intervals(const struct row *row, int measure, struct value *value)
{
	int err;

	if (measure != COLUMN_RUNQUEUE) {
		value->dist = &row->measure[measure];
		value->open = &row->open[measure];
		return 0;
	}
	value->dist = &value->merged;
	value->open = &value->merged_open;
	err = row_runqueue(row, &value->merged);
	return err ? err : row_open_runqueue(row, &value->merged_open);
}

/*
 * Open blocks of idle kernel threads are shown, but no row moves up for them: the rank of a
 * block's sum or maximum leaves them out.
 */

static int get_intervals(const struct row *row, int measure, struct value *value)
{
	int err = find_intervals(row, measure, value);
	uint64_t closed = value->dist->sum;
	uint64_t open = measure == DWELL_BLOCKED ? row->open_waits.window_ns :
						   value->open->window_ns;

	return err ? err : set(value, closed, saturating_add(closed, open));
}

/*
 * Lists the real measures behind @measure, which may be COLUMN_RUNQUEUE, and returns how many they
 * are. Sums and maxima can be combined without merging distributions.
 */
static size_t parts_of(int measure, int parts[2])
{
	bool both = measure == COLUMN_RUNQUEUE;

	parts[0] = both ? DWELL_WOKEN : measure;
	parts[1] = DWELL_PREEMPTED;
	return both ? 2 : 1;
}

static int get_sum(const struct row *row, int measure, struct value *value)
{
	uint64_t closed = 0, open = 0;
	int parts[2];

	for (size_t i = 0, count = parts_of(measure, parts); i < count; i++) {
		closed = saturating_add(closed, row->measure[parts[i]].sum);
		open = saturating_add(open, row->open[parts[i]].window_ns);
	}
	return set(value, closed, saturating_add(closed, open));
}

static int get_max(const struct row *row, int measure, struct value *value)
{
	uint64_t closed = 0, open = 0;
	bool ended = false;
	int parts[2];

	for (size_t i = 0, count = parts_of(measure, parts); i < count; i++) {
		closed = larger(closed, row->measure[parts[i]].max);
		open = larger(open, row->open[parts[i]].age.max);
		ended |= row->measure[parts[i]].used;
	}
	value->none = !ended && open <= closed;
	set(value, closed, larger(closed, open));
	if (measure == DWELL_BLOCKED)
		value->rank = larger(closed, row->open_waits.max_ns);
	return 0;
}

static int get_p99(const struct row *row, int measure, struct value *value)
{
	int err = find_intervals(row, measure, value);

	if (err)
		return err;
	set(value, dist_percentile(value->dist, 990),
	    row_percentile(value->dist, value->open, 990));
	value->none = !value->number && !dist_count(value->dist);
	return 0;
}

/* ---- the table ---------------------------------------------------------------- */

/* Tables and kinds of rows. */
#define BIT(kind) (1U << (kind))
#define TASK BIT(ROW_BY_TASK)
#define PROCESS BIT(ROW_BY_PROCESS)
#define COMM BIT(ROW_BY_COMM)
#define CGROUP BIT(ROW_BY_CGROUP)
#define KERNEL BIT(ROW_KERNEL_TIMER)
#define BARE BIT(ROW_TIMERS_ONLY)
#define REST BIT(ROW_REMAINDER)
#define GROUPS (PROCESS | COMM | CGROUP)
#define TABLES (TASK | GROUPS)
#define WATCHED (TABLES | REST)
#define OWNED (WATCHED | BARE)
#define ALL (OWNED | KERNEL)

/* Groups of columns: columns with the same pointer are in the same group. */
static const char TASKS[] = "TASKS", TIMERS[] = "TIMERS", LATENESS[] = "LATENESS",
		  LATENCY[] = "TIMER LATENCY", QUEUE[] = "RUN QUEUE", BLOCKED[] = "BLOCKED",
		  DWELL[] = "DWELL";

/* clang-format off */
/* In the order of tables and JSON. */
const struct column row_columns[] = {
	{ .json = "remainder", .applies = REST, .type = COLUMN_FLAG, .get.row = get_remainder },
	{ .json = "groups", .applies = REST, .type = COLUMN_COUNT, FIELD(groups) },
	{ .word = "pid", .help = "process id, smallest first",
	  .heading = "PID", .json = "pid",
	  .shown = PROCESS, .applies = TASK | PROCESS | BARE,
	  .type = COLUMN_ID, .get.row = get_pid },
	{ .word = "tid", .help = "task id, smallest first",
	  .heading = "TID", .json = "tid",
	  .shown = TASK, .applies = TASK | BARE,
	  .type = COLUMN_ID, .get.row = get_tid },
	{ .word = "comm", .help = "name, in alphabetical order",
	  .heading = "COMM", .json = "comm",
	  .shown = TASK | PROCESS | COMM, .applies = TASK | PROCESS | COMM | KERNEL,
	  .type = COLUMN_COMM },
	{ .word = "cgroup", .help = "cgroup id, smallest first",
	  .heading = "CGROUP", .json = "cgroup",
	  .manual = "The process, the task, its name, and the path of its cgroup (*#*, and a "
	      "number if the path is not known).",
	  .shown = CGROUP, .applies = TASK | PROCESS | CGROUP,
	  .type = COLUMN_CGROUP, FIELD(cgroup) },
	{ .heading = "KERNEL TIMER", .json = "callback",
	  .manual = "",
	  .shown = KERNEL, .applies = KERNEL,
	  .type = COLUMN_CALLBACK, FIELD(function) },
	{ .word = "tasks", .help = "number of tasks in the group", .place = 1,
	  .group = TASKS, .heading = "all", .json = "tasks",
	  .shown = GROUPS, .applies = OWNED,
	  .type = COLUMN_COUNT, FIELD(tasks) },
	{ .group = TASKS, .heading = "exited",
	  .manual = "How many tasks the group had, and how many of them have exited. By "
	      "process, the 10,000 exited ones that rank first under *-s* have rows of their "
	      "own; a last row, *\"(N others)\"*, is for the rest.",
	  .shown = GROUPS, .applies = OWNED,
	  .type = COLUMN_COUNT, FIELD(exited) },
	{ .json = "exited", .applies = OWNED, .type = COLUMN_FLAG, .get.row = get_all_exited },
	{ .word = "armed", .help = "timers armed",
	  .group = TIMERS, .heading = "armed/s", .json = "timers.armed",
	  .shown = TABLES | KERNEL, .applies = ALL, .figures = FIGURE_ARMED,
	  .type = COLUMN_RATE, FIELD(timers.armed) },
	{ .json = "timers.rearmed", .applies = ALL, .figures = FIGURE_REARMED,
	  .type = COLUMN_COUNT, FIELD(timers.rearmed) },
	{ .word = "cancelled", .help = "timers cancelled",
	  .json = "timers.cancelled",
	  .applies = ALL, .figures = FIGURE_CANCELLED,
	  .type = COLUMN_COUNT, FIELD(timers.cancelled) },
	{ .word = "expired", .help = "timers expired",
	  .group = TIMERS, .heading = "fired/s", .json = "timers.expired",
	  .shown = TABLES | KERNEL, .applies = ALL, .figures = FIGURE_EXPIRED,
	  .type = COLUMN_RATE, FIELD(timers.expired) },
	{ .word = "outstanding", .help = "timers that are armed at the end",
	  .group = TIMERS, .heading = "out", .json = "timers.outstanding",
	  .manual = "Timers armed (re-arms included) and expired in a second, and how many are "
	      "armed at the end.",
	  .shown = TABLES | KERNEL, .applies = ALL, .figures = FIGURE_OUTSTANDING,
	  .type = COLUMN_COUNT, FIELD(timers.outstanding) },
	{ .json = "lateness",
	  .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = DWELL_LATENESS },
	{ .word = "lateness-p99", .help = "99th percentile of timer lateness",
	  .group = LATENESS, .heading = "p99",
	  .shown = TABLES | KERNEL, .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_PERCENTILE, .get.row = get_p99, .what = DWELL_LATENESS },
	{ .word = "lateness-max", .help = "largest timer lateness",
	  .group = LATENESS, .heading = "max",
	  .manual = "Lateness of the timers that expired: the 99th percentile, and the largest.",
	  .shown = TABLES | KERNEL, .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_MAX, .get.row = get_max, .what = DWELL_LATENESS },
	{ .json = "timer_latency",
	  .applies = WATCHED, .figures = FIGURE_TIMER_LATENCY,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = DWELL_TIMER_LATENCY },
	{ .word = "timer-latency-p99", .help = "99th percentile of timer latency",
	  .group = LATENCY, .heading = "p99",
	  .shown = TABLES, .applies = WATCHED, .figures = FIGURE_TIMER_LATENCY,
	  .type = COLUMN_PERCENTILE, .get.row = get_p99, .what = DWELL_TIMER_LATENCY },
	{ .word = "timer-latency-max", .help = "largest timer latency",
	  .group = LATENCY, .heading = "max",
	  .manual = "The same of timer latency.",
	  .shown = TABLES, .applies = WATCHED, .figures = FIGURE_TIMER_LATENCY,
	  .type = COLUMN_MAX, .get.row = get_max, .what = DWELL_TIMER_LATENCY },
	{ .json = "runqueue", .applies = WATCHED,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = COLUMN_RUNQUEUE },
	{ .word = "runqueue-p99", .help = "99th percentile of run-queue latency", .place = -2,
	  .group = QUEUE, .heading = "p99",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_PERCENTILE, .get.row = get_p99, .what = COLUMN_RUNQUEUE },
	{ .word = "runqueue-max", .help = "longest run-queue latency", .place = -3,
	  .group = QUEUE, .heading = "max",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_MAX, .get.row = get_max, .what = COLUMN_RUNQUEUE },
	{ .word = "runqueue", .help = "time spent waiting for a CPU, in all", .place = -4,
	  .group = QUEUE, .heading = "sum%",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_SHARE, .get.row = get_sum, .what = COLUMN_RUNQUEUE },
	{ .json = "runqueue_woken", .applies = WATCHED,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = DWELL_WOKEN },
	{ .json = "runqueue_preempted", .applies = WATCHED,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = DWELL_PREEMPTED },
	{ .json = "throttled", .applies = WATCHED,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = DWELL_THROTTLED },
	{ .word = "throttled", .help = "time held back by a CPU quota, in all", .place = -1,
	  .group = QUEUE, .heading = "throt",
	  .manual = "Run-queue latency: the 99th percentile, the longest, and all of it "
	      "together in percent of the window; then the time throttled.",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_TIME, .get.row = get_sum, .what = DWELL_THROTTLED },
	{ .word = "blocked", .help = "time spent blocked, in all",
	  .json = "blocked",
	  .applies = WATCHED,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = DWELL_BLOCKED },
	{ .word = "blocked-max", .help = "longest blocked duration",
	  .group = BLOCKED, .heading = "max",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_MAX, .get.row = get_max, .what = DWELL_BLOCKED },
	{ .word = "uninterruptible", .help = "time spent in uninterruptible blocks (D)",
	  .group = BLOCKED, .heading = "D sum", .json = "blocked_uninterruptible_ns",
	  .manual = "The longest blocked duration, and the time in uninterruptible blocks.",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_TIME, .get.row = get_uninterruptible },
	{ .json = "blocked_uninterruptible_open_ns", .applies = WATCHED,
	  .type = COLUMN_TIME, .get.row = get_open_uninterruptible },
	{ .json = "blocked_ns", .applies = WATCHED, .type = COLUMN_BLOCKS },
	{ .json = "dwell", .applies = WATCHED,
	  .type = COLUMN_INTERVALS, .get.row = get_intervals, .what = DWELL_DWELL },
	{ .word = "dwell-p99", .help = "99th percentile of dwell",
	  .group = DWELL, .heading = "p99",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_PERCENTILE, .get.row = get_p99, .what = DWELL_DWELL },
	{ .word = "dwell-max", .help = "longest dwell",
	  .group = DWELL, .heading = "max",
	  .manual = "Dwell: the 99th percentile, and the longest.",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_MAX, .get.row = get_max, .what = DWELL_DWELL },
	{ .word = "oncpu", .help = "time spent on a CPU",
	  .heading = "CPU%", .json = "oncpu_ns",
	  .manual = "Time on-CPU, in percent of one CPU.",
	  .shown = TABLES, .applies = WATCHED,
	  .type = COLUMN_SHARE, FIELD(oncpu_ns) },
	{ .word = "switches", .help = "context switches, voluntary and involuntary",
	  .applies = WATCHED, .type = COLUMN_COUNT, .get.row = get_switches },
	{ .json = "switches.voluntary", .applies = WATCHED,
	  .type = COLUMN_COUNT, FIELD(voluntary) },
	{ .json = "switches.involuntary", .applies = WATCHED,
	  .type = COLUMN_COUNT, FIELD(involuntary) },
	{ .heading = "STATE", .json = "state",
	  .manual = "What the task is doing at the end, and for how long. A blocked one has its "
	      "kind of block: none for interruptible, *D* for uninterruptible, *idle* for a "
	      "kernel thread without work, *stopped*, or *other*. A *~* before the age says "
	      "that the state began before the window, so that the age is an estimate. A state "
	      "that began before the window never enters a histogram as if it were complete.",
	  .shown = TASK, .applies = WATCHED,
	  .type = COLUMN_STATE },
};
/* clang-format on */

const size_t row_columns_count = LENGTH(row_columns);
_Static_assert(LENGTH(row_columns) <= COLUMNS_MAX, "a table has no room for all columns");

/* ---- questions ---------------------------------------------------------------- */

bool column_ascends(const struct column *column)
{
	return column->type <= COLUMN_API;
}

const struct column *columns_sort_key(const struct column *columns, size_t count, size_t at)
{
	for (int ascends = 0; ascends <= 1; ascends++)
		for (int place = -COLUMN_PLACES; place <= COLUMN_PLACES; place++)
			for (size_t i = 0; i < count; i++)
				if (columns[i].word && columns[i].place == place &&
				    column_ascends(&columns[i]) == ascends && !at--)
					return &columns[i];
	return NULL;
}

const struct column *row_sort_key(size_t at)
{
	return columns_sort_key(row_columns, row_columns_count, at);
}

bool column_applies(const struct column *column, unsigned int kind)
{
	return column->applies & BIT(kind);
}

unsigned int row_kind(const struct row *row)
{
	return row->kernel_timer ? ROW_KERNEL_TIMER :
	       row->timers_only	 ? ROW_TIMERS_ONLY :
	       row->remainder	 ? ROW_REMAINDER :
				   row->by;
}

int row_value(const struct column *column, const struct row *row, struct value *value)
{
	memset(value, 0, sizeof(*value));
	return column->get.row ? column->get.row(row, column->what, value) : 0;
}

void value_clear(struct value *value)
{
	dist_clear(&value->merged);
	dist_clear(&value->merged_open.age);
}

int row_rank(const struct column *column, const struct row *row, uint64_t *rank)
{
	struct value value;
	int err = 0;

	*rank = 0;
	if (column_ascends(column))
		return 0;
	err = row_value(column, row, &value);
	*rank = value.rank;
	value_clear(&value);
	return err;
}
