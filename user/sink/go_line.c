/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines about Go programs: a sentence for people, broken at blanks to fit a terminal. */
#include "sink/go_line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "base/wrap.h"

#define NAME_COLUMNS 60 /* of the name of a function */
#define NAME_LEN 1024

void go_line_add(struct go_line *line, const char *format, ...)
{
	const size_t room = sizeof(line->text) - line->used;
	va_list arguments;
	int written;

	va_start(arguments, format);
	written = vsnprintf(line->text + line->used, room, format, arguments);
	va_end(arguments);
	if (written > 0)
		line->used += (size_t)written < room ? (size_t)written : room - 1;
}

void go_line_duration(struct go_line *line, uint64_t ns)
{
	char text[TEXT_DURATION_LEN];

	go_line_add(line, "%s", text_duration(text, ns));
}

void go_line_count(struct go_line *line, uint64_t count)
{
	char text[TEXT_DURATION_LEN];

	go_line_add(line, "%s", text_count(text, count));
}

/* ---- names ---------------------------------------------------------------------- */

/* Bytes of the character or escape at the start of @text, which is not empty. */
static size_t character(const char *text)
{
	size_t length = 1;

	if (*text == '\\')
		return strnlen(text, 4);
	while (((unsigned char)text[length] & 0xc0) == 0x80)
		length++;
	return length;
}

/* The longest end of @text that has at most @columns columns. */
static const char *end_of(const char *text, size_t columns)
{
	size_t wide = text_columns(text);

	while (*text && wide > columns) {
		text += character(text);
		wide = text_columns(text);
	}
	return text;
}

/* Where the last part of the package's path begins in @name. */
static const char *package_of(const char *name)
{
	const char *end = name + strcspn(name, "([");
	const char *start = end;

	while (start > name && start[-1] != '/')
		start--;
	return start;
}

void go_line_name(struct go_line *line, const char *name)
{
	char clean[NAME_LEN], start[NAME_LEN];
	const char *package;
	size_t length;

	text_escape(clean, sizeof(clean), name, strlen(name));
	if (text_columns(clean) <= NAME_COLUMNS) {
		go_line_add(line, "%s", clean);
		return;
	}
	package = package_of(clean);
	if (package > clean && text_columns(package) <= NAME_COLUMNS - 2) {
		go_line_add(line, "…/%s", package);
		return;
	}
	for (length = 0; clean[length];) {
		size_t next = length + character(clean + length);

		snprintf(start, sizeof(start), "%.*s", (int)next, clean);
		if (text_columns(start) > NAME_COLUMNS / 2)
			break;
		length = next;
	}
	go_line_add(line, "%.*s…%s", (int)length, clean, end_of(clean, NAME_COLUMNS / 2 - 1));
}

/* ---- breaking --------------------------------------------------------------------- */

void go_line_put(FILE *out, const char *head, struct go_line *line)
{
	const size_t indent = text_columns(head);
	char lead[WRAP_WIDTH + 1];

	snprintf(lead, sizeof(lead), "%*s", (int)indent, "");
	fputs(head, out);
	wrap_put(out, line->text, indent, lead);
	*line = (struct go_line){0};
}
