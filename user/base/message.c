/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages for a person, on stderr, one subject a line. */
#include "base/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static unsigned int level_shown;

void message_set_level(unsigned int level)
{
	level_shown = level;
}

unsigned int message_level(void)
{
	return level_shown;
}

/* Writes "dwell: ", @indent, and the @length bytes of @line, escaped. */
static void write_line(const char *indent, const char *line, size_t length)
{
	size_t size = 4 * length + 1; /* every byte as \xNN */
	char *escaped = malloc(size);

	if (escaped)
		fprintf(stderr, "dwell: %s%s\n", indent, text_escape(escaped, size, line, length));
	else
		fprintf(stderr, "dwell: %sout of memory\n", indent);
	free(escaped);
}

static void __attribute__((format(printf, 2, 0)))
write_lines(const char *indent, const char *format, va_list arguments)
{
	char *text = NULL, *line;
	int saved = errno;

	/* Nothing before this may change errno: %m in @format shows the caller's. */
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	for (line = text; line && *line;) {
		size_t length = strcspn(line, "\n");

		write_line(indent, line, length);
		line += length;
		line += *line == '\n';
	}
	free(text);
	errno = saved;
}

void message_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_lines("", format, arguments);
	va_end(arguments);
}

void message_hint(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_lines("  ", format, arguments);
	va_end(arguments);
}

void message_detail_va(unsigned int level, const char *format, va_list arguments)
{
	if (level <= level_shown)
		write_lines("", format, arguments);
}

void message_detail(unsigned int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	message_detail_va(level, format, arguments);
	va_end(arguments);
}
