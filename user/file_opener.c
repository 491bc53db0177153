// SPDX-License-Identifier: GPL-2.0-only
/* The opener: a process that opens what other processes have mapped, and reads none of it. */
#include "file_opener.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file_message.h"
#include "file_parser.h"
#include "mapped_file.h"
#include "mapping.h"

/* The mappings found last: the functions of a stack are in few, and are asked for at once. */
#define MAPPINGS 16
#define FRESH_NS 1000000000LL

struct found {
	uint32_t pid; /* 0: this place is free */
	int64_t at;   /* mono */
	struct mapping mapping;
};

struct opener {
	int parser; /* socket */
	pid_t parser_pid;
	struct found found[MAPPINGS];
	unsigned int next;
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

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

/* As mapping_find(). *mapping is valid until the next call. */
static int find(struct opener *opener, uint32_t pid, uint64_t address,
		const struct mapping **mapping)
{
	const int64_t time = now();
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

/* What the parser says of @offset in the file @fd. 0, or why it says nothing. */
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

/* Why the parser is no more. */
static uint32_t parser_end(struct opener *opener)
{
	int status = 0;

	if (opener->parser_pid < 0)
		return FILE_HELPER;
	close(opener->parser);
	opener->parser = -1;
	kill(opener->parser_pid, SIGKILL);
	waitpid(opener->parser_pid, &status, 0);
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGXCPU))
		return FILE_TOO_SLOW;
	return FILE_HELPER;
}

/* Has another parser in the place of one that somebody ended since the last question. */
static void revive_parser(struct opener *opener)
{
	struct pollfd state = {.fd = opener->parser};

	if (poll(&state, 1, 0) <= 0)
		return;
	parser_end(opener);
	opener->parser_pid = file_parser_start(&opener->parser);
}

static void name_in_file(struct opener *opener, const struct file_request *request,
			 const struct mapping *mapping, struct file_answer *answer)
{
	const uint64_t offset = request->address - mapping->start + mapping->offset;
	int fd = mapped_file_open(request->pid, mapping), err;

	if (fd < 0) {
		answer->outcome = outcome_of(fd);
	} else {
		revive_parser(opener);
		err = ask_parser(opener, request, offset, fd, answer);
		close(fd);
		if (err) {
			*answer = (struct file_answer){.outcome = parser_end(opener)};
			return;
		}
	}
	mapping_file_name(mapping, answer->file, sizeof(answer->file));
}

/* Memory without a file: code that a program made, or the kernel's own. */
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

	/* What a broken chain of frames leads to is often data. */
	if (!err && !mapping->executable)
		err = -ENOENT;
	*answer = (struct file_answer){.outcome = err ? outcome_of(err) : FILE_FOUND};
	if (!err && mapping->inode)
		name_in_file(opener, request, mapping, answer);
	else if (!err)
		name_region(request, mapping, answer);
	answer->id = request->id;
	answer->parser = (uint32_t)opener->parser_pid;
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
