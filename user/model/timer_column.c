/* SPDX-License-Identifier: GPL-2.0-only */
/* The columns of the ledger of timers, and how a row's values are found. */
#include "model/timer_column.h"

#include <string.h>

#include "base/saturate.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- values ---------------------------------------------------------------- */

static void set(struct value *value, uint64_t number)
{
	value->number = value->closed = value->rank = number;
}

/* The field at @offset. */
static void get_field(const struct timer_row *row, int offset, struct value *value)
{
	set(value, *(const uint64_t *)((const char *)row + offset));
}
#define FIELD(member) .get.timer = get_field, .what = offsetof(struct timer_row, member)

/* The field at @offset; 0: there is no value. */
static void get_some(const struct timer_row *row, int offset, struct value *value)
{
	get_field(row, offset, value);
	value->none = !value->number;
}
#define SOME(member) .get.timer = get_some, .what = offsetof(struct timer_row, member)

static void get_pid(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	set(value, row->pid);
}

static void get_tid(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	set(value, row->tid);
}

static void get_owner(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	value->word = row->unowned ? "unknown" : "exited";
}

static void get_kind(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	value->word = row->wheel ? "wheel" : "hrtimer";
}

/* The @per_mille percentile of the times asked for. The shortest ranks first, no time last. */
static void get_timeout(const struct timer_row *row, int per_mille, struct value *value)
{
	set(value, dist_percentile(&row->timeout, (unsigned int)per_mille));
	value->none = !dist_count(&row->timeout);
	value->rank = value->none ? 0 : UINT64_MAX - value->number;
}

static void get_timeouts(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	value->dist = &row->timeout;
}

/* The average slack of an expiry. */
static void get_average_slack(const struct timer_row *row, int what, struct value *value)
{
	uint64_t count = dist_count(&row->lateness);

	(void)what;
	value->none = row->wheel || !count || !row->slack_granted;
	value->rank = row->slack_used;
	if (value->none)
		return;
	value->number = row->slack_used / count;
	value->of = row->slack_granted / count;
}

static void get_slack(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	value->none = row->wheel;
	value->number = row->slack_used;
	value->of = row->slack_granted;
}

static void get_latenesses(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	value->none = row->wheel;
	value->dist = &row->lateness;
}

static void get_late_p99(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	set(value, dist_percentile(&row->lateness, 990));
	value->none = row->wheel || !dist_count(&row->lateness);
}

static void get_late_max(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	set(value, row->lateness.max);
	value->none = row->wheel || !dist_count(&row->lateness);
}

static void get_woke(const struct timer_row *row, int what, struct value *value)
{
	(void)what;
	set(value, row->woke);
	value->of = row->timers.expired;
}

/* A leak ranks before a rate that grows; both count in millionths. */
static void get_growth(const struct timer_row *row, int what, struct value *value)
{
	const struct growth *growth = what == GROWTH_RATE ? &row->rate : &row->outstanding;
	double leak = row->outstanding.grows ? 1e12 + row->outstanding.per_s : row->rate.per_s;

	value->growth = growth;
	value->none = !growth->grows;
	value->rank = saturating_round(leak * 1e6);
}

/* ---- the table ---------------------------------------------------------------- */

/* Tables and kinds of rows. */
#define BIT(kind) (1U << (kind))
#define TASK BIT(TIMER_BY_TASK)
#define PROCESS BIT(TIMER_BY_PROCESS)
#define NAMED (TASK | PROCESS | BIT(TIMER_BY_COMM))
#define CGROUP BIT(TIMER_BY_CGROUP)
#define CALLED (NAMED | CGROUP | BIT(TIMER_BY_CALLBACK))
#define TABLES (CALLED | BIT(TIMER_BY_API))
#define KERNEL BIT(TIMER_ROW_KERNEL)
#define LUMP BIT(TIMER_ROW_LUMP)
#define ALL (TABLES | KERNEL | LUMP)

/* Groups of columns: columns with the same pointer are in the same group. */
static const char TIMERS[] = "TIMERS", TIMEOUT[] = "TIMEOUT", SLACK[] = "SLACK",
		  LATENESS[] = "LATENESS", CALLBACK[] = "CALLBACK", GROWS[] = "GROWS";

/* clang-format off */
/* In the order of tables and JSON. */
const struct column timer_columns[] = {
	{ .word = "pid", .help = "process id, smallest first",
	  .heading = "PID", .json = "pid",
	  .shown = PROCESS, .applies = TASK | PROCESS,
	  .type = COLUMN_ID, .get.timer = get_pid },
	{ .word = "tid", .help = "task id, smallest first",
	  .heading = "TID", .json = "tid",
	  .shown = TASK, .applies = TASK,
	  .type = COLUMN_ID, .get.timer = get_tid },
	{ .word = "comm", .help = "name, in alphabetical order",
	  .heading = "COMM", .json = "comm",
	  .shown = NAMED, .applies = NAMED | KERNEL,
	  .type = COLUMN_COMM },
	{ .heading = "CGROUP", .json = "cgroup",
	  .manual = "Whose timers they are: *kernel* stands for the kernel's own, *(unknown)* "
	      "for those of programs that were armed before *dwell* started and whose owner it "
	      "has not seen, *(exited)* for tasks that have exited, beyond the first 10,000 "
	      "lines of such tasks.",
	  .shown = CGROUP, .applies = TASK | PROCESS | CGROUP,
	  .type = COLUMN_CGROUP, FIELD(cgroup) },
	{ .json = "owner", .applies = LUMP, .type = COLUMN_WORD, .get.timer = get_owner },
	{ .word = "api", .help = "API, in alphabetical order",
	  .heading = "API", .json = "api",
	  .shown = TABLES, .applies = ALL,
	  .type = COLUMN_API },
	{ .heading = "CALLBACK", .json = "callback",
	  .manual = "What arms such timers, and the function that the kernel calls when they "
	      "expire.",
	  .shown = CALLED, .applies = ALL,
	  .type = COLUMN_CALLBACK, SOME(function) },
	{ .json = "timer_kind", .applies = ALL, .type = COLUMN_WORD, .get.timer = get_kind },
	{ .word = "armed", .help = "timers armed, re-arms included",
	  .group = TIMERS, .heading = "armed/s", .json = "armed",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_ARMED,
	  .type = COLUMN_RATE, FIELD(timers.armed) },
	{ .word = "rearmed", .help = "timers armed again while they were armed",
	  .group = TIMERS, .heading = "re-arm/s", .json = "rearmed",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_REARMED,
	  .type = COLUMN_RATE, FIELD(timers.rearmed) },
	{ .word = "cancelled", .help = "timers cancelled",
	  .group = TIMERS, .heading = "cancel/s", .json = "cancelled",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_CANCELLED,
	  .type = COLUMN_RATE, FIELD(timers.cancelled) },
	{ .word = "expired", .help = "timers expired",
	  .group = TIMERS, .heading = "fired/s", .json = "expired",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_EXPIRED,
	  .type = COLUMN_RATE, FIELD(timers.expired) },
	{ .json = "before", .applies = ALL, .figures = FIGURE_CANCELLED | FIGURE_EXPIRED,
	  .type = COLUMN_COUNT, FIELD(before) },
	{ .word = "outstanding", .help = "timers that are armed at the end",
	  .group = TIMERS, .heading = "out", .json = "outstanding",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_OUTSTANDING,
	  .type = COLUMN_COUNT, FIELD(timers.outstanding) },
	{ .word = "oldest", .help = "age of the oldest of them",
	  .group = TIMERS, .heading = "oldest", .json = "oldest_ns",
	  .manual = "How many are armed (re-arms included), armed again while armed, cancelled "
	      "and expired in a second; how many are armed at the end, and the age of the "
	      "oldest of them.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_OUTSTANDING,
	  .type = COLUMN_TIME, SOME(oldest_ns) },
	{ .json = "due_ns", .applies = ALL, .figures = FIGURE_OUTSTANDING,
	  .type = COLUMN_TIME, SOME(due_ns) },
	{ .json = "timeout", .applies = ALL, .figures = FIGURE_TIMEOUT,
	  .type = COLUMN_INTERVALS, .get.timer = get_timeouts },
	{ .word = "timeout", .help = "median of the time asked for, shortest first",
	  .group = TIMEOUT, .heading = "p50",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_TIMEOUT,
	  .type = COLUMN_PERCENTILE, .get.timer = get_timeout, .what = 500 },
	{ .group = TIMEOUT, .heading = "p99",
	  .manual = "For how long they are armed: the median, and the 99th percentile; what is "
	      "armed for ever (more than 36 years) is left out.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_TIMEOUT,
	  .type = COLUMN_PERCENTILE, .get.timer = get_timeout, .what = 990 },
	{ .word = "slack", .help = "slack used, in all",
	  .group = SLACK, .heading = "used",
	  .manual = "How much later than asked for they expire on average, by their own "
	      "permission, of how much they permit; see prctl(2), PR_SET_TIMERSLACK.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_PAIR, .get.timer = get_average_slack },
	{ .json = "slack", .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_SLACK, .get.timer = get_slack },
	{ .json = "lateness", .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_INTERVALS, .get.timer = get_latenesses },
	{ .word = "lateness-p99", .help = "99th percentile of lateness",
	  .group = LATENESS, .heading = "p99",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_PERCENTILE, .get.timer = get_late_p99 },
	{ .word = "lateness-max", .help = "largest lateness",
	  .group = LATENESS, .heading = "max",
	  .manual = "How much later than that they expire.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_LATENESS,
	  .type = COLUMN_MAX, .get.timer = get_late_max },
	{ .word = "woke", .help = "expiries that woke a task",
	  .group = CALLBACK, .heading = "woke%",
	  .manual = "How many of a hundred expiries woke a task.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_WOKE | FIGURE_EXPIRED,
	  .type = COLUMN_PERCENT, .get.timer = get_woke },
	{ .json = "woke", .applies = ALL, .figures = FIGURE_WOKE,
	  .type = COLUMN_COUNT, FIELD(woke) },
	{ .word = "callback", .help = "time spent in callbacks",
	  .group = CALLBACK, .heading = "CPU%", .json = "callback_ns",
	  .manual = "The time spent in their callbacks, in percent of one CPU.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_CALLBACK,
	  .type = COLUMN_FINE_SHARE, FIELD(callback_ns) },
	{ .word = "growth", .help = "how fast it keeps growing",
	  .group = GROWS, .heading = "out", .json = "grows",
	  .manual = "So many more are armed each second, over the whole window: a leak.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_OUTSTANDING,
	  .type = COLUMN_GROWTH, .get.timer = get_growth, .what = GROWTH_OUTSTANDING },
	{ .group = GROWS, .heading = "armed/s", .json = "arming_rate_grows",
	  .manual = "So many more are armed in each second than in the one before. That is more "
	      "load, or a program that spins, but no leak: they are done with.",
	  .shown = TABLES, .applies = ALL, .figures = FIGURE_ARMED,
	  .type = COLUMN_GROWTH, .get.timer = get_growth, .what = GROWTH_RATE },
};
/* clang-format on */

const size_t timer_columns_count = LENGTH(timer_columns);
_Static_assert(LENGTH(timer_columns) <= COLUMNS_MAX, "a table has no room for all columns");

/* ---- questions ---------------------------------------------------------------- */

const struct column *timer_sort_key(size_t at)
{
	return columns_sort_key(timer_columns, timer_columns_count, at);
}

unsigned int timer_row_kind(const struct timer_row *row)
{
	return row->kernel		      ? TIMER_ROW_KERNEL :
	       row->unowned || row->remainder ? TIMER_ROW_LUMP :
						row->by;
}

void timer_value(const struct column *column, const struct timer_row *row, struct value *value)
{
	memset(value, 0, sizeof(*value));
	if (column->get.timer)
		column->get.timer(row, column->what, value);
}

uint64_t timer_rank(const struct column *column, const struct timer_row *row)
{
	struct value value;

	if (column_ascends(column))
		return 0;
	timer_value(column, row, &value);
	return value.rank;
}
