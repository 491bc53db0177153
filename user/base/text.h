/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for people: durations and counts in fitting units, and hostile names made harmless. */
#ifndef DWELL_BASE_TEXT_H
#define DWELL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_DURATION_LEN 12 /* bytes: "999d23h" and a NUL, with room to spare */

/*
 * Writes @ns in the unit that fits: "0", "640ns", "12us", "3.4ms", "1.2s", "3m20s",
 * "3h12m", "12d4h". It writes at most 7 characters. Returns @buffer.
 */
char *text_duration(char buffer[TEXT_DURATION_LEN], uint64_t ns);

/* Writes @count in at most 5 characters: "99999", "123k", "45.6M". Returns @buffer. */
char *text_count(char buffer[TEXT_DURATION_LEN], uint64_t count);

/*
 * Reads a duration: digits, an optional fraction, and a unit (ns us ms s m h d; none is
 * s). It must be the whole string, without sign or blank. A fraction of a ns is rounded
 * up. 0; -EINVAL: not a duration; -ERANGE: too large. After an error *ns is unchanged.
 */
int text_parse_duration(const char *text, uint64_t *ns);

/*
 * Reads a decimal number such as "12" or "0.5" as multiples of 1 / @scale, rounded up. It
 * must be the whole string, without sign. 0; -EINVAL: not a number; -ERANGE: too large.
 * After an error *value is unchanged.
 */
int text_parse_decimal(const char *text, uint64_t scale, uint64_t *value);

/*
 * Reads an integer of decimal digits. It must be the whole string. 0; -EINVAL: not a
 * number; -ERANGE: above @max. After an error *value is unchanged.
 */
int text_parse_number(const char *text, uint64_t max, uint64_t *value);

/* The value of the hexadecimal digit @c, or -1 if it is none. */
int text_hex_digit(char c);

/* Whether the @length bytes at @text are valid UTF-8, in which a NUL is a character. */
bool text_is_utf8(const char *text, size_t length);

/*
 * Writes @name for a terminal: at most @length bytes, up to a NUL. Printable ASCII and
 * valid UTF-8 stay as they are. The backslash, control characters (C1 and bidirectional
 * ones too) and invalid bytes become \xNN. The text is cut to @size bytes with its NUL,
 * but no character or escape is cut in two; with a @size of 0 nothing is written.
 * Returns @buffer.
 */
char *text_escape(char *buffer, size_t size, const char *name, size_t length);

/* Does what text_escape() does, and also cuts the text to @columns columns of a terminal. */
char *text_escape_columns(char *buffer, size_t size, size_t columns, const char *name,
			  size_t length);

/*
 * How many columns of a terminal the UTF-8 string @text takes: two for a Chinese, Japanese
 * or Korean character, none for an accent that joins the character before it, one for an
 * invalid byte. The locale does not matter.
 */
size_t text_columns(const char *text);

/*
 * Writes @name as valid UTF-8: at most @length bytes, up to a NUL. Invalid bytes become
 * U+FFFD. Quotes and control characters are left to the JSON library, which escapes them.
 * The text is cut to @size bytes with its NUL, but no character is cut in two; with a
 * @size of 0 nothing is written. Returns @buffer.
 */
char *text_utf8(char *buffer, size_t size, const char *name, size_t length);

#endif
