/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for people: durations and counts in fitting units, and hostile names made harmless. */
#ifndef DWELL_BASE_TEXT_H
#define DWELL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_DURATION_LEN 12 /* "999.9ms", "12h34m", and a NUL */

/*
 * Writes @ns in the unit that fits: "0", "640ns", "12us", "3.4ms", "1.2s",
 * "3m20s", "3h12m", "12d4h". At most 7 characters. Returns @buffer.
 */
char *text_duration(char buffer[TEXT_DURATION_LEN], uint64_t ns);

/* Writes @count so that it fits 6 characters: "99999", "123k", "45.6M". Returns @buffer. */
char *text_count(char buffer[TEXT_DURATION_LEN], uint64_t count);

/*
 * Reads a duration: digits, an optional fraction, and a unit (ns us ms s m h
 * d; none = s). The whole string must be read; no sign, no blank, no overflow;
 * 0 is allowed. 0 or -EINVAL (not a duration) or -ERANGE (too large).
 */
int text_parse_duration(const char *text, uint64_t *ns);

/*
 * Reads a decimal number, "12" or "0.5", as multiples of 1 / @scale, rounded
 * up. Nothing before or behind it, no sign. 0, -EINVAL or -ERANGE.
 */
int text_parse_decimal(const char *text, uint64_t scale, uint64_t *value);

/* Reads a whole decimal number ≤ @max, nothing before or behind it. 0, -EINVAL or -ERANGE. */
int text_parse_number(const char *text, uint64_t max, uint64_t *value);

/* The value of a hexadecimal digit, or -1: it is none. */
int text_hex_digit(char c);

/* Whether the @length bytes at @text are valid UTF-8; a NUL is. */
bool text_is_utf8(const char *text, size_t length);

/*
 * Writes the at most @length bytes of @name (which ends early at a NUL) for a
 * terminal: printable ASCII and valid UTF-8 as they are, except the backslash;
 * control characters (C1 and the bidirectional ones too), invalid bytes and
 * the backslash as \xNN. Always ends @buffer with a NUL, never cuts a character
 * or an escape in two. Returns @buffer.
 */
char *text_escape(char *buffer, size_t size, const char *name, size_t length);

/* text_escape(), cut where it would take more than @columns of a terminal. */
char *text_escape_columns(char *buffer, size_t size, size_t columns, const char *name,
			  size_t length);

/*
 * How many columns of a terminal @text, which is valid UTF-8, takes: two for a
 * character of Chinese, Japanese or Korean, none for an accent that joins the
 * one before it. The locale does not matter.
 */
size_t text_columns(const char *text);

/*
 * Writes the at most @length bytes of @name (which ends early at a NUL) as valid
 * UTF-8 for a JSON library, which escapes quotes and control characters itself:
 * invalid bytes become U+FFFD. Always ends @buffer with a NUL. Returns @buffer.
 */
char *text_utf8(char *buffer, size_t size, const char *name, size_t length);

#endif
