/* SPDX-License-Identifier: GPL-2.0-only */
/* The timers and goroutines of a Go process as a profile, for `go tool pprof`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "go/owner.h"
#include "sink/go.h"
#include "sink/gzip.h"
#include "sink/proto.h"

#define NAME_LEN 4096
#define NOWHERE_LEN 64
#define GROUPS_MAX 65536

/* Numbers of fields in profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};
enum { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_STR = 2, LABEL_NUM = 3, LABEL_NUM_UNIT = 4 };
enum {
	MAPPING_ID = 1,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FIRST = 7,
	MAPPING_HAS_LAST = 10
};
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILENAME = 4 };

#define THE_MAPPING 1 /* the only one */

/* Something that is told once and then goes by its number, which is never 0. */
struct entry {
	uint64_t number;
	UT_hash_handle hh;
	size_t length;
	char key[];
};

/* Timers or goroutines that differ in nothing that is told. */
struct group_key {
	uint64_t function; /* what a timer calls; where a goroutine without a stack began */
	uint64_t period_ns;
	uint32_t stack;
	uint32_t kind;	   /* of a timer; GO_TIMER_KINDS: these are goroutines */
	uint32_t state;	   /* of goroutines */
	uint32_t received; /* of a timer: somebody waits on it */
};

struct group {
	struct group_key key;
	uint64_t count;
	uint64_t age_ns; /* of the oldest; 0: not known */
	UT_hash_handle hh;
};

struct writer {
	const struct go_report *report;
	struct proto profile, sample, part;
	struct entry *strings, *functions, *locations;
	struct group *groups;
};

/* ---- tables --------------------------------------------------------------------------- */

static void entries_free(struct entry **entries)
{
	struct entry *entry, *next;

	HASH_ITER(hh, *entries, entry, next) {
		HASH_DEL(*entries, entry);
		free(entry);
	}
}

/* The number of @key, from @first on; sets *fresh if it is new. 0: no memory. */
static uint64_t number_of(struct writer *writer, struct entry **entries, const void *key,
			  size_t length, bool *fresh)
{
	struct entry *entry;

	HASH_FIND(hh, *entries, key, length, entry);
	*fresh = !entry;
	if (entry)
		return entry->number;
	entry = calloc(1, sizeof(*entry) + length);
	if (entry) {
		entry->number = HASH_COUNT(*entries) + 1;
		entry->length = length;
		memcpy(entry->key, key, length);
		HASH_ADD(hh, *entries, key, length, entry);
	}
	if (entry && entry->hh.tbl)
		return entry->number;
	free(entry);
	writer->profile.failed = true;
	return 0;
}

/* The number of @text, which may be any bytes, in the table of strings; 0 is "". */
static uint64_t string(struct writer *writer, const char *text)
{
	char clean[NAME_LEN];
	uint64_t number;
	bool fresh;

	text_utf8(clean, sizeof(clean), text, strlen(text));
	if (!clean[0])
		return 0;
	number = number_of(writer, &writer->strings, clean, strlen(clean), &fresh);
	if (number && fresh)
		proto_bytes(&writer->profile, PROFILE_STRING, clean, strlen(clean));
	return number;
}

static uint64_t function(struct writer *writer, const char *name, const char *file)
{
	const uint64_t key[] = {string(writer, name), string(writer, file ?: "")};
	struct proto *part = &writer->part;
	bool fresh;
	const uint64_t number = number_of(writer, &writer->functions, key, sizeof(key), &fresh);

	if (!number || !fresh)
		return number;
	proto_number(part, FUNCTION_ID, number);
	proto_number(part, FUNCTION_NAME, key[0]);
	proto_number(part, FUNCTION_SYSTEM_NAME, key[0]);
	proto_number(part, FUNCTION_FILENAME, key[1]);
	proto_part(&writer->profile, PROFILE_FUNCTION, part);
	return number;
}

static void add_line(struct writer *writer, struct proto *location, const char *name,
		     const char *file, uint32_t line)
{
	const uint64_t number = function(writer, name, file);
	struct proto *part = &writer->part;

	proto_number(part, LINE_FUNCTION, number);
	proto_number(part, LINE_LINE, line);
	proto_part(location, LOCATION_LINE, part);
}

/* Whether the compiler made up all functions at @pc. */
static bool is_wrapper(const struct go_frame *frame, size_t frames)
{
	size_t i = 0;

	while (i < frames && frame[i].wrapper)
		i++;
	return frames && i == frames;
}

/*
 * The location of @pc, with all functions inlined there. 0: no memory, or only functions that
 * the compiler made up.
 */
static uint64_t location(struct writer *writer, uint64_t pc)
{
	const struct go_frame *frame;
	const size_t frames = go_symbols_frames(writer->report->symbols, pc, &frame);
	struct proto made = {0};
	char address[32];
	uint64_t number;
	bool fresh;

	if (is_wrapper(frame, frames))
		return 0;
	number = number_of(writer, &writer->locations, &pc, sizeof(pc), &fresh);
	if (!number || !fresh)
		return number;
	snprintf(address, sizeof(address), "0x%llx", (unsigned long long)pc);
	proto_number(&made, LOCATION_ID, number);
	proto_number(&made, LOCATION_MAPPING, THE_MAPPING);
	proto_number(&made, LOCATION_ADDRESS, pc);
	for (size_t i = 0; i < frames; i++)
		if (!frame[i].wrapper)
			add_line(writer, &made, frame[i].function ?: address, frame[i].file,
				 frame[i].line);
	if (!frames)
		add_line(writer, &made, address, NULL, 0);
	proto_part(&writer->profile, PROFILE_LOCATION, &made);
	proto_clear(&made);
	return number;
}

/* A location without an address, for what has no stack: @name says so. */
static uint64_t nowhere(struct writer *writer, const char *name)
{
	struct proto made = {0};
	bool fresh;
	const uint64_t number =
		number_of(writer, &writer->locations, name, strlen(name) + 1, &fresh);

	if (!number || !fresh)
		return number;
	proto_number(&made, LOCATION_ID, number);
	add_line(writer, &made, name, NULL, 0);
	proto_part(&writer->profile, PROFILE_LOCATION, &made);
	proto_clear(&made);
	return number;
}

/* ---- groups --------------------------------------------------------------------------- */

/* Beyond GROUPS_MAX those of one kind and state are one group. */
static void add_to_group(struct writer *writer, const struct group_key *key, uint64_t age_ns)
{
	const struct group_key lump = {
		.stack = GO_NONE, .kind = key->kind, .state = key->state, .received = 1};
	struct group *group;

	HASH_FIND(hh, writer->groups, key, sizeof(*key), group);
	if (!group && HASH_COUNT(writer->groups) >= GROUPS_MAX) {
		key = &lump;
		HASH_FIND(hh, writer->groups, key, sizeof(*key), group);
	}
	if (!group) {
		group = calloc(1, sizeof(*group));
		if (group) {
			group->key = *key;
			HASH_ADD(hh, writer->groups, key, sizeof(*key), group);
		}
		if (!group || !group->hh.tbl) {
			free(group);
			writer->profile.failed = true;
			return;
		}
	}
	group->count++;
	if (age_ns > group->age_ns)
		group->age_ns = age_ns;
}

static void group_timers(struct writer *writer)
{
	const struct go_snapshot *snapshot = writer->report->snapshot;

	for (size_t i = 0; i < snapshot->timers; i++) {
		const struct go_timer *timer = &snapshot->timer[i];
		struct group_key key = {
			.period_ns = timer->period_ns,
			.stack = GO_NONE,
			.kind = timer->kind,
			.function = timer->function,
			.received = timer->receivers > 0,
		};

		if (timer->dead)
			continue;
		if (timer->goroutine < snapshot->goroutines)
			key.stack = snapshot->goroutine[timer->goroutine].stack;
		add_to_group(writer, &key, 0);
	}
}

static void group_goroutines(struct writer *writer)
{
	const struct go_snapshot *snapshot = writer->report->snapshot;

	for (size_t i = 0; i < snapshot->goroutines; i++) {
		const struct go_goroutine *goroutine = &snapshot->goroutine[i];
		struct group_key key = {
			.stack = goroutine->stack,
			.kind = GO_TIMER_KINDS,
			.state = goroutine->state,
		};
		uint64_t age = 0;

		if (goroutine->system)
			continue;
		if (goroutine->stack >= snapshot->stacks)
			key.function = goroutine->start;
		if (goroutine->since && goroutine->since < snapshot->at)
			age = (uint64_t)snapshot->at - (uint64_t)goroutine->since;
		add_to_group(writer, &key, age);
	}
}

/* ---- samples ---------------------------------------------------------------------------- */

static const char *const kinds[] = {
#define X(id, name, text, plural) [GO_##id] = name,
	GO_TIMER_KIND_LIST(X)
#undef X
};

static const char *const states[] = {
#define X(id, name) [GO_##id] = name,
	GO_STATE_LIST(X)
#undef X
};

static void add_label(struct writer *writer, const char *key, const char *text)
{
	struct proto *part = &writer->part;

	proto_number(part, LABEL_KEY, string(writer, key));
	proto_number(part, LABEL_STR, string(writer, text));
	proto_part(&writer->sample, SAMPLE_LABEL, part);
}

static void add_time_label(struct writer *writer, const char *key, uint64_t ns)
{
	struct proto *part = &writer->part;

	if (!ns)
		return;
	proto_number(part, LABEL_KEY, string(writer, key));
	proto_number(part, LABEL_NUM, ns > INT64_MAX ? INT64_MAX : ns);
	proto_number(part, LABEL_NUM_UNIT, string(writer, "nanoseconds"));
	proto_part(&writer->sample, SAMPLE_LABEL, part);
}

/* Writes what stands for the stack that @key does not have to @name. Returns @name. */
static const char *nowhere_name(const struct group_key *key, char name[NOWHERE_LEN])
{
	const bool channel = key->kind == GO_TICKER || key->kind == GO_TIMER;

	if (key->kind == GO_TIMER_KINDS)
		snprintf(name, NOWHERE_LEN, "[stack not known]");
	else
		snprintf(name, NOWHERE_LEN, "[%s, %s]", kinds[key->kind],
			 channel && !key->received ? "nobody receives" : "owner not known");
	return name;
}

static void add_location(struct proto *list, uint64_t number)
{
	if (number)
		proto_packed(list, number);
}

/* Adds where a group is, the innermost first. */
static void add_locations(struct writer *writer, const struct group_key *key)
{
	const struct go_snapshot *snapshot = writer->report->snapshot;
	struct proto list = {0};
	char name[NOWHERE_LEN];

	if (key->stack < snapshot->stacks) {
		const struct go_stack *stack = &snapshot->stack[key->stack];

		for (uint32_t i = 0; i < stack->depth && i < GO_STACK_DEPTH; i++)
			add_location(&list, location(writer, stack->pc[i]));
	}
	if (!list.length && key->function)
		add_location(&list, location(writer, key->function));
	if (!list.length)
		proto_packed(&list, nowhere(writer, nowhere_name(key, name)));
	proto_part(&writer->sample, SAMPLE_LOCATION, &list);
	proto_clear(&list);
}

static void write_group(struct writer *writer, const struct group *group)
{
	const bool timers = group->key.kind != GO_TIMER_KINDS;
	struct proto values = {0};

	add_locations(writer, &group->key);
	proto_packed(&values, timers ? group->count : 0);
	proto_packed(&values, timers ? 0 : group->count);
	proto_part(&writer->sample, SAMPLE_VALUE, &values);
	proto_clear(&values);
	if (timers) {
		add_label(writer, "kind", kinds[group->key.kind]);
		add_time_label(writer, "period", group->key.period_ns);
	} else {
		add_label(writer, "state", states[group->key.state]);
		add_time_label(writer, "age", group->age_ns);
	}
	proto_part(&writer->profile, PROFILE_SAMPLE, &writer->sample);
}

static void write_head(struct writer *writer, const char *version)
{
	static const char *const types[] = {"timers", "goroutines"};
	const struct go_report *report = writer->report;
	struct proto *part = &writer->part;
	char comment[256];

	proto_bytes(&writer->profile, PROFILE_STRING, "", 0);
	for (size_t i = 0; i < 2; i++) {
		proto_number(part, TYPE_TYPE, string(writer, types[i]));
		proto_number(part, TYPE_UNIT, string(writer, "count"));
		proto_part(&writer->profile, PROFILE_SAMPLE_TYPE, part);
	}
	proto_number(&writer->profile, PROFILE_DEFAULT_SAMPLE_TYPE, string(writer, "goroutines"));
	proto_number(&writer->profile, PROFILE_TIME_NANOS,
		     (uint64_t)report->time.tv_sec * 1000000000 + (uint64_t)report->time.tv_nsec);
	/* With all names told, nobody looks for the executable. */
	proto_number(part, MAPPING_ID, THE_MAPPING);
	proto_number(part, MAPPING_FILENAME, string(writer, report->comm));
	proto_number(part, MAPPING_BUILD_ID, string(writer, report->build_id));
	for (unsigned int field = MAPPING_HAS_FIRST; field <= MAPPING_HAS_LAST; field++)
		proto_number(part, field, true);
	proto_part(&writer->profile, PROFILE_MAPPING, part);
	snprintf(comment, sizeof(comment), "dwell %.32s, %.64s, %s", version, report->version,
		 report->snapshot->complete ? "complete" : "incomplete");
	proto_number(&writer->profile, PROFILE_COMMENT, string(writer, comment));
}

/* ---- the profile --------------------------------------------------------------------------- */

static void writer_clear(struct writer *writer)
{
	struct group *group, *next;

	HASH_ITER(hh, writer->groups, group, next) {
		HASH_DEL(writer->groups, group);
		free(group);
	}
	entries_free(&writer->strings);
	entries_free(&writer->functions);
	entries_free(&writer->locations);
	proto_clear(&writer->profile);
	proto_clear(&writer->sample);
	proto_clear(&writer->part);
}

int go_pprof(FILE *out, const struct go_report *report, const char *version)
{
	struct writer writer __attribute__((cleanup(writer_clear))) = {.report = report};

	group_timers(&writer);
	group_goroutines(&writer);
	write_head(&writer, version);
	for (struct group *group = writer.groups; group; group = group->hh.next)
		write_group(&writer, group);
	if (writer.profile.failed)
		return -ENOMEM;
	return gzip_write(out, writer.profile.bytes, writer.profile.length);
}
