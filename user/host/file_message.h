/* SPDX-License-Identifier: GPL-2.0-only */
/* File messages: what dwell and the helper that reads programs' files say to each other. */
#ifndef DWELL_HOST_FILE_MESSAGE_H
#define DWELL_HOST_FILE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What is asked for. */
enum file_kind {
	FILE_NAME_ADDRESS = 1, /* the function at an address of a process */
};

/* How it went. What each means to a reader: name for machines, text for people. */
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

/* To the opener: @address is one of process @pid. To the parser: bytes of the file sent along. */
struct file_request {
	uint64_t id;
	uint32_t kind; /* enum file_kind */
	uint32_t pid;
	uint64_t address;
};

/* A longer name is cut. */
#define FILE_FUNCTION_LEN 512
#define FILE_NAME_LEN 256

struct file_answer {
	uint64_t id;	   /* the request's */
	uint32_t outcome;  /* enum file_outcome */
	uint32_t parser;   /* process id of the parser */
	uint32_t is_file;  /* 1: @file is a file's; 0: a region of memory's */
	uint64_t spent_ns; /* CPU time of parsers that ended since the last answer */
	uint64_t offset; /* of the address: bytes from where the file, or the region, begins in memory */
	/* The file's name, also if it could not be read; the region's, such as "[vdso]". */
	char file[FILE_NAME_LEN];
	char function[FILE_FUNCTION_LEN]; /* "": none is known */
};

/*
 * Sends @message, and @fd along with it (-1: none), without waiting for room. The
 * descriptor stays the caller's too. 0; -EAGAIN: there is no room; another negative errno.
 */
int file_message_send(int socket, const void *message, size_t size, int fd);

/*
 * Waits for one message of exactly @size bytes, and takes a descriptor with it
 * into *fd, which the caller closes (-1: none came; NULL: none is taken). 0; -EPIPE: the
 * other end is closed; -EPROTO: something else came; another negative errno.
 */
int file_message_receive(int socket, void *message, size_t size, int *fd);

/*
 * Waits like file_message_receive(), but for @ms milliseconds at most: then it returns
 * -ETIMEDOUT, and *fd is as it was.
 */
int file_message_await(int socket, void *message, size_t size, int *fd, int ms);

/*
 * Closes all descriptors but @kept and the three standard ones, which lead nowhere
 * then. Ends the process if it cannot.
 */
void file_message_close_others(int kept);

#endif
