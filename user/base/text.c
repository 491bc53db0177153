/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for people: durations and counts in fitting units, and hostile names made harmless. */
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define NS_PER_US 1000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL
#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MINUTE)
#define NS_PER_DAY (24 * NS_PER_HOUR)

#define ESCAPE_LEN 4 /* characters for one byte: "\x1b" */

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* @value / @unit, rounded. @unit is at most half of the range, so that nothing overflows. */
static uint64_t rounded(uint64_t value, uint64_t unit)
{
	return value / unit + (value % unit >= unit - value % unit);
}

/*
 * Writes @value as a multiple of @unit, and then @suffix. A multiple below @whole has one
 * decimal, others none. Writes nothing and returns false if rounding carries the multiple
 * to @carry, since the next unit fits better there.
 */
static bool write_scaled(char buffer[TEXT_DURATION_LEN], uint64_t value, uint64_t unit,
			 unsigned int whole, unsigned int carry, const char *suffix)
{
	uint64_t tenths = rounded(value, unit / 10);

	if (tenths < 10ULL * whole)
		snprintf(buffer, TEXT_DURATION_LEN, "%hu.%hhu%s", (unsigned short)(tenths / 10),
			 (unsigned char)(tenths % 10), suffix);
	else if (rounded(value, unit) < carry)
		snprintf(buffer, TEXT_DURATION_LEN, "%hu%s", (unsigned short)rounded(value, unit),
			 suffix);
	else
		return false;
	return true;
}

/* Writes @units as large and small ones, @per small in a large: "3m20s". At most 999 and 99. */
static void write_pair(char buffer[TEXT_DURATION_LEN], uint64_t units, unsigned int per, char large,
		       char small)
{
	snprintf(buffer, TEXT_DURATION_LEN, "%hu%c%hhu%c", (unsigned short)(units / per), large,
		 (unsigned char)(units % per), small);
}

char *text_duration(char buffer[TEXT_DURATION_LEN], uint64_t ns)
{
	if (!ns)
		snprintf(buffer, TEXT_DURATION_LEN, "0");
	else if (ns < NS_PER_US)
		snprintf(buffer, TEXT_DURATION_LEN, "%uns", (unsigned int)ns);
	else if (ns < NS_PER_MS && write_scaled(buffer, ns, NS_PER_US, 10, 1000, "us"))
		;
	else if (ns < NS_PER_S && write_scaled(buffer, ns, NS_PER_MS, 10, 1000, "ms"))
		;
	else if (ns < NS_PER_MINUTE && write_scaled(buffer, ns, NS_PER_S, 10, 60, "s"))
		;
	else if (rounded(ns, NS_PER_S) < 3600)
		write_pair(buffer, rounded(ns, NS_PER_S), 60, 'm', 's');
	else if (rounded(ns, NS_PER_MINUTE) < 24 * 60)
		write_pair(buffer, rounded(ns, NS_PER_MINUTE), 60, 'h', 'm');
	else if (rounded(ns, NS_PER_HOUR) < 1000 * 24)
		write_pair(buffer, rounded(ns, NS_PER_HOUR), 24, 'd', 'h');
	else
		snprintf(buffer, TEXT_DURATION_LEN, "%" PRIu64 "d", rounded(ns, NS_PER_DAY));
	return buffer;
}

char *text_count(char buffer[TEXT_DURATION_LEN], uint64_t count)
{
	static const char *const suffixes[] = {"k", "M", "G", "T", "P", "E"};
	uint64_t unit = 1000;
	size_t i;

	if (count < 100000) {
		snprintf(buffer, TEXT_DURATION_LEN, "%u", (unsigned int)count);
		return buffer;
	}
	for (i = 0; i < LENGTH(suffixes); i++, unit *= 1000)
		/* The first test keeps unit * 1000 from overflowing: 18 E is the largest. */
		if ((count / unit < 1000 || i == LENGTH(suffixes) - 1) &&
		    write_scaled(buffer, count, unit, 100, 1000, suffixes[i]))
			break;
	return buffer;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads the digits at *@text and moves *@text behind them. 0, -EINVAL (no digit) or -ERANGE. */
static int parse_digits(const char **text, uint64_t *value)
{
	const char *at = *text;
	bool overflow = false;
	uint64_t sum = 0;

	if (!is_digit(*at))
		return -EINVAL;
	for (; is_digit(*at); at++)
		overflow |= __builtin_mul_overflow(sum, 10, &sum) ||
			    __builtin_add_overflow(sum, (uint64_t)(*at - '0'), &sum);
	*text = at;
	*value = sum;
	return overflow ? -ERANGE : 0;
}

/* How many ns the unit @name has; 0 if there is no such unit. */
static uint64_t unit_of(const char *name)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"", NS_PER_S},	    {"ns", 1},	       {"us", NS_PER_US},
		{"ms", NS_PER_MS},  {"s", NS_PER_S},   {"m", NS_PER_MINUTE},
		{"h", NS_PER_HOUR}, {"d", NS_PER_DAY},
	};
	size_t i;

	for (i = 0; i < LENGTH(units); i++)
		if (!strcmp(name, units[i].name))
			return units[i].ns;
	return 0;
}

/*
 * The decimal fraction of @unit whose digits begin at @digits, rounded up: a number other
 * than 0 must not become 0, since that may mean something else (no limit).
 */
static uint64_t fraction_of(const char *digits, uint64_t unit)
{
	const uint64_t smallest = 100000000000000000ULL; /* 10^17: further digits only round up */
	uint64_t numerator = 0, denominator = 1;
	unsigned __int128 product;
	bool rest = false;

	for (; is_digit(*digits); digits++) {
		if (denominator == smallest) {
			rest |= *digits != '0';
			continue;
		}
		numerator = numerator * 10 + (uint64_t)(*digits - '0');
		denominator *= 10;
	}
	product = (unsigned __int128)numerator * unit;
	rest |= product % denominator != 0;
	return (uint64_t)(product / denominator) + rest;
}

/*
 * Reads a number at *@text, with or without a fraction, and moves *@text behind it.
 * *@fraction is where the fraction's digits begin, or NULL. 0, -EINVAL (no number) or
 * -ERANGE (too large, but read to its end).
 */
static int parse_decimal(const char **text, uint64_t *whole, const char **fraction)
{
	int err = parse_digits(text, whole);

	*fraction = NULL;
	if (err == -EINVAL || **text != '.')
		return err;
	*fraction = ++*text;
	if (!is_digit(**text))
		return -EINVAL;
	while (is_digit(**text))
		++*text;
	return err;
}

/* @whole and @fraction (or NULL) times @unit. 0 or -ERANGE. */
static int scale_decimal(uint64_t whole, const char *fraction, uint64_t unit, uint64_t *value)
{
	if (__builtin_mul_overflow(whole, unit, &whole) ||
	    (fraction && __builtin_add_overflow(whole, fraction_of(fraction, unit), &whole)))
		return -ERANGE;
	*value = whole;
	return 0;
}

int text_parse_duration(const char *text, uint64_t *ns)
{
	const char *fraction;
	uint64_t whole, unit;
	int err = parse_decimal(&text, &whole, &fraction);

	if (err == -EINVAL)
		return err;
	/* The unit is checked first: a text that is no duration is not "too large". */
	unit = unit_of(text);
	if (!unit)
		return -EINVAL;
	return err ? err : scale_decimal(whole, fraction, unit, ns);
}

int text_parse_decimal(const char *text, uint64_t scale, uint64_t *value)
{
	const char *fraction;
	uint64_t whole;
	int err = parse_decimal(&text, &whole, &fraction);

	if (err == -EINVAL || *text)
		return -EINVAL;
	return err ? err : scale_decimal(whole, fraction, scale, value);
}

int text_parse_number(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t number;
	int err;

	err = parse_digits(&text, &number);
	if (err == -EINVAL || *text)
		return -EINVAL;
	if (err || number > max)
		return -ERANGE;
	*value = number;
	return 0;
}

/*
 * Returns the length (1 … 4) of the UTF-8 character at @at, and its code point in *code.
 * Reads at most @left bytes. 0 if the character is not valid: cut off, overlong, a
 * surrogate, beyond U+10FFFF.
 */
static size_t utf8_character(const unsigned char *at, size_t left, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length, i;

	if (at[0] < 0x80) {
		*code = at[0];
		return 1;
	}
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	if (length > left)
		return 0;
	*code = at[0] & (0x7fU >> length);
	for (i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	if (*code < smallest[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return length;
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_is_utf8(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t taken;
	uint32_t code;

	for (; length; at += taken, length -= taken) {
		taken = utf8_character(at, length, &code);
		if (!taken)
			return false;
	}
	return true;
}

/* Whether a terminal may do more with @code than draw it in its place. */
static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == '\\' ||
	       code == 0x061c ||		     /* Arabic letter mark */
	       code == 0x200e || code == 0x200f ||   /* left-to-right, right-to-left mark */
	       (code >= 0x2028 && code <= 0x202e) || /* line, paragraph; embeddings, overrides */
	       (code >= 0x2066 && code <= 0x2069);   /* isolates */
}

/* Appends @length bytes at *@end if they and a NUL fit before @limit. */
static bool append(char **end, const char *limit, const char *bytes, size_t length)
{
	if ((size_t)(limit - *end) <= length)
		return false;
	memcpy(*end, bytes, length);
	*end += length;
	return true;
}

/* Appends @length bytes as \xNN, all or none. */
static bool append_escaped(char **end, const char *limit, const unsigned char *bytes, size_t length)
{
	char escaped[4 * ESCAPE_LEN + 1];
	size_t i;

	for (i = 0; i < length; i++)
		snprintf(escaped + ESCAPE_LEN * i, ESCAPE_LEN + 1, "\\x%02x", bytes[i]);
	return append(end, limit, escaped, ESCAPE_LEN * length);
}

/*
 * How many columns @code takes according to the C library, which knows it in a UTF-8
 * locale only. An unknown character takes one.
 */
static size_t character_columns(uint32_t code)
{
	static locale_t utf8;
	locale_t before;
	int columns;

	/* Nearly all characters are ASCII, and need no locale. */
	if (code < 0x80)
		return 1;
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	columns = wcwidth((wchar_t)code);
	uselocale(before);
	return columns < 0 ? 1 : (size_t)columns;
}

size_t text_columns(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text), columns = 0, taken;
	uint32_t code;

	for (; left; at += taken, left -= taken) {
		taken = utf8_character(at, left, &code);
		columns += taken ? character_columns(code) : 1;
		taken = taken ? taken : 1;
	}
	return columns;
}

char *text_escape_columns(char *buffer, size_t size, size_t columns, const char *name,
			  size_t length)
{
	const unsigned char *at = (const unsigned char *)name;
	char *end = buffer;
	size_t taken, takes;
	uint32_t code;
	bool fits;

	if (!size)
		return buffer;
	for (; length && *at; at += taken, length -= taken, columns -= takes) {
		taken = utf8_character(at, length, &code);
		if (taken && !is_unsafe(code)) {
			takes = character_columns(code);
			fits = takes <= columns &&
			       append(&end, buffer + size, (const char *)at, taken);
		} else {
			taken = taken ? taken : 1;
			takes = ESCAPE_LEN * taken;
			fits = takes <= columns && append_escaped(&end, buffer + size, at, taken);
		}
		if (!fits)
			break;
	}
	*end = '\0';
	return buffer;
}

char *text_escape(char *buffer, size_t size, const char *name, size_t length)
{
	return text_escape_columns(buffer, size, SIZE_MAX, name, length);
}

char *text_utf8(char *buffer, size_t size, const char *name, size_t length)
{
	const unsigned char *at = (const unsigned char *)name;
	char *end = buffer;
	size_t taken;
	uint32_t code;
	bool fits;

	if (!size)
		return buffer;
	for (; length && *at; at += taken, length -= taken) {
		taken = utf8_character(at, length, &code);
		if (taken) {
			fits = append(&end, buffer + size, (const char *)at, taken);
		} else {
			taken = 1;
			fits = append(&end, buffer + size, "\xef\xbf\xbd", 3);
		}
		if (!fits)
			break;
	}
	*end = '\0';
	return buffer;
}
