/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests of text.c: units, parsing of durations and numbers, escaping of hostile names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/text.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define US 1000ULL
#define MS 1000000ULL
#define S 1000000000ULL
#define M (60 * S)
#define H (60 * M)
#define D (24 * H)

static void duration_in_fitting_units(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1, "1ns"},
		{640, "640ns"},
		{999, "999ns"},
		{1000, "1.0us"},
		{3449, "3.4us"},
		{3450, "3.5us"},
		{9949, "9.9us"},
		{9950, "10us"}, /* one decimal would be 10.0 */
		{12 * US, "12us"},
		{12499, "12us"},
		{12500, "13us"},
		{999499, "999us"},
		{999500, "1.0ms"}, /* carried into the next unit */
		{3400 * US, "3.4ms"},
		{999 * MS, "999ms"},
		{999500 * US, "1.0s"},
		{1200 * MS, "1.2s"},
		{10 * S, "10s"},
		{59 * S + 499 * MS, "59s"},
		{59 * S + 500 * MS, "1m0s"},
		{200 * S, "3m20s"},
		{59 * M + 59 * S + 499 * MS, "59m59s"},
		{59 * M + 59 * S + 500 * MS, "1h0m"},
		{3 * H + 12 * M, "3h12m"},
		{23 * H + 59 * M + 29 * S, "23h59m"},
		{23 * H + 59 * M + 30 * S, "1d0h"},
		{12 * D + 4 * H, "12d4h"},
		{999 * D + 23 * H, "999d23h"},
		{1000 * D, "1000d"},
		{UINT64_MAX, "213504d"},
	};
	char buffer[TEXT_DURATION_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		assert_ptr_equal(text_duration(buffer, cases[i].ns), buffer);
		assert_string_equal(buffer, cases[i].text);
	}
}

/* Around every power of two: at most 7 characters, and what is read back is near. */
static void duration_is_short_and_near(void **state)
{
	char buffer[TEXT_DURATION_LEN];
	uint64_t back;
	unsigned int bit;
	int delta;

	(void)state;
	for (bit = 2; bit < 64; bit++) {
		for (delta = -1; delta <= 1; delta++) {
			uint64_t ns = (1ULL << bit) + (uint64_t)(int64_t)delta;

			text_duration(buffer, ns);
			assert_in_range(strlen(buffer), 1, 7);
			if (ns >= M) /* two units: not what the parser reads */
				continue;
			assert_int_equal(text_parse_duration(buffer, &back), 0);
			assert_in_range(back, ns - ns / 20, ns + ns / 20);
		}
	}
}

static void count_fits_six_characters(void **state)
{
	static const struct {
		uint64_t count;
		const char *text;
	} cases[] = {
		{0, "0"},
		{99999, "99999"},
		{100000, "100k"},
		{123456, "123k"},
		{999499, "999k"},
		{999500, "1.0M"},
		{1000000, "1.0M"},
		{45600000, "45.6M"},
		{99949999, "99.9M"},
		{99950000, "100M"},
		{999499999, "999M"},
		{999500000, "1.0G"},
		{1000000000000ULL, "1.0T"},
		{1000000000000000ULL, "1.0P"},
		{999500000000000000ULL, "1.0E"},
		{UINT64_MAX, "18.4E"},
	};
	char buffer[TEXT_DURATION_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		assert_ptr_equal(text_count(buffer, cases[i].count), buffer);
		assert_string_equal(buffer, cases[i].text);
	}
	for (i = 0; i < 64; i++) {
		assert_in_range(strlen(text_count(buffer, 1ULL << i)), 1, 6);
		assert_in_range(strlen(text_count(buffer, (1ULL << i) - 1)), 1, 6);
	}
}

static void parse_duration_reads_units_and_fractions(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} cases[] = {
		{"0", 0},
		{"0s", 0},
		{"0.000d", 0},
		{"5", 5 * S},
		{"5s", 5 * S},
		{"007s", 7 * S},
		{"1ns", 1},
		{"250us", 250 * US},
		{"10ms", 10 * MS},
		{"2m", 2 * M},
		{"3h", 3 * H},
		{"4d", 4 * D},
		{"1.5ms", 1500 * US},
		{"0.5", 500 * MS},
		{"1.25h", 75 * M},
		{"0.000000001", 1},
		{"1.000000000s", S},
		/* Below 1 ns: rounded up, so that it never turns into 0. */
		{"0.1ns", 1},
		{"0.0000000000000000000000000001ns", 1},
		{"0.3333333333333333333333333333s", 333333334},
		{"0.99999999999999999999999999999d", D},
		{"18446744073709551615ns", UINT64_MAX},
		{"18446744073.709551615", UINT64_MAX},
		{"213503d", 213503 * D},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		uint64_t ns = 42;

		assert_int_equal(text_parse_duration(cases[i].text, &ns), 0);
		if (ns != cases[i].ns)
			fail_msg("%s was read as %ju ns", cases[i].text, (uintmax_t)ns);
	}
}

static void parse_duration_refuses(void **state)
{
	static const struct {
		const char *text;
		int err;
	} cases[] = {
		{"", -EINVAL},
		{"12abc", -EINVAL},
		{"-5s", -EINVAL},
		{"+5s", -EINVAL},
		{" 5s", -EINVAL},
		{"5s ", -EINVAL},
		{"5 s", -EINVAL},
		{"5s\n", -EINVAL},
		{"1e3", -EINVAL},
		{"0x10", -EINVAL},
		{"s", -EINVAL},
		{".5s", -EINVAL},
		{"5.", -EINVAL},
		{"5.s", -EINVAL},
		{"1.2.3s", -EINVAL},
		{"1,5s", -EINVAL},
		{"5S", -EINVAL},
		{"5sec", -EINVAL},
		{"3m20s", -EINVAL},
		{"inf", -EINVAL},
		{"nan", -EINVAL},
		{"\xd9\xa5s", -EINVAL}, /* an Arabic-Indic digit */
		{"99999999999d", -ERANGE},
		{"213504d", -ERANGE},
		{"18446744073709551616ns", -ERANGE},
		{"18446744073709551615.1ns", -ERANGE},
		{"18446744073.709551616", -ERANGE},
		{"99999999999999999999999999999999s", -ERANGE},
		{"99999999999999999999999999999999x", -EINVAL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		uint64_t ns = 42;
		int err = text_parse_duration(cases[i].text, &ns);

		if (err != cases[i].err)
			fail_msg("\"%s\" gave %d, not %d", cases[i].text, err, cases[i].err);
		assert_int_equal(ns, 42); /* left alone */
	}
}

static void parse_number_is_strict(void **state)
{
	static const char *const bad[] = {"",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "1a",
					  "a1",
					  "0x1",
					  "1.0",
					  "1e3",
					  "99999999999999999999999x"};
	uint64_t value = 42;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(bad); i++)
		assert_int_equal(text_parse_number(bad[i], UINT64_MAX, &value), -EINVAL);
	assert_int_equal(text_parse_number("101", 100, &value), -ERANGE);
	assert_int_equal(text_parse_number("18446744073709551616", UINT64_MAX, &value), -ERANGE);
	assert_int_equal(value, 42);

	assert_int_equal(text_parse_number("0", 0, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(text_parse_number("100", 100, &value), 0);
	assert_int_equal(value, 100);
	assert_int_equal(text_parse_number("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
}

/* One name, what a terminal gets, and what a JSON library gets. */
static const struct {
	const char *name;
	const char *terminal;
	const char *json;
} names[] = {
	{"", "", ""},
	{"bash", "bash", "bash"},
	{"a b\"c'd$e`", "a b\"c'd$e`", "a b\"c'd$e`"},
	{"\x1b[31mred", "\\x1b[31mred", "\x1b[31mred"},
	{"a\nb\r\t\x7f\x01", "a\\x0ab\\x0d\\x09\\x7f\\x01", "a\nb\r\t\x7f\x01"},
	{"a\\x41", "a\\x5cx41", "a\\x41"}, /* else a name could pretend to be an escape */
	{"\xc2\x9b"
	 "31m",
	 "\\xc2\\x9b31m",
	 "\xc2\x9b"
	 "31m"}, /* C1 CSI */
	{"\xc2\x80", "\\xc2\\x80", "\xc2\x80"},
	{"\xc2\x9f", "\\xc2\\x9f", "\xc2\x9f"},
	{"\xc2\xa0", "\xc2\xa0", "\xc2\xa0"}, /* the first character above C1 */
	{"\x9b"
	 "31m",
	 "\\x9b31m",
	 "\xef\xbf\xbd"
	 "31m"},					     /* C1 as a raw byte */
	{"\xd8\x9c", "\\xd8\\x9c", "\xd8\x9c"},		     /* bidi: U+061C */
	{"\xe2\x80\x8d", "\xe2\x80\x8d", "\xe2\x80\x8d"},    /* U+200D joins emoji */
	{"\xe2\x80\x8e", "\\xe2\\x80\\x8e", "\xe2\x80\x8e"}, /* U+200E */
	{"\xe2\x80\x8f", "\\xe2\\x80\\x8f", "\xe2\x80\x8f"},
	{"\xe2\x80\x90", "\xe2\x80\x90", "\xe2\x80\x90"},    /* U+2010, a hyphen */
	{"\xe2\x80\xa8", "\\xe2\\x80\\xa8", "\xe2\x80\xa8"}, /* U+2028 line separator */
	{"\xe2\x80\xae"
	 "x",
	 "\\xe2\\x80\\xaex",
	 "\xe2\x80\xae"
	 "x"}, /* U+202E override */
	{"\xe2\x80\xaf", "\xe2\x80\xaf", "\xe2\x80\xaf"},
	{"\xe2\x81\xa6", "\\xe2\\x81\\xa6", "\xe2\x81\xa6"}, /* U+2066 isolate */
	{"\xe2\x81\xa9", "\\xe2\\x81\\xa9", "\xe2\x81\xa9"},
	{"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80",
	 "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"},
	{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"}, /* U+10FFFF */
	/* Invalid: cut off, alone, overlong, surrogate, too large. */
	{"a\xc3", "a\\xc3", "a\xef\xbf\xbd"},
	{"\xe2\x82", "\\xe2\\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xf0\x9f\x98z", "\\xf0\\x9f\\x98z", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"},
	{"\x80", "\\x80", "\xef\xbf\xbd"},
	{"\xc0\xaf", "\\xc0\\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xc1\x81", "\\xc1\\x81", "\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xe0\xa0\x80", "\xe0\xa0\x80", "\xe0\xa0\x80"},
	{"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf",
	 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xed\xa0\x80", "\\xed\\xa0\\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xed\xbf\xbf", "\\xed\\xbf\\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80",
	 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xf5\xff\xfe", "\\xf5\\xff\\xfe", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

static void hostile_names_are_made_harmless(void **state)
{
	char buffer[128];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		size_t length = strlen(names[i].name);

		assert_ptr_equal(text_escape(buffer, sizeof(buffer), names[i].name, length),
				 buffer);
		assert_string_equal(buffer, names[i].terminal);
		assert_ptr_equal(text_utf8(buffer, sizeof(buffer), names[i].name, length), buffer);
		assert_string_equal(buffer, names[i].json);
	}
}

static void names_end_at_length_or_nul(void **state)
{
	/* A comm of 16 bytes without a NUL: what lies behind it is not read (ASan watches). */
	char *full = malloc(16);
	char buffer[64];

	(void)state;
	assert_non_null(full);
	memset(full, 'x', 16);
	assert_string_equal(text_escape(buffer, sizeof(buffer), full, 16), "xxxxxxxxxxxxxxxx");
	assert_string_equal(text_utf8(buffer, sizeof(buffer), full, 16), "xxxxxxxxxxxxxxxx");
	full[15] = '\xe2'; /* begins a character that would go on behind the end */
	assert_string_equal(text_escape(buffer, sizeof(buffer), full, 16), "xxxxxxxxxxxxxxx\\xe2");
	assert_string_equal(text_utf8(buffer, sizeof(buffer), full, 16),
			    "xxxxxxxxxxxxxxx\xef\xbf\xbd");
	full[3] = '\0';
	assert_string_equal(text_escape(buffer, sizeof(buffer), full, 16), "xxx");
	assert_string_equal(text_utf8(buffer, sizeof(buffer), full, 16), "xxx");
	assert_string_equal(text_escape(buffer, sizeof(buffer), full, 0), "");
	free(full);
}

/* Whether @cut is @whole up to the start of one of its characters, or @escapes of 4 bytes. */
static bool cut_at_border(const char *cut, const char *whole, bool escapes)
{
	size_t at = 0, length = strlen(cut);

	if (strncmp(cut, whole, length) != 0)
		return false;
	while (at < length) {
		unsigned char byte = (unsigned char)whole[at];

		if (escapes && byte == '\\')
			at += 4;
		else
			at += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
	}
	return at == length;
}

static void small_buffers_cut_at_characters(void **state)
{
	size_t i, size;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		size_t length = strlen(names[i].name);

		for (size = 1; size <= strlen(names[i].terminal) + 2; size++) {
			char *buffer = malloc(size); /* exactly, so that ASan sees one byte more */

			assert_non_null(buffer);
			text_escape(buffer, size, names[i].name, length);
			assert_in_range(strlen(buffer), 0, size - 1);
			assert_true(cut_at_border(buffer, names[i].terminal, true));
			text_utf8(buffer, size, names[i].name, length);
			assert_in_range(strlen(buffer), 0, size - 1);
			assert_true(cut_at_border(buffer, names[i].json, false));
			if (size > strlen(names[i].terminal)) {
				text_escape(buffer, size, names[i].name, length);
				assert_string_equal(buffer, names[i].terminal);
			}
			free(buffer);
		}
	}
	/* No room at all: nothing is written. */
	char guard[1] = {'g'};

	text_escape(guard, 0, "abc", 3);
	text_utf8(guard, 0, "abc", 3);
	assert_int_equal(guard[0], 'g');
}

/* What cannot stand as it is in a terminal, found without the code under test. */
static bool harmless(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at; at++) {
		if (*at < 0x20 || *at == 0x7f)
			return false;
		if (at[0] == 0xc2 && at[1] < 0xa0)
			return false;
		if (at[0] == 0xe2 && at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae)
			return false;
	}
	return true;
}

static void random_bytes_stay_harmless(void **state)
{
	/* Bytes that begin, continue or break a character come often. */
	static const char often[] = "\xe2\x80\xae\xc2\x9b\xf0\x9f\xed\xa0\x1b\\x";
	unsigned int seed = 20240229;
	char name[16], buffer[80];
	uint64_t value;
	int round, i;

	(void)state;
	for (round = 0; round < 50000; round++) {
		json_t *json;

		for (i = 0; i < (int)sizeof(name); i++)
			name[i] = rand_r(&seed) & 1 ? (char)rand_r(&seed) :
						      often[rand_r(&seed) % (sizeof(often) - 1)];
		text_escape(buffer, sizeof(buffer), name, sizeof(name));
		assert_true(harmless(buffer));
		/* jansson checks UTF-8 by itself. */
		json = json_string(buffer);
		assert_non_null(json);
		json_decref(json);
		text_utf8(buffer, sizeof(buffer), name, sizeof(name));
		json = json_string(buffer);
		assert_non_null(json);
		json_decref(json);
	}
	/* Parsers: what is accepted begins with a digit and ends with a digit or a unit. */
	for (round = 0; round < 50000; round++) {
		static const char letters[] = "0123456789.0123456789nums hd-+e";
		size_t length = (size_t)rand_r(&seed) % 8;

		for (i = 0; i < (int)length; i++)
			name[i] = letters[rand_r(&seed) % (sizeof(letters) - 1)];
		name[length] = '\0';
		if (text_parse_duration(name, &value) == 0) {
			assert_in_range(name[0], '0', '9');
			assert_true(strpbrk(name, " -+e") == NULL);
		}
		if (text_parse_number(name, 9999999, &value) == 0)
			assert_int_equal(value, strtoull(name, NULL, 10));
	}
}

static void decimals_are_scaled(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(text_parse_decimal("12", 100, &value), 0);
	assert_int_equal(value, 1200);
	assert_int_equal(text_parse_decimal("0.25", 100, &value), 0);
	assert_int_equal(value, 25);
	assert_int_equal(text_parse_decimal("0.001", 100, &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(text_parse_decimal("", 1, &value), -EINVAL);
	assert_int_equal(text_parse_decimal("1.", 1, &value), -EINVAL);
	assert_int_equal(text_parse_decimal(".5", 1, &value), -EINVAL);
	assert_int_equal(text_parse_decimal("-1", 1, &value), -EINVAL);
	assert_int_equal(text_parse_decimal("1 ", 1, &value), -EINVAL);
	assert_int_equal(text_parse_decimal("1e3", 1, &value), -EINVAL);
	assert_int_equal(text_parse_decimal("99999999999999999999", 1, &value), -ERANGE);
	assert_int_equal(text_parse_decimal("18446744073709551615.5", 2, &value), -ERANGE);
}

static void characters_take_columns(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
	} cases[] = {
		{"", 0},
		{"abc", 3},
		{"\xc3\xa4", 1},		 /* a letter with its accent */
		{"a\xcc\x88", 1},		 /* one, and its accent */
		{"\xe6\x97\xa5\xe6\x9c\xac", 4}, /* Chinese */
		{"\xed\x95\x9c", 2},		 /* Korean */
		{"\xef\xbd\xb1", 1},		 /* a narrow Japanese letter */
		{"\xf0\x9f\xa6\x8a", 2},	 /* a fox */
		{"\xf4\x8f\xbf\xbf", 1},	 /* nobody's */
	};
	char buffer[64];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		assert_int_equal(text_columns(cases[i].text), cases[i].columns);
	/* Cut between characters, and between escapes; an accent needs no room. */
	text_escape_columns(buffer, sizeof(buffer), 5, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 9);
	assert_string_equal(buffer, "\xe6\x97\xa5\xe6\x9c\xac");
	text_escape_columns(buffer, sizeof(buffer), 7, "\xff\xff", 2);
	assert_string_equal(buffer, "\\xff");
	text_escape_columns(buffer, sizeof(buffer), 2, "ba\xcc\x88z", 5);
	assert_string_equal(buffer, "ba\xcc\x88");
	text_escape_columns(buffer, 3, 10, "\xe6\x97\xa5", 3);
	assert_string_equal(buffer, "");
}

static void utf8_is_told_from_other_bytes(void **state)
{
	(void)state;
	assert_true(text_is_utf8("", 0));
	assert_true(text_is_utf8("a\0b\xc3\xa4\xf0\x9f\x98\x80", 9));
	assert_false(text_is_utf8("a\xff", 2));
	assert_false(text_is_utf8("\xc3", 1));
	assert_false(text_is_utf8("\xed\xa0\x80", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_scaled),
		cmocka_unit_test(characters_take_columns),
		cmocka_unit_test(utf8_is_told_from_other_bytes),
		cmocka_unit_test(duration_in_fitting_units),
		cmocka_unit_test(duration_is_short_and_near),
		cmocka_unit_test(count_fits_six_characters),
		cmocka_unit_test(parse_duration_reads_units_and_fractions),
		cmocka_unit_test(parse_duration_refuses),
		cmocka_unit_test(parse_number_is_strict),
		cmocka_unit_test(hostile_names_are_made_harmless),
		cmocka_unit_test(names_end_at_length_or_nul),
		cmocka_unit_test(small_buffers_cut_at_characters),
		cmocka_unit_test(random_bytes_stay_harmless),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
