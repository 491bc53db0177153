/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages: what dwell says to a person, on stderr, one subject a line. */
#ifndef DWELL_BASE_MESSAGE_H
#define DWELL_BASE_MESSAGE_H

#include <stdarg.h>

/*
 * Each writes the formatted text line by line, "dwell: " before it. Bytes that
 * a terminal must not see are escaped here: callers pass names as they are.
 * A newline at the end is not needed. errno is left as it was.
 */

/* What went wrong. */
void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What to do about it: follows an error, and is indented. */
void message_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Details for those who ask for them: shown from @level (1, 2, …) times -v on. */
void message_detail(unsigned int level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void message_detail_va(unsigned int level, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Sets how many times -v was given: 0 at first. */
void message_set_level(unsigned int level);
unsigned int message_level(void);

#endif
