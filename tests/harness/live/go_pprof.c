/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking a Go program's pprof endpoint, and taking its answer apart. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/live/go_pprof.h"
#include "harness/live/go_run.h"

/* ---- HTTP ---------------------------------------------------------------------------- */

static int dial(uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* All that comes until the end, with a NUL behind it. */
static char *read_all(int fd, size_t *length)
{
	FILE *stream, *from = fdopen(fd, "r");
	char *text = NULL, buffer[4096];
	size_t count;

	stream = open_memstream(&text, length);
	while ((count = fread(buffer, 1, sizeof(buffer), from)) > 0)
		fwrite(buffer, 1, count, stream);
	fclose(stream);
	fclose(from);
	return text;
}

char *go_http_get(uint16_t port, const char *path, size_t *length)
{
	const int fd = dial(port);
	char *answer, *body;
	size_t size;

	if (fd < 0)
		return NULL;
	/* In 1.0 the answer ends with the connection, and nothing of it stays. */
	dprintf(fd, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	answer = read_all(fd, &size);
	body = memmem(answer, size, "\r\n\r\n", 4);
	if (!body || strncmp(answer, "HTTP/1.", 7) != 0 || strncmp(answer + 8, " 200", 4) != 0) {
		free(answer);
		return NULL;
	}
	body += 4;
	*length = size - (size_t)(body - answer);
	memmove(answer, body, *length + 1);
	return answer;
}

/* ---- goroutines -------------------------------------------------------------------------- */

/* In Debian's Go all others have a dot in the first part of their path, or are of main. */
bool go_is_standard(const char *function)
{
	const size_t first = strcspn(function, "/");

	if (!strncmp(function, "main.", 5))
		return false;
	return !function[first] || !memchr(function, '.', first);
}

static bool is_innards(const char *function)
{
	static const char *const packages[] = {"runtime", "time", "sync", "internal"};

	for (size_t i = 0; i < sizeof(packages) / sizeof(*packages); i++) {
		const size_t length = strlen(packages[i]);

		if (!strncmp(function, packages[i], length) &&
		    (function[length] == '.' || function[length] == '/'))
			return true;
	}
	return strstr(function, "/internal/") != NULL;
}

static const char *place_of(const json_t *stack)
{
	const json_t *function;
	size_t i;

	json_array_foreach(stack, i, function) {
		if (!go_is_standard(json_string_value(function)))
			return json_string_value(function);
	}
	json_array_foreach(stack, i, function) {
		if (!is_innards(json_string_value(function)))
			return json_string_value(function);
	}
	return json_string_value(json_array_get(stack, 0)) ?: "";
}

/* "[select, 2 minutes]:" */
static const char *state_of(const char *header)
{
	const char *state = strchr(header, '[');

	if (!state)
		return "other";
	if (!strncmp(state, "[running", 8))
		return "running";
	if (!strncmp(state, "[runnable", 9))
		return "runnable";
	return !strncmp(state, "[syscall", 8) ? "syscall" : "waiting";
}

/* "	file:line +0x1" */
static void add_position(json_t *at, char *line)
{
	line[strcspn(line, " ")] = '\0';
	json_array_append_new(at, json_string(*line == '\t' ? line + 1 : line));
}

/* The lines of one goroutine: its state, then two for each frame, and for its creator. */
static json_t *parse_goroutine(char *text)
{
	json_t *stack = json_array(), *at = json_array();
	const char *state = state_of(text);
	char created_by[512] = "";
	char *line, *position, *rest;

	strtok_r(text, "\n", &rest);
	while ((line = strtok_r(NULL, "\n", &rest)) && (position = strtok_r(NULL, "\n", &rest))) {
		if (!strncmp(line, "created by ", 11)) {
			snprintf(created_by, sizeof(created_by), "%.*s",
				 (int)strcspn(line + 11, " "), line + 11);
			continue;
		}
		if (strrchr(line, '('))
			*strrchr(line, '(') = '\0';
		json_array_append_new(stack, json_string(line));
		add_position(at, position);
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:o}", "state", state, "created_by", created_by,
			 "place", place_of(stack), "stack", stack, "at", at);
}

json_t *go_pprof_goroutines(uint16_t port)
{
	size_t length;
	char *text = go_http_get(port, "/debug/pprof/goroutine?debug=2", &length);
	char *one = text, *next;
	json_t *all;

	if (!text)
		return NULL;
	all = json_array();
	for (; one && !strncmp(one, "goroutine ", 10); one = next) {
		next = strstr(one, "\n\n");
		if (next) {
			*next = '\0';
			next += 2;
		}
		json_array_append_new(all, parse_goroutine(one));
	}
	free(text);
	return all;
}
