/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages for a person, on stderr, one subject a line. */
#ifndef DWELL_BASE_MESSAGE_H
#define DWELL_BASE_MESSAGE_H

#include <stdarg.h>

/*
 * Each function writes the formatted text line by line, each line after "dwell: ". Bytes
 * that a terminal must not see are escaped here, so callers pass names as they are. The
 * text needs no newline at its end. errno does not change.
 */

/* Says what went wrong. */
void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what to do about the error before it, indented. */
void message_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Gives details to those who ask: shown if -v was given at least @level (1, 2, …) times. */
void message_detail(unsigned int level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void message_detail_va(unsigned int level, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* How many times -v was given; 0 at first. */
void message_set_level(unsigned int level);
unsigned int message_level(void);

#endif
