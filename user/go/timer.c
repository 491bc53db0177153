// SPDX-License-Identifier: GPL-2.0-only
/* The runtime's struct timer: its fields, what it calls, and who waits for it. */
#include "go/timer.h"

#include <errno.h>
#include <string.h>

/* Status of a timer up to Go 1.22. */
enum status {
	STATUS_NONE,
	STATUS_WAITING,
	STATUS_RUNNING,
	STATUS_DELETED,
	STATUS_REMOVING,
	STATUS_REMOVED,
	STATUS_MODIFYING,
	STATUS_EARLIER,
	STATUS_LATER,
	STATUS_MOVING,
	STATUSES
};

/* Bits of the state of a timer since 1.23. */
#define STATE_HEAPED 1
#define STATE_MODIFIED 2 /* the heap has an older time than the timer */
#define STATE_ZOMBIE 4

/* Of a channel: its first word is how many values it holds. */
#define HCHAN_CAPACITY 8
#define HCHAN_SIZE 24 /* 16 bits: of an element */
#define TIME_SIZE 24  /* of a time.Time */

#define RECEIVERS_MAX 255

/* More than a descriptor of the netpoller has in any version. */
#define POLL_SIZE 1024

/* At the beginning of a sudog, which stands for a goroutine that waits on a channel. */
struct sudog {
	uint64_t g, next;
};

static uint64_t word(const struct go_entry *entry, size_t offset)
{
	uint64_t value;

	memcpy(&value, entry->bytes + offset, sizeof(value));
	return value;
}

/* ---- its fields ------------------------------------------------------------------ */

static bool take_old_state(const struct go_layout *layout, struct go_entry *entry)
{
	uint32_t status;

	memcpy(&status, entry->bytes + layout->timer_state, sizeof(status));
	if (status == STATUS_NONE || status == STATUS_REMOVED || status >= STATUSES)
		return false;
	entry->timer.dead = status == STATUS_DELETED || status == STATUS_REMOVING;
	if (status == STATUS_EARLIER || status == STATUS_LATER)
		entry->timer.when = word(entry, layout->timer_when + GO_TIMER_NEXT);
	return true;
}

static bool take_state(const struct go_layout *layout, struct go_entry *entry)
{
	uint8_t state = entry->bytes[layout->timer_state];

	if (!(state & STATE_HEAPED) || state >= 2 * STATE_ZOMBIE)
		return false;
	entry->timer.dead = state & STATE_ZOMBIE;
	if (entry->timer.dead) {
		/* The runtime has cleared the timer's own time. */
		entry->timer.when = entry->when;
		return true;
	}
	if (state & STATE_MODIFIED || entry->timer.when == entry->when)
		return true;
	if (entry->when <= 0 || entry->timer.when < entry->when || !entry->timer.period_ns)
		return false;
	/* It may have ticked since its entry was read. */
	return (uint64_t)(entry->timer.when - entry->when) % entry->timer.period_ns == 0;
}

/* Takes the fields of the timer whose bytes were read. Returns whether it is in that heap. */
static bool take_fields(const struct go_layout *layout, struct go_entry *entry)
{
	uint64_t when = word(entry, layout->timer_when);
	int64_t period = word(entry, layout->timer_when + GO_TIMER_PERIOD);

	entry->argument = word(entry, layout->timer_when + GO_TIMER_ARG);
	entry->timer = (struct go_timer){
		.address = entry->address,
		.when = when,
		.period_ns = period,
		.goroutine = GO_NONE,
	};
	if (word(entry, layout->timer_back) != entry->back || period < 0)
		return false;
	if (!(layout->heaps ? take_state(layout, entry) : take_old_state(layout, entry)))
		return false;
	return entry->timer.when > 0 || entry->timer.dead;
}

/* ---- what it calls --------------------------------------------------------------- */

static void name_call(const struct go_runtime *runtime, struct go_call *call)
{
	static const struct {
		const char *name;
		uint8_t kind;
		bool writes;
	} known[] = {
		{"time.sendTime", GO_TIMER, false},
		{"time.goFunc", GO_FUNC, false},
		{"runtime.goroutineReady", GO_SLEEP, false},
		{"runtime.netpollDeadline", GO_DEADLINE, false},
		{"runtime.netpollReadDeadline", GO_DEADLINE, false},
		{"runtime.netpollWriteDeadline", GO_DEADLINE, true},
	};
	const char *name = go_symbols_function(runtime->symbols, call->entry);

	call->kind = GO_RUNTIME;
	for (size_t i = 0; name && i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(name, known[i].name)) {
			call->kind = known[i].kind;
			call->writes = known[i].writes;
		}
	}
}

static bool is_entry(const struct go_runtime *runtime, uint64_t pc)
{
	return go_runtime_is_code(runtime, pc) && go_symbols_entry(runtime->symbols, pc) == pc;
}

/* Sets *call to what the function value at @value calls; NULL: nothing. 0 or an errno. */
static int find_call(struct go_timer_reader *reader, uint64_t value, const struct go_call **found)
{
	struct go_call *call = &reader->call[(value >> 3) % GO_CALLS];
	struct go_call fresh = {.value = value};
	int err;

	*found = NULL;
	if (value && call->value == value) {
		*found = call;
		return 0;
	}
	err = go_memory_read(reader->runtime->memory, value, &fresh.entry, sizeof(fresh.entry));
	if (err)
		return err == -EFAULT ? 0 : err;
	if (!is_entry(reader->runtime, fresh.entry))
		return 0;
	name_call(reader->runtime, &fresh);
	*call = fresh;
	*found = call;
	return 0;
}

static int take_call(struct go_timer_reader *reader, struct go_entry *entry)
{
	const struct go_layout *layout = &reader->runtime->layout;
	struct go_timer *timer = &entry->timer;
	uint64_t value = word(entry, layout->timer_when + GO_TIMER_FUNC);
	const struct go_call *call;
	int err;

	/* Up to Go 1.22 the netpoller takes the function from a deadline that it stops. */
	if (!value && timer->dead) {
		timer->kind = GO_DEADLINE;
		return 0;
	}
	err = find_call(reader, value, &call);
	if (err || !call) {
		entry->fits = false;
		return err;
	}
	timer->kind = call->kind;
	if (timer->kind == GO_TIMER && timer->period_ns)
		timer->kind = GO_TICKER;
	if (timer->kind == GO_RUNTIME)
		timer->function = call->entry;
	entry->writes = call->writes;
	return 0;
}

/* ---- what its argument is -------------------------------------------------------- */

static void take_channel(const struct go_layout *layout, struct go_entry *entry)
{
	uint64_t owner = layout->hchan_timer ? word(entry, layout->hchan_timer) : 0;
	uint16_t size;

	memcpy(&size, entry->bytes + HCHAN_SIZE, sizeof(size));
	/* Channels of asynchronous timers do not know their timer. */
	entry->fits = word(entry, HCHAN_CAPACITY) == 1 && size == TIME_SIZE &&
		      word(entry, 0) <= 1 && (!owner || owner == entry->address);
	entry->timer.full = word(entry, 0);
	entry->sudog = word(entry, layout->hchan_recvq);
}

static void take_closure(const struct go_runtime *runtime, struct go_entry *entry)
{
	static const char context[] = "context.WithDeadline";
	const char *name;

	entry->timer.function = word(entry, 0);
	entry->fits = is_entry(runtime, entry->timer.function);
	if (!entry->fits)
		return;
	name = go_symbols_function(runtime->symbols, entry->timer.function);
	if (name && !strncmp(name, context, sizeof(context) - 1))
		entry->timer.kind = GO_CONTEXT;
}

/* A deadline's argument is within the descriptor, and points to its beginning. */
static void take_poll(struct go_entry *entry)
{
	uint64_t poll = word(entry, 0);

	entry->poll = poll < entry->argument && entry->argument - poll < POLL_SIZE ? poll : 0;
}

static void take_argument(const struct go_timer_reader *reader, struct go_entry *entry)
{
	switch (entry->timer.kind) {
	case GO_TICKER:
	case GO_TIMER:
		take_channel(&reader->runtime->layout, entry);
		break;
	case GO_FUNC:
		take_closure(reader->runtime, entry);
		break;
	case GO_DEADLINE:
		take_poll(entry);
		break;
	default:
		break;
	}
}

/* Plans to read what the argument points to. Returns how many pieces that are. */
static size_t plan_argument(const struct go_layout *layout, struct go_entry *entry,
			    struct go_piece *piece)
{
	*piece = (struct go_piece){.address = entry->argument, .buffer = entry->bytes};
	switch (entry->timer.kind) {
	case GO_TICKER:
	case GO_TIMER:
		piece->size = layout->hchan_recvq + 8;
		return 1;
	case GO_FUNC:
	case GO_DEADLINE:
		piece->size = 8;
		return 1;
	default:
		return 0;
	}
}

static int read_arguments(struct go_timer_reader *reader, struct go_entry *entry, size_t count)
{
	struct go_piece piece[GO_TIMERS_BATCH];
	uint16_t whose[GO_TIMERS_BATCH];
	size_t pieces = 0;
	int err;

	for (size_t i = 0; i < count; i++) {
		whose[pieces] = i;
		if (entry[i].fits)
			pieces +=
				plan_argument(&reader->runtime->layout, &entry[i], &piece[pieces]);
	}
	err = pieces ? go_gather_read(reader->gather, piece, pieces) : 0;
	for (size_t i = 0; i < pieces && !err; i++) {
		if (piece[i].read)
			take_argument(reader, &entry[whose[i]]);
		else
			entry[whose[i]].fits = false;
	}
	return err;
}

/* ---- who waits ------------------------------------------------------------------- */

/* A sudog whose goroutine is not known belongs to a channel that has moved on. */
static void take_sudog(const struct go_index *index, struct go_entry *entry,
		       const struct sudog *sudog)
{
	uint32_t goroutine = go_index_find(index, sudog->g);

	if (goroutine == GO_NONE) {
		entry->fits = false;
		entry->sudog = 0;
		return;
	}
	if (entry->timer.goroutine == GO_NONE)
		entry->timer.goroutine = goroutine;
	entry->timer.receivers++;
	/* This also ends a chain that is a circle. */
	entry->sudog = entry->timer.receivers < RECEIVERS_MAX ? sudog->next : 0;
}

/* Follows the chains of all channels together, one sudog of each in a round. */
static int read_receivers(struct go_timer_reader *reader, struct go_entry *entry, size_t count)
{
	struct go_piece piece[GO_TIMERS_BATCH];
	struct sudog sudog[GO_TIMERS_BATCH];
	uint16_t whose[GO_TIMERS_BATCH];
	size_t pieces;
	int err;

	do {
		pieces = 0;
		for (size_t i = 0; i < count; i++) {
			if (!entry[i].fits || !entry[i].sudog)
				continue;
			whose[pieces] = i;
			piece[pieces] = (struct go_piece){entry[i].sudog, &sudog[pieces],
							  sizeof(sudog[0]), false};
			pieces++;
		}
		err = pieces ? go_gather_read(reader->gather, piece, pieces) : 0;
		for (size_t i = 0; i < pieces && !err; i++) {
			if (piece[i].read)
				take_sudog(reader->index, &entry[whose[i]], &sudog[i]);
			else
				entry[whose[i]].fits = false;
		}
	} while (pieces && !err);
	return err;
}

/* Of those who wait for the connection, the one that the deadline is for comes first. */
static void take_waiters(const struct go_index *index, struct go_entry *entry)
{
	uint32_t reader = go_index_find(index, word(entry, 0));
	uint32_t writer = go_index_find(index, word(entry, 8));

	if (entry->writes)
		entry->timer.goroutine = writer;
	else
		entry->timer.goroutine = reader == GO_NONE ? writer : reader;
}

static int read_polls(struct go_timer_reader *reader, struct go_entry *entry, size_t count)
{
	struct go_piece piece[GO_TIMERS_BATCH];
	uint16_t whose[GO_TIMERS_BATCH];
	size_t pieces = 0;
	int err;

	for (size_t i = 0; i < count; i++) {
		if (!entry[i].fits || !entry[i].poll)
			continue;
		whose[pieces] = i;
		piece[pieces++] =
			(struct go_piece){entry[i].poll + reader->runtime->layout.poll_readers,
					  entry[i].bytes, 16, false};
	}
	err = pieces ? go_gather_read(reader->gather, piece, pieces) : 0;
	for (size_t i = 0; i < pieces && !err; i++) {
		if (piece[i].read)
			take_waiters(reader->index, &entry[whose[i]]);
	}
	return err;
}

static void find_sleeper(const struct go_index *index, struct go_entry *entry)
{
	if (!entry->fits || entry->timer.kind != GO_SLEEP)
		return;
	entry->timer.goroutine = go_index_find(index, entry->argument);
	entry->fits = entry->timer.goroutine != GO_NONE;
}

int go_timers_read(struct go_timer_reader *reader, struct go_entry *entry, size_t count)
{
	const struct go_layout *layout = &reader->runtime->layout;
	struct go_piece piece[GO_TIMERS_BATCH];
	size_t size = (layout->timer_back > layout->timer_state ? layout->timer_back :
								  layout->timer_state) +
		      8;
	int err;

	for (size_t i = 0; i < count; i++)
		piece[i] = (struct go_piece){entry[i].address, entry[i].bytes, size, false};
	err = go_gather_read(reader->gather, piece, count);
	for (size_t i = 0; i < count && !err; i++) {
		entry[i].sudog = 0;
		entry[i].poll = 0;
		entry[i].writes = false;
		entry[i].fits = piece[i].read && take_fields(layout, &entry[i]);
		if (entry[i].fits)
			err = take_call(reader, &entry[i]);
	}
	if (!err)
		err = read_arguments(reader, entry, count);
	if (!err)
		err = read_receivers(reader, entry, count);
	if (!err)
		err = read_polls(reader, entry, count);
	for (size_t i = 0; i < count && !err; i++)
		find_sleeper(reader->index, &entry[i]);
	return err;
}
