/* SPDX-License-Identifier: GPL-2.0-only */
/* The parser: a process without any right, which reads the files that it is handed. */
#ifndef DWELL_HOST_FILE_PARSER_H
#define DWELL_HOST_FILE_PARSER_H

#include <sys/types.h>

/*
 * Starts a parser. It has no privilege, may use only a few system calls, little memory
 * and CPU time, opens nothing, and ends when the other end of its socket is
 * closed. It answers each struct file_request, which comes with the descriptor of
 * a file, with one struct file_answer. Returns its process id, and the caller closes *socket
 * and waits for the process; or a negative errno, and *socket is as it was.
 */
pid_t file_parser_start(int *socket);

/*
 * Has every system call that the parser does not need fail in this process from now on.
 * 0, also on a kernel that cannot filter them, or a negative errno.
 */
int file_parser_limit_calls(void);

#endif
