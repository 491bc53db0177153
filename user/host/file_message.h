/* SPDX-License-Identifier: GPL-2.0-only */
/* File messages: requests and answers between dwell and the file helper's processes. */
#ifndef DWELL_HOST_FILE_MESSAGE_H
#define DWELL_HOST_FILE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kinds of requests. */
enum file_kind {
	FILE_NAME_ADDRESS = 1, /* the function at an address of a process */
};

/* Outcomes of a request: name for machines, text for people. */
#define FILE_OUTCOME_LIST(X)                                                         \
	X(FOUND, "found", "found")                                                   \
	X(UNMAPPED, "unmapped", "no code is mapped there")                           \
	X(EXITED, "exited", "the process had exited")                                \
	X(FORBIDDEN, "forbidden", "the process or its file may not be read")         \
	X(REPLACED, "replaced", "the file was replaced or deleted")                  \
	X(UNREADABLE, "unreadable", "the file is no ELF file, or damaged")           \
	X(TOO_LARGE, "too_large", "the file or its table of functions is too large") \
	X(TOO_SLOW, "too_slow", "reading files took too long")                       \
	X(HELPER, "helper", "the process that reads files was gone")

enum file_outcome {
#define X(id, name, text) FILE_##id,
	FILE_OUTCOME_LIST(X)
#undef X
		FILE_OUTCOMES
};

/* A request to the opener, or with a file's descriptor, to the parser. */
struct file_request {
	uint64_t id;
	uint32_t kind;	  /* enum file_kind */
	uint32_t pid;	  /* process that @address is in */
	uint64_t address; /* to the parser: offset in the file, in bytes */
};

/* Bytes of names with their NUL: longer names are cut. */
#define FILE_FUNCTION_LEN 512
#define FILE_NAME_LEN 256

struct file_answer {
	uint64_t id;	   /* the request's */
	uint32_t outcome;  /* enum file_outcome */
	uint32_t parser;   /* process id of the parser */
	uint32_t is_file;  /* 1: @file names a file; 0: a region of memory */
	uint64_t spent_ns; /* CPU time of parsers that ended since the last answer */
	uint64_t offset; /* of the address; bytes from where the file or region begins in memory */
	/* Name of the file, even an unreadable one, or of the region ("[vdso]"); "": unknown. */
	char file[FILE_NAME_LEN];
	char function[FILE_FUNCTION_LEN]; /* "": unknown */
};

/*
 * Sends @message of @size bytes, with a copy of @fd (-1: none), without waiting for room.
 * The caller keeps @fd. 0; -EAGAIN: there is no room; another negative errno.
 */
int file_message_send(int socket, const void *message, size_t size, int fd);

/*
 * Waits for one message of exactly @size bytes. A descriptor that comes along is put into
 * *fd, and the caller closes it; *fd is -1 if none came. With a NULL @fd none is taken. 0;
 * -EPIPE: the other end is closed; -EPROTO: a message of another size came; another
 * negative errno.
 */
int file_message_receive(int socket, void *message, size_t size, int *fd);

/*
 * Does what file_message_receive() does, but waits for @ms milliseconds at most, then
 * returns -ETIMEDOUT and leaves *fd unchanged.
 */
int file_message_await(int socket, void *message, size_t size, int *fd, int ms);

/*
 * Closes all descriptors but @kept and the three standard ones. Those lead to /dev/null
 * afterwards, or are closed if it cannot be opened. Ends the process if it fails.
 */
void file_message_close_others(int kept);

#endif
