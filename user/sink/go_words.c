/* SPDX-License-Identifier: GPL-2.0-only */
/* Words about Go programs: what a row of timers or goroutines says in a sentence. */
#include "sink/go_words.h"

#include <inttypes.h>
#include <string.h>

#include "base/saturate.h"
#include "base/text.h"
#include "go/owner.h"
#include "sink/cell.h"

static void add_named(struct go_line *line, const char *before, const char *name, const char *after)
{
	if (!name)
		return;
	go_line_add(line, "%s", before);
	go_line_name(line, name);
	go_line_add(line, "%s", after);
}

/*
 * Finds the frame of @function in a stack, and begins *walk behind it. NULL: there is none.
 */
static const struct go_frame *find_frame(const struct go_report *report, uint32_t stack,
					 const char *function, struct go_walk *walk)
{
	const struct go_frame *frame;

	if (!function || stack >= report->snapshot->stacks)
		return NULL;
	*walk = go_walk(report->symbols, &report->snapshot->stack[stack]);
	while ((frame = go_walk_next(walk)) && frame->function != function)
		;
	return frame;
}

/*
 * Adds where in its file the function is, in one stack of a row: " at main.go:12". The library's
 * own lines are of no use.
 */
static void add_line(struct go_line *line, const struct go_report *report, uint32_t stack,
		     const char *function)
{
	struct go_walk walk;
	const struct go_frame *frame = find_frame(report, stack, function, &walk);
	const char *slash;

	if (!frame || !frame->file || !frame->line || go_standard_library(function))
		return;
	slash = strrchr(frame->file, '/');
	go_line_add(line, " at ");
	go_line_name(line, slash ? slash + 1 : frame->file);
	go_line_add(line, ":%u", frame->line);
}

/* ---- what came of it --------------------------------------------------------------- */

static void add_course(struct go_line *line, const struct growth *growth,
		       const struct go_change *change)
{
	char by[CELL_LEN];

	if (growth->grows) {
		go_line_add(line, ", grows by %s/s from ", cell_amount(by, growth->per_s));
		go_line_count(line, saturating_round(growth->from));
		go_line_add(line, " to ");
		go_line_count(line, saturating_round(growth->to));
	}
	if (change->compared && !change->before) {
		go_line_add(line, ", new");
	} else if (change->compared) {
		go_line_add(line, ", ");
		go_line_count(line, change->before);
		go_line_add(line, " in the baseline");
	}
}

/* ---- timers --------------------------------------------------------------------------- */

/* Who called the owner of a sleep; NULL: nobody whose name tells anything. */
static const char *caller_of(const struct go_report *report, const struct go_timer_row *row)
{
	struct go_walk walk;
	const struct go_frame *frame = find_frame(report, row->stack, row->owner, &walk);

	frame = frame ? go_walk_next(&walk) : NULL;
	if (!frame || !frame->function || !strncmp(frame->function, "runtime.", 8))
		return NULL;
	return frame->function;
}

static void add_kind(struct go_line *line, const struct go_timer_row *row)
{
	static const char *const one[] = {
#define X(id, name, text, plural) [GO_##id] = text,
		GO_TIMER_KIND_LIST(X)
#undef X
	};
	static const char *const several[] = {
#define X(id, name, text, plural) [GO_##id] = plural,
		GO_TIMER_KIND_LIST(X)
#undef X
	};

	go_line_add(line, "%s",
		    (row->count ?: row->dead) == 1 ? one[row->kind] : several[row->kind]);
	if (row->kind != GO_TICKER)
		return;
	go_line_add(line, " of ");
	go_line_duration(line, row->period_ns);
	if (row->periods)
		go_line_add(line, " and more");
}

/* Who waits on the channels of tickers and timers, and what is in them. */
static void add_receivers(struct go_line *line, const struct go_report *report,
			  const struct go_timer_row *row)
{
	if (!row->received)
		go_line_add(line, ", nobody receives");
	else if (row->owner)
		add_named(line, ", received by ", row->owner, "");
	else if (row->received < row->count)
		go_line_add(line, ", %" PRIu64 " of them received", row->received);
	else
		go_line_add(line, ", received");
	add_named(line, " (created by ", row->creator, ")");
	add_line(line, report, row->stack, row->owner);
	if (row->crowded && row->count == 1)
		go_line_add(line, ", shared by several goroutines");
	else if (row->crowded)
		go_line_add(line, ", %" PRIu64 " shared by several goroutines each", row->crowded);
	if (row->full)
		go_line_add(line, ", ");
	if (row->full && row->full < row->count)
		go_line_add(line, "%" PRIu64 " ", row->full);
	if (row->full)
		go_line_add(line, "with a tick that nobody took");
	else if (!row->received)
		go_line_add(line, ", channel empty");
	if (row->kind == GO_TICKER && !row->received && report->semantics != GO_SEMANTICS_SYNC)
		go_line_add(line, ", never collected unless stopped");
}

static void add_owner(struct go_line *line, const struct go_report *report,
		      const struct go_timer_row *row)
{
	const char *caller;

	switch (row->kind) {
	case GO_TICKER:
	case GO_TIMER:
		if (row->count)
			add_receivers(line, report, row);
		return;
	case GO_SLEEP:
		caller = caller_of(report, row);
		add_named(line, " in ", row->owner, "");
		add_named(line, " < ", caller, "");
		add_named(line, " (created by ", caller ? NULL : row->creator, ")");
		add_line(line, report, row->stack, row->owner);
		return;
	case GO_FUNC:
		add_named(line, " ", row->owner, "");
		return;
	case GO_RUNTIME:
		add_named(line, " (", row->owner, ")");
		return;
	case GO_DEADLINE:
		add_named(line, " of ", row->owner, "");
		add_named(line, " (created by ", row->creator, ")");
		return;
	default: /* those of contexts all call the same function */
		add_named(line, " (created by ", row->creator, ")");
	}
}

/* When the armed ones are due; of tickers only if that is further off than their period. */
static void add_due(struct go_line *line, const struct go_report *report,
		    const struct go_timer_row *row)
{
	const int64_t at = report->snapshot->at;
	const uint64_t left = row->last > at ? (uint64_t)row->last - (uint64_t)at : 0;
	const char *verb = row->kind == GO_SLEEP ? "ends" : "due";
	char next[TEXT_DURATION_LEN], last[TEXT_DURATION_LEN];

	if (!row->count || !left || (row->kind == GO_TICKER && left / 2 <= row->period_ns))
		return;
	text_duration(next, row->next > at ? (uint64_t)row->next - (uint64_t)at : 0);
	text_duration(last, left);
	if (row->count > 1 && (row->kind == GO_SLEEP || row->kind == GO_TICKER || row->next <= at))
		go_line_add(line, ", the last %s in %s", verb, last);
	else if (strcmp(next, last) != 0)
		go_line_add(line, ", %s in %s … %s", verb, next, last);
	else
		go_line_add(line, ", %s in %s", verb, last);
}

static void add_overdue(struct go_line *line, const struct go_timer_row *row)
{
	if (!row->overdue)
		return;
	if (row->count == 1)
		go_line_add(line, ", overdue by ");
	else if (row->overdue == row->count)
		go_line_add(line, ", all overdue, by up to ");
	else
		go_line_add(line, ", %" PRIu64 " overdue, by up to ", row->overdue);
	go_line_duration(line, row->overdue_max_ns);
}

void go_words_timers(struct go_line *line, const struct go_report *report,
		     const struct go_timer_row *row)
{
	add_kind(line, row);
	if (row->others)
		go_line_add(line, ", of more owners than are told apart");
	else
		add_owner(line, report, row);
	add_due(line, report, row);
	add_overdue(line, row);
	if (row->dead) {
		go_line_add(line, ", ");
		go_line_count(line, row->dead);
		go_line_add(line, row->count ? " more dead" : " dead");
	}
	add_course(line, &row->growth, &row->change);
}

/* ---- goroutines ------------------------------------------------------------------------ */

static const char *const state_words[] = {
	[GO_RUNNING] = "running",	   [GO_RUNNABLE] = "runnable",	   [GO_WAITING] = "waiting",
	[GO_SYSCALL] = "in a system call", [GO_OTHER] = "in other states",
};

void go_words_states(struct go_line *line, const uint64_t state[GO_STATES])
{
	static const enum go_state order[] = {GO_WAITING, GO_RUNNING, GO_RUNNABLE, GO_SYSCALL,
					      GO_OTHER};
	const char *separator = "";

	for (int i = 0; i < GO_STATES; i++) {
		if (!state[order[i]])
			continue;
		go_line_add(line, "%s", separator);
		go_line_count(line, state[order[i]]);
		go_line_add(line, " %s", state_words[order[i]]);
		separator = ", ";
	}
}

/* The state that all of them are in; GO_STATES: they are in several. */
static int only_state(const struct go_goroutine_row *row)
{
	for (int i = 0; i < GO_STATES; i++)
		if (row->state[i] == row->count)
			return i;
	return GO_STATES;
}

static void add_state(struct go_line *line, const struct go_goroutine_row *row)
{
	const int only = only_state(row);

	if (only == GO_STATES)
		go_words_states(line, row->state);
	else
		go_line_add(line, "%s", state_words[only]);
}

void go_words_goroutines(struct go_line *line, const struct go_report *report,
			 const struct go_goroutine_row *row)
{
	add_state(line, row);
	if (row->others)
		go_line_add(line, " in more places than are told apart");
	else if (row->place)
		add_named(line, " in ", row->place, "");
	else if (row->start && !strcmp(row->start, "runtime.main"))
		go_line_add(line, ", the main goroutine");
	else if (report->view->by == GO_BY_SITE)
		add_named(line, ", begun in ", row->start, "");
	add_named(line, " (created by ", row->creator, ")");
	if (row->wait)
		go_line_add(line, ", %s", row->wait);
	add_line(line, report, row->stack, row->place);
	if (row->polls == row->count && !row->wait)
		go_line_add(line, ", IO wait");
	else if (row->polls && row->polls < row->count)
		go_line_add(line, ", %" PRIu64 " for the network", row->polls);
	if (row->known) {
		go_line_add(line, row->count == 1 ? ", " : ", the oldest ");
		go_line_duration(line, row->oldest_ns);
		go_line_add(line, " at least");
	}
	add_course(line, &row->growth, &row->change);
}
