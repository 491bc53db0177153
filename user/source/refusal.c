// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refusals: the program or map of the kernel side that libbpf could not load.
 *
 * libbpf loads an object as a whole and returns one errno. Only its messages name the part
 * that failed. Their words have not changed since 1.0.
 */
#include "source/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "base/message.h"

static struct {
	char name[64];
	char said[256];
} last;

/* Notes the name in @text if that is @kind, a name, and text that begins with @what. */
static void note_name(const char *text, const char *kind, const char *what)
{
	const char *name = text + strlen(kind), *end;

	if (strncmp(text, kind, strlen(kind)))
		return;
	end = strchr(name, '\'');
	if (!end || strncmp(end, what, strlen(what)) || (size_t)(end - name) >= sizeof(last.name))
		return;
	memcpy(last.name, name, end - name);
	last.name[end - name] = '\0';
}

/* Keeps the last line of the verifier's log that gives a reason; others are statistics. */
static void note_log(const char *text)
{
	static const char begin[] = "-- BEGIN PROG LOAD LOG --\n";
	const char *line = strstr(text, begin);

	if (!line)
		return;
	for (line += strlen(begin); *line; line += strcspn(line, "\n"), line += *line == '\n') {
		int length = strcspn(line, "\n");

		if (length && strncmp(line, "processed ", 10) && strncmp(line, "-- END", 6))
			snprintf(last.said, sizeof(last.said), "%.*s", length, line);
	}
}

static void note(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		return;
	note_name(text, "libbpf: prog '", "': failed to load");
	note_name(text, "libbpf: map '", "': failed to create");
	note_log(text);
	free(text);
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	va_list copy;

	if (level == LIBBPF_WARN) {
		va_copy(copy, arguments);
		note(format, copy);
		va_end(copy);
	}
	message_detail_va(level == LIBBPF_DEBUG ? 3 : 2, format, arguments);
	return 0;
}

void refusal_listen(void)
{
	libbpf_set_print(print_libbpf);
}

void refusal_forget(void)
{
	last.name[0] = last.said[0] = '\0';
}

void refusal_note(const char *name)
{
	snprintf(last.name, sizeof(last.name), "%s", name);
	last.said[0] = '\0';
}

const char *refusal_last(void)
{
	return last.name[0] ? last.name : NULL;
}

const char *refusal_said(void)
{
	return last.said;
}
