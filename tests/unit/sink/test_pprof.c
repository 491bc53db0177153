/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of profiles: the bytes are taken apart as profile.proto says, and hold what was counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "harness/unit/go_names.h"
#include "sink/go.h"
#include "sink/proto.h"

#define S 1000000000LL
#define NOW (100 * S)
#define ENTRIES_MAX 128
#define GROUPS 65536 /* that are told apart */

enum { RECEIVE = 0x1000, LEAKY = 0x2000, STARTER = 0x3000, CLOSURE = 0x4000 };

/* ---- reading protocol buffers ------------------------------------------------------ */

/* A field that was read: a number, or bytes. */
struct field {
	unsigned int number;
	uint64_t value;
	const unsigned char *bytes;
	size_t length;
};

/* What is left of a message. */
struct message {
	const unsigned char *at, *end;
};

static uint64_t take_varint(struct message *message)
{
	uint64_t value = 0;

	for (int shift = 0; shift < 70; shift += 7) {
		assert_true(message->at < message->end);
		value |= (uint64_t)(*message->at & 0x7f) << shift;
		if (!(*message->at++ & 0x80))
			return value;
	}
	fail_msg("a number does not end");
	return 0;
}

static bool take_field(struct message *message, struct field *field)
{
	uint64_t key;

	if (message->at == message->end)
		return false;
	key = take_varint(message);
	*field = (struct field){.number = (unsigned int)(key >> 3)};
	assert_true((key & 7) == 0 || (key & 7) == 2);
	field->value = take_varint(message);
	if ((key & 7) == 0)
		return true;
	assert_true(field->value <= (uint64_t)(message->end - message->at));
	field->bytes = message->at;
	field->length = field->value;
	message->at += field->length;
	return true;
}

static struct message message_of(const struct field *field)
{
	assert_non_null(field->bytes);
	return (struct message){field->bytes, field->bytes + field->length};
}

/* The number in field @number of the message in @field; 0: it is not there. */
static uint64_t number_in(const struct field *field, unsigned int number)
{
	struct message message = message_of(field);
	uint64_t value = 0;
	struct field part;

	while (take_field(&message, &part))
		if (part.number == number)
			value = part.value;
	return value;
}

/* ---- a profile ------------------------------------------------------------------------ */

struct profile {
	unsigned char *bytes;
	struct field string[ENTRIES_MAX], sample[ENTRIES_MAX], location[ENTRIES_MAX];
	struct field function[ENTRIES_MAX], type[ENTRIES_MAX];
	size_t strings, samples, locations, functions, types;
	struct field mapping;
	uint64_t time_nanos, comment, default_type;
};

static struct go_report go;
static struct go_rows rows;
static struct go_view view;

static int begin(void **state)
{
	(void)state;
	make_nothing(NOW);
	name_at(RECEIVE, "runtime.chanrecv", "chan.go", 9);
	name_at(LEAKY, "main.inlined", "/src/main.go", 7);
	name_at(LEAKY, "main.leaky.func1", "/src/main.go", 12);
	name_at(CLOSURE, "main.main.func3", "/src/main.go", 31);
	go = (struct go_report){
		.pid = 1,
		.comm = "leaky",
		.version = "go1.24.4",
		.build_id = "abc/def",
		.symbols = &program,
		.snapshot = &made,
		.view = &view,
		.rows = &rows,
		.time = {.tv_sec = 1700000000, .tv_nsec = 5},
	};
	return 0;
}

/* Unpacks what go_pprof() writes. */
static void unpack(struct profile *profile, size_t *length)
{
	char *packed = NULL;
	size_t size;
	FILE *out = open_memstream(&packed, &size);
	z_stream stream = {0};

	assert_non_null(out);
	assert_int_equal(go_pprof(out, &go, "1.2"), 0);
	fclose(out);
	assert_true(size > 2 && !memcmp(packed, "\x1f\x8b", 2));
	profile->bytes = malloc(1 << 20);
	assert_non_null(profile->bytes);
	stream.next_in = (unsigned char *)packed;
	stream.avail_in = (uInt)size;
	stream.next_out = profile->bytes;
	stream.avail_out = 1 << 20;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	*length = stream.total_out;
	inflateEnd(&stream);
	free(packed);
}

static void keep(struct field list[ENTRIES_MAX], size_t *count, const struct field *field)
{
	assert_true(*count < ENTRIES_MAX);
	list[(*count)++] = *field;
}

static void read_profile(struct profile *profile)
{
	struct message message;
	struct field field;
	size_t length;

	memset(profile, 0, sizeof(*profile));
	unpack(profile, &length);
	message = (struct message){profile->bytes, profile->bytes + length};
	while (take_field(&message, &field)) {
		switch (field.number) {
		case 1:
			keep(profile->type, &profile->types, &field);
			break;
		case 2:
			keep(profile->sample, &profile->samples, &field);
			break;
		case 3:
			profile->mapping = field;
			break;
		case 4:
			keep(profile->location, &profile->locations, &field);
			break;
		case 5:
			keep(profile->function, &profile->functions, &field);
			break;
		case 6:
			keep(profile->string, &profile->strings, &field);
			break;
		case 9:
			profile->time_nanos = field.value;
			break;
		case 13:
			profile->comment = field.value;
			break;
		case 14:
			profile->default_type = field.value;
			break;
		default:
			fail_msg("there is a field %u", field.number);
		}
	}
	assert_int_equal(profile->string[0].length, 0);
}

static const char *string_at(const struct profile *profile, uint64_t number)
{
	static char text[4][256];
	static int next;
	char *copy = text[next++ % 4];

	assert_true(number < profile->strings);
	snprintf(copy, sizeof(text[0]), "%.*s", (int)profile->string[number].length,
		 (const char *)profile->string[number].bytes);
	return copy;
}

static const struct field *by_id(const struct field *list, size_t count, uint64_t id)
{
	assert_true(id != 0);
	for (size_t i = 0; i < count; i++)
		if (number_in(&list[i], 1) == id)
			return &list[i];
	fail_msg("there is no %llu", (unsigned long long)id);
	return NULL;
}

/* Writes "chan.go:runtime.chanrecv:9 < …" of the locations of @sample to @text. */
static void stack_text(const struct profile *profile, const struct field *sample, char text[512])
{
	struct message message = message_of(sample), ids, parts;
	struct field field;

	text[0] = '\0';
	while (take_field(&message, &field)) {
		if (field.number != 1)
			continue;
		ids = message_of(&field);
		while (ids.at < ids.end) {
			parts = message_of(
				by_id(profile->location, profile->locations, take_varint(&ids)));
			while (take_field(&parts, &field)) {
				const struct field *function;

				if (field.number != 4)
					continue;
				function = by_id(profile->function, profile->functions,
						 number_in(&field, 1));
				sprintf(text + strlen(text), "%s%s:%s:%d", *text ? " < " : "",
					string_at(profile, number_in(function, 4)),
					string_at(profile, number_in(function, 2)),
					(int)number_in(&field, 2));
			}
		}
	}
}

/* Writes "timers goroutines key=value …" of @sample to @text. */
static void figures_text(const struct profile *profile, const struct field *sample, char text[512])
{
	struct message message = message_of(sample), values;
	struct field field;

	text[0] = '\0';
	while (take_field(&message, &field)) {
		if (field.number == 2) {
			values = message_of(&field);
			while (values.at < values.end)
				sprintf(text + strlen(text), "%d ", (int)take_varint(&values));
		}
		if (field.number == 3 && number_in(&field, 2))
			sprintf(text + strlen(text), "%s=%s ",
				string_at(profile, number_in(&field, 1)),
				string_at(profile, number_in(&field, 2)));
		else if (field.number == 3)
			sprintf(text + strlen(text), "%s=%lld%s ",
				string_at(profile, number_in(&field, 1)),
				(long long)number_in(&field, 3),
				string_at(profile, number_in(&field, 4)));
	}
}

/* Checks that there is a sample with these figures and this stack. */
static void check_sample(const char *figures, const char *stack)
{
	char seen[8192] = "", is[512], at[512];
	struct profile profile;
	bool found = false;

	read_profile(&profile);
	for (size_t i = 0; i < profile.samples; i++) {
		figures_text(&profile, &profile.sample[i], is);
		stack_text(&profile, &profile.sample[i], at);
		found |= !strcmp(is, figures) && !strcmp(at, stack);
		sprintf(seen + strlen(seen), "%s| %s\n", is, at);
	}
	free(profile.bytes);
	if (!found)
		fail_msg("no %s| %s in\n%s", figures, stack, seen);
}

/* ---- the tests ---------------------------------------------------------------------------- */

static void the_profile_says_what_it_counts(void **state)
{
	struct profile profile;

	(void)state;
	read_profile(&profile);
	assert_int_equal(profile.types, 2);
	assert_string_equal(string_at(&profile, number_in(&profile.type[0], 1)), "timers");
	assert_string_equal(string_at(&profile, number_in(&profile.type[0], 2)), "count");
	assert_string_equal(string_at(&profile, number_in(&profile.type[1], 1)), "goroutines");
	assert_string_equal(string_at(&profile, profile.default_type), "goroutines");
	assert_int_equal(profile.time_nanos, 1700000000 * S + 5);
	assert_string_equal(string_at(&profile, profile.comment), "dwell 1.2, go1.24.4, complete");
	assert_string_equal(string_at(&profile, number_in(&profile.mapping, 5)), "leaky");
	assert_string_equal(string_at(&profile, number_in(&profile.mapping, 6)), "abc/def");
	assert_int_equal(profile.samples, 0);
	free(profile.bytes);
}

static void inlined_functions_are_lines_of_a_location(void **state)
{
	const uint32_t stack = make_stack(RECEIVE, LEAKY, 0);
	struct profile profile;

	(void)state;
	for (int i = 0; i < 3; i++) {
		make_goroutine(GO_WAITING, stack, STARTER)->since = NOW - i * S;
		receive(make_timer(GO_TICKER, 200000000, NOW + S));
	}
	make_goroutine(GO_WAITING, stack, STARTER)->system = true;
	make_timer(GO_TICKER, 200000000, NOW + S)->dead = true;
#define STACK                                                         \
	"chan.go:runtime.chanrecv:9 < /src/main.go:main.inlined:7 < " \
	"/src/main.go:main.leaky.func1:12"
	check_sample("3 0 kind=ticker period=200000000nanoseconds ", STACK);
	read_profile(&profile);
	assert_int_equal(profile.samples, 2);
	free(profile.bytes);
	check_sample("0 3 state=waiting age=2000000000nanoseconds ", STACK);
}

static void what_has_no_stack_has_a_place_all_the_same(void **state)
{
	(void)state;
	make_timer(GO_FUNC, 0, NOW + S)->function = CLOSURE;
	make_timer(GO_TIMER, 0, NOW + S);
	make_timer(GO_TIMER, 0, NOW + S)->receivers = 1;
	make_timer(GO_RUNTIME, 0, NOW + S)->function = 0x9999;
	make_goroutine(GO_RUNNING, GO_NONE, STARTER)->start = CLOSURE;
	make_goroutine(GO_RUNNING, 12345, STARTER);
	check_sample("1 0 kind=func ", "/src/main.go:main.main.func3:31");
	check_sample("1 0 kind=timer ", ":[timer, nobody receives]:0");
	check_sample("1 0 kind=timer ", ":[timer, owner not known]:0");
	check_sample("1 0 kind=runtime ", ":0x9999:0");
	check_sample("0 1 state=running ", "/src/main.go:main.main.func3:31");
	check_sample("0 1 state=running ", ":[stack not known]:0");
}

static void what_the_compiler_made_up_is_left_out(void **state)
{
	const uint32_t stack = make_stack(RECEIVE, CLOSURE, LEAKY);

	(void)state;
	program.at[2].frame[0].wrapper = true; /* of CLOSURE */
	program.at[1].frame[1].wrapper = true; /* the outer one of LEAKY */
	make_goroutine(GO_WAITING, stack, STARTER);
	check_sample("0 1 state=waiting ",
		     "chan.go:runtime.chanrecv:9 < /src/main.go:main.inlined:7");
}

static void names_are_utf8(void **state)
{
	(void)state;
	name_at(0x77, "main.\xff", "\xfe.go", 3);
	make_timer(GO_FUNC, UINT64_MAX, NOW + S)->function = 0x77;
	check_sample("1 0 kind=func period=9223372036854775807nanoseconds ",
		     "\xef\xbf\xbd.go:main.\xef\xbf\xbd:3");
}

static void many_groups_are_more_than_a_chunk(void **state)
{
	static struct go_timer timer[70000];
	unsigned char *unpacked;
	char *packed = NULL;
	uLongf size = 64 << 20;
	size_t length;
	z_stream stream = {0};
	struct message message;
	struct field field;
	size_t samples = 0;
	FILE *out = open_memstream(&packed, &length);

	(void)state;
	for (size_t i = 0; i < 70000; i++)
		timer[i] = (struct go_timer){
			.kind = GO_TICKER, .period_ns = i + 1, .goroutine = GO_NONE};
	made.timer = timer;
	made.timers = 70000;
	assert_int_equal(go_pprof(out, &go, "1.2"), 0);
	fclose(out);
	unpacked = malloc(size);
	stream.next_in = (unsigned char *)packed;
	stream.avail_in = (uInt)length;
	stream.next_out = unpacked;
	stream.avail_out = (uInt)size;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	message = (struct message){unpacked, unpacked + stream.total_out};
	while (take_field(&message, &field))
		samples += field.number == 2;
	assert_int_equal(samples, GROUPS + 1); /* the rest is one */
	inflateEnd(&stream);
	free(unpacked);
	free(packed);
}

static void a_full_disk_is_an_error(void **state)
{
	FILE *out = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(out);
	setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(go_pprof(out, &go, "1.2"), -ENOSPC);
	fclose(out);
}

static void numbers_of_every_size_are_written(void **state)
{
	static const uint64_t numbers[] = {1, 127, 128, 16383, 16384, INT64_MAX, UINT64_MAX};
	struct proto proto = {0}, part = {0};
	struct message message;
	struct field field;

	(void)state;
	proto_number(&proto, 3, 0);
	assert_int_equal(proto.length, 0);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		proto_number(&proto, 1000, numbers[i]);
	proto_number(&part, 1, 5);
	proto_part(&proto, 2, &part);
	assert_int_equal(part.length, 0);
	message = (struct message){proto.bytes, proto.bytes + proto.length};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		assert_true(take_field(&message, &field));
		assert_int_equal(field.number, 1000);
		assert_true(field.value == numbers[i]);
	}
	assert_true(take_field(&message, &field));
	assert_int_equal(number_in(&field, 1), 5);
	assert_false(take_field(&message, &field));
	proto_clear(&proto);
	proto_clear(&part);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_profile_says_what_it_counts, begin),
		cmocka_unit_test_setup(inlined_functions_are_lines_of_a_location, begin),
		cmocka_unit_test_setup(what_has_no_stack_has_a_place_all_the_same, begin),
		cmocka_unit_test_setup(what_the_compiler_made_up_is_left_out, begin),
		cmocka_unit_test_setup(names_are_utf8, begin),
		cmocka_unit_test_setup(many_groups_are_more_than_a_chunk, begin),
		cmocka_unit_test_setup(a_full_disk_is_an_error, begin),
		cmocka_unit_test_setup(numbers_of_every_size_are_written, begin),
	};

	return cmocka_run_group_tests_name("pprof", tests, NULL, NULL);
}
