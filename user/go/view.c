/* SPDX-License-Identifier: GPL-2.0-only */
/* Views: the timers and goroutines of a snapshot in groups, the largest first. */
#include "go/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "go/row_key.h"

#define RUNTIME "runtime."

/* What stacks say, worked out when a stack is first met. */
struct stack_names {
	bool known;
	const char *owner, *wait;
};

/* The grouping of a snapshot. */
struct grouping {
	const struct go_snapshot *snapshot;
	const struct go_view *view;
	struct go_symbols *symbols;
	struct go_rows *rows;
	struct stack_names *stack; /* of each stack; owned */
	struct go_keys alike;	   /* what has the same names, by addresses: its row */
	struct go_keys named;	   /* rows by their names */
	size_t room;		   /* rows that the table at hand has memory for */
};

/* Addresses that tell the names of a timer or goroutine, so that those are looked up once. */
struct alike_key {
	uint64_t seed;
	uint64_t creator;
	uint64_t function; /* what a timer calls; the first one of a goroutine */
	uint64_t period_ns;
	uint32_t stack;
	uint32_t kind; /* as of struct go_row_key */
};

static void grouping_clear(struct grouping *grouping)
{
	free(grouping->stack);
	go_keys_clear(&grouping->alike);
	go_keys_clear(&grouping->named);
}

/* ---- names ---------------------------------------------------------------------- */

static const struct stack_names *names_of(struct grouping *grouping, uint32_t stack)
{
	static const struct stack_names none;
	struct stack_names *names;

	if (stack >= grouping->snapshot->stacks)
		return &none;
	names = &grouping->stack[stack];
	if (!names->known) {
		const struct go_stack *frames = &grouping->snapshot->stack[stack];

		names->owner = go_owner(grouping->symbols, frames);
		names->wait = go_wait(grouping->symbols, frames);
		names->known = true;
	}
	return names;
}

static const char *function_at(struct grouping *grouping, uint64_t pc)
{
	return pc ? go_symbols_function(grouping->symbols, pc) : NULL;
}

/* Who created a goroutine, by @pc; NULL: nobody but the runtime, which starts the first one. */
static const char *creator_at(struct grouping *grouping, uint64_t pc)
{
	const char *name = function_at(grouping, pc);

	return name && strncmp(name, RUNTIME, strlen(RUNTIME)) != 0 ? name : NULL;
}

/* The goroutine that waits for @timer; NULL: none does. */
static const struct go_goroutine *waiter_of(const struct go_snapshot *snapshot,
					    const struct go_timer *timer)
{
	return timer->goroutine < snapshot->goroutines ? &snapshot->goroutine[timer->goroutine] :
							 NULL;
}

/* ---- rows ------------------------------------------------------------------------ */

/*
 * Makes room for one more row of @size bytes in @table, which has @count. Returns the table, which
 * may have moved; NULL: no memory, and @table is as it was.
 */
static void *make_room(struct grouping *grouping, void *table, size_t count, size_t size)
{
	const size_t room = grouping->room ? 2 * grouping->room : 64;
	void *larger;

	if (count < grouping->room)
		return table;
	larger = realloc(table, room * size);
	if (larger)
		grouping->room = room;
	return larger;
}

/*
 * Returns where the number of the row of @key is kept, of which there are @count. If *fresh is
 * set, the caller makes that row. Beyond GO_ROWS_MAX new rows share that of @others, and *beyond
 * is set. NULL: no memory.
 */
static size_t *find_row(struct grouping *grouping, struct go_row_key *key,
			struct go_row_key *others, size_t count, bool *fresh, bool *beyond)
{
	size_t *found = go_keys_find(&grouping->named, key, sizeof(*key));

	*fresh = *beyond = false;
	if (found)
		return found;
	*beyond = count >= GO_ROWS_MAX;
	if (*beyond) {
		key = others;
		found = go_keys_find(&grouping->named, key, sizeof(*key));
		if (found)
			return found;
	}
	*fresh = true;
	found = go_keys_add(&grouping->named, key, sizeof(*key));
	if (found)
		*found = count;
	return found;
}

static const char beyond_mark[1]; /* is the name in the keys of rows beyond GO_ROWS_MAX */

/* Sets *number to that of the row of @timer. 0 or -ENOMEM. */
static int name_timer(struct grouping *grouping, const struct go_timer *timer, size_t *number)
{
	const struct go_goroutine *waiter = waiter_of(grouping->snapshot, timer);
	const char *owner = waiter ? names_of(grouping, waiter->stack)->owner :
				     function_at(grouping, timer->function);
	const char *creator = waiter ? creator_at(grouping, waiter->creator) : NULL;
	struct go_row_key key =
		go_timer_key(grouping->view, timer->kind, timer->period_ns, owner, creator);
	struct go_row_key others = {.name = {beyond_mark}, .kind = timer->kind + 1U};
	struct go_rows *rows = grouping->rows;
	struct go_timer_row *table;
	bool fresh, beyond;
	size_t *found = find_row(grouping, &key, &others, rows->timers, &fresh, &beyond);

	if (!found)
		return -ENOMEM;
	*number = *found;
	if (!fresh)
		return 0;
	table = make_room(grouping, rows->timer, rows->timers, sizeof(*table));
	if (!table)
		return -ENOMEM;
	rows->timer = table;
	table[rows->timers++] = (struct go_timer_row){
		.kind = timer->kind,
		.period_ns = timer->period_ns,
		.owner = beyond ? NULL : key.name[1],
		.creator = beyond ? NULL : key.name[0],
		.stack = GO_NONE,
		.others = beyond,
	};
	return 0;
}

/* Sets *number to that of the row of @goroutine. 0 or -ENOMEM. */
static int name_goroutine(struct grouping *grouping, const struct go_goroutine *goroutine,
			  size_t *number)
{
	const struct stack_names *names = names_of(grouping, goroutine->stack);
	const char *start = function_at(grouping, goroutine->start);
	struct go_row_key key = go_goroutine_key(grouping->view, goroutine->state,
						 creator_at(grouping, goroutine->creator),
						 names->owner, names->wait);
	struct go_row_key others = {.name = {beyond_mark}};
	struct go_rows *rows = grouping->rows;
	struct go_goroutine_row *table;
	bool fresh, beyond;
	size_t *found = find_row(grouping, &key, &others, rows->goroutines, &fresh, &beyond);

	if (!found)
		return -ENOMEM;
	*number = *found;
	if (!fresh) {
		if (rows->goroutine[*number].start != start)
			rows->goroutine[*number].start = NULL;
		return 0;
	}
	table = make_room(grouping, rows->goroutine, rows->goroutines, sizeof(*table));
	if (!table)
		return -ENOMEM;
	rows->goroutine = table;
	table[rows->goroutines++] = (struct go_goroutine_row){
		.creator = beyond ? NULL : key.name[0],
		.place = beyond ? NULL : key.name[1],
		.wait = beyond ? NULL : key.name[2],
		.start = beyond ? NULL : start,
		.stack = GO_NONE,
		.others = beyond,
	};
	return 0;
}

/* ---- figures ---------------------------------------------------------------------- */

/* How long before @now the time @then was; 0: it is later. */
static uint64_t elapsed(int64_t then, int64_t now)
{
	return then < now ? (uint64_t)now - (uint64_t)then : 0;
}

static void add_due(int64_t when, bool first, int64_t *next, int64_t *last)
{
	if (first || when < *next)
		*next = when;
	if (first || when > *last)
		*last = when;
}

static void add_timer(struct grouping *grouping, struct go_timer_row *row,
		      const struct go_timer *timer)
{
	const struct go_goroutine *waiter = waiter_of(grouping->snapshot, timer);
	const uint64_t late = elapsed(timer->when, grouping->snapshot->at);
	struct go_rows *rows = grouping->rows;

	if (timer->period_ns != row->period_ns) {
		row->periods = true;
		if (timer->period_ns < row->period_ns)
			row->period_ns = timer->period_ns;
	}
	if (timer->dead) {
		row->dead++;
		rows->dead++;
		return;
	}
	add_due(timer->when, !row->count, &row->next, &row->last);
	add_due(timer->when, !rows->armed, &rows->next, &rows->last);
	row->count++;
	rows->armed++;
	row->received += timer->receivers > 0;
	row->crowded += timer->receivers > 1;
	row->full += timer->full;
	if (waiter && row->stack == GO_NONE && waiter->stack < grouping->snapshot->stacks)
		row->stack = waiter->stack;
	if (late < GO_OVERDUE_LEAST_NS)
		return;
	row->overdue++;
	rows->overdue++;
	if (late > row->overdue_max_ns)
		row->overdue_max_ns = late;
	if (late > rows->overdue_max_ns)
		rows->overdue_max_ns = late;
}

static void add_goroutine(struct grouping *grouping, struct go_goroutine_row *row,
			  const struct go_goroutine *goroutine)
{
	const uint64_t age = elapsed(goroutine->since, grouping->snapshot->at);

	row->count++;
	row->state[goroutine->state]++;
	grouping->rows->state[goroutine->state]++;
	row->polls += goroutine->polls;
	if (row->stack == GO_NONE && goroutine->stack < grouping->snapshot->stacks)
		row->stack = goroutine->stack;
	if (!goroutine->since)
		return;
	row->known++;
	if (age > row->oldest_ns)
		row->oldest_ns = age;
}

/* ---- grouping ----------------------------------------------------------------------- */

/* Keeps @number for what is alike. What does not fit is named again each time. */
static void remember(struct grouping *grouping, struct alike_key *alike, size_t number)
{
	size_t *kept = NULL;

	if (grouping->alike.count < GO_ROWS_MAX)
		kept = go_keys_add(&grouping->alike, alike, sizeof(*alike));
	if (kept)
		*kept = number;
}

static int group_timers(struct grouping *grouping)
{
	const struct go_snapshot *snapshot = grouping->snapshot;

	for (size_t i = 0; i < snapshot->timers; i++) {
		const struct go_timer *timer = &snapshot->timer[i];
		const struct go_goroutine *waiter = waiter_of(snapshot, timer);
		struct alike_key alike = {
			.creator = waiter ? waiter->creator : 0,
			.function = waiter ? 0 : timer->function,
			.period_ns = timer->period_ns,
			.stack = waiter ? waiter->stack : GO_NONE,
			.kind = timer->kind,
		};
		size_t *known = go_keys_find(&grouping->alike, &alike, sizeof(alike));
		size_t number = known ? *known : 0;

		if (!known) {
			if (name_timer(grouping, timer, &number))
				return -ENOMEM;
			remember(grouping, &alike, number);
		}
		add_timer(grouping, &grouping->rows->timer[number], timer);
	}
	return 0;
}

static int group_goroutines(struct grouping *grouping)
{
	const struct go_snapshot *snapshot = grouping->snapshot;

	for (size_t i = 0; i < snapshot->goroutines; i++) {
		const struct go_goroutine *goroutine = &snapshot->goroutine[i];
		struct alike_key alike = {
			.creator = goroutine->creator,
			.function = goroutine->start,
			.stack = goroutine->stack,
			.kind = goroutine->state,
		};
		size_t *known, number;

		if (goroutine->system) {
			grouping->rows->system++;
			continue;
		}
		known = go_keys_find(&grouping->alike, &alike, sizeof(alike));
		number = known ? *known : 0;
		if (!known) {
			if (name_goroutine(grouping, goroutine, &number))
				return -ENOMEM;
			remember(grouping, &alike, number);
		}
		add_goroutine(grouping, &grouping->rows->goroutine[number], goroutine);
	}
	return 0;
}

int go_rows_make(const struct go_snapshot *snapshot, struct go_symbols *symbols,
		 const struct go_view *view, struct go_rows *rows)
{
	struct grouping grouping __attribute__((cleanup(grouping_clear))) = {
		.snapshot = snapshot,
		.view = view,
		.symbols = symbols,
		.rows = rows,
		.stack = calloc(snapshot->stacks + 1, sizeof(*grouping.stack)),
	};
	int err = grouping.stack ? 0 : -ENOMEM;

	*rows = (struct go_rows){0};
	if (!err)
		err = group_timers(&grouping);
	go_keys_clear(&grouping.alike);
	go_keys_clear(&grouping.named);
	grouping.room = 0;
	if (!err)
		err = group_goroutines(&grouping);
	if (err) {
		go_rows_free(rows);
		return err;
	}
	go_rows_rank(rows, view);
	return 0;
}

void go_rows_free(struct go_rows *rows)
{
	free(rows->timer);
	free(rows->goroutine);
	*rows = (struct go_rows){0};
}
