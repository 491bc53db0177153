// SPDX-License-Identifier: GPL-2.0-only
/* The opener: a process that opens what other processes have mapped, and reads none of it. */
#include "host/file_opener.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/file_message.h"
#include "host/file_parser.h"
#include "host/mapped_file.h"
#include "host/mapping.h"

/* Mappings that are kept: a stack's functions are asked for together, and are in few mappings. */
#define MAPPINGS 16
#define FRESH_NS 1000000000ULL

struct found {
	uint32_t pid; /* 0: this place is free */
	uint64_t at;  /* mono */
	struct mapping mapping;
};

struct opener {
	int parser; /* socket */
	pid_t parser_pid;
	uint64_t spent_ns; /* CPU time of ended parsers that no answer told yet */
	struct found found[MAPPINGS];
	unsigned int next;
};

static uint32_t outcome_of(int err)
{
	switch (err) {
	case -ENOENT:
		return FILE_UNMAPPED;
	case -ESRCH:
		return FILE_EXITED;
	case -EACCES:
		return FILE_FORBIDDEN;
	case -ESTALE:
		return FILE_REPLACED;
	case -EFBIG:
		return FILE_TOO_LARGE;
	default:
		return FILE_UNREADABLE;
	}
}

/* Does what mapping_find() does; *mapping is valid until the next call. */
static int find(struct opener *opener, uint32_t pid, uint64_t address,
		const struct mapping **mapping)
{
	const uint64_t time = clock_mono();
	struct found *found;
	int err;

	for (found = opener->found; found < opener->found + MAPPINGS; found++) {
		if (found->pid != pid || time - found->at >= FRESH_NS ||
		    address < found->mapping.start || address >= found->mapping.end)
			continue;
		*mapping = &found->mapping;
		return 0;
	}
	found = &opener->found[opener->next++ % MAPPINGS];
	err = mapping_find(pid, address, &found->mapping);
	found->pid = err ? 0 : pid;
	found->at = time;
	*mapping = &found->mapping;
	return err;
}

/* Asks the parser for @offset in the file @fd. 0, or a negative errno if it does not answer. */
static int ask_parser(struct opener *opener, const struct file_request *request, uint64_t offset,
		      int fd, struct file_answer *answer)
{
	struct file_request forwarded = *request;
	int err;

	forwarded.address = offset;
	err = file_message_send(opener->parser, &forwarded, sizeof(forwarded), fd);
	if (!err)
		err = file_message_receive(opener->parser, answer, sizeof(*answer), NULL);
	if (!err && answer->id != request->id)
		err = -EPROTO;
	return err;
}

static uint64_t time_ns(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000;
}

/* Ends the parser. Returns the signal that it died of; 0: none. */
static int parser_end(struct opener *opener)
{
	struct rusage usage;
	int status = 0;

	if (opener->parser_pid < 0)
		return 0;
	close(opener->parser);
	opener->parser = -1;
	kill(opener->parser_pid, SIGKILL);
	if (wait4(opener->parser_pid, &status, 0, &usage) == opener->parser_pid)
		opener->spent_ns += time_ns(&usage.ru_utime) + time_ns(&usage.ru_stime);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/*
 * Asks the parser. It is replaced if somebody ended it since the last request, or if its
 * CPU time was used up by this one. False: the parser has died, and *answer says why.
 */
static bool ask_a_parser(struct opener *opener, const struct file_request *request, uint64_t offset,
			 int fd, struct file_answer *answer)
{
	struct pollfd state = {.fd = opener->parser};
	int err, signal;

	if (poll(&state, 1, 0) > 0) {
		parser_end(opener);
		opener->parser_pid = file_parser_start(&opener->parser);
	}
	err = ask_parser(opener, request, offset, fd, answer);
	if (!err)
		return true;
	signal = parser_end(opener);
	if (signal == SIGXCPU) {
		opener->parser_pid = file_parser_start(&opener->parser);
		if (!ask_parser(opener, request, offset, fd, answer))
			return true;
		signal = parser_end(opener);
	}
	*answer = (struct file_answer){.outcome = signal == SIGPROF ? FILE_TOO_SLOW : FILE_HELPER};
	return false;
}

static void name_in_file(struct opener *opener, const struct file_request *request,
			 const struct mapping *mapping, struct file_answer *answer)
{
	const uint64_t offset = request->address - mapping->start + mapping->offset;
	int fd = mapped_file_open(request->pid, mapping);
	bool answered = true;

	if (fd < 0) {
		answer->outcome = outcome_of(fd);
	} else {
		answered = ask_a_parser(opener, request, offset, fd, answer);
		close(fd);
	}
	if (!answered)
		return;
	answer->is_file = 1;
	mapping_file_name(mapping, answer->file, sizeof(answer->file));
}

/* Names memory without a file: code that a program made, or the kernel's own. */
static void name_region(const struct file_request *request, const struct mapping *mapping,
			struct file_answer *answer)
{
	answer->offset = request->address - mapping->start;
	snprintf(answer->file, sizeof(answer->file), "%.*s", (int)sizeof(answer->file) - 1,
		 *mapping->name ? mapping->name : "[jit]");
}

static void answer_request(struct opener *opener, const struct file_request *request,
			   struct file_answer *answer)
{
	const struct mapping *mapping;
	int err = request->kind == FILE_NAME_ADDRESS ?
			  find(opener, request->pid, request->address, &mapping) :
			  -EINVAL;

	/* A broken chain of frames often leads to data. */
	if (!err && !mapping->executable)
		err = -ENOENT;
	*answer = (struct file_answer){.outcome = err ? outcome_of(err) : FILE_FOUND};
	if (!err && mapping->inode)
		name_in_file(opener, request, mapping, answer);
	else if (!err)
		name_region(request, mapping, answer);
	answer->id = request->id;
	answer->parser = (uint32_t)opener->parser_pid;
	answer->spent_ns = opener->spent_ns;
	opener->spent_ns = 0;
}

void file_opener_serve(int socket)
{
	static struct opener opener;
	struct file_request request;
	struct file_answer answer;

	opener.parser_pid = file_parser_start(&opener.parser);
	if (opener.parser_pid < 0)
		return;
	while (!file_message_receive(socket, &request, sizeof(request), NULL)) {
		answer_request(&opener, &request, &answer);
		if (file_message_send(socket, &answer, sizeof(answer), -1) || opener.parser < 0)
			break;
	}
}
