/* SPDX-License-Identifier: GPL-2.0-only */
/* The parser: a process without any privilege that reads the files it is handed. */
#ifndef DWELL_HOST_FILE_PARSER_H
#define DWELL_HOST_FILE_PARSER_H

#include <sys/types.h>

/*
 * Starts a parser. It has no privilege, few system calls, little memory and CPU time, and
 * opens nothing. It answers each struct file_request that comes with a file's descriptor
 * with one struct file_answer. It ends when the other end of its socket is closed. Returns
 * its process id, and the caller closes *socket and waits for the process; or a negative
 * errno, and *socket is unchanged.
 */
pid_t file_parser_start(int *socket);

/*
 * From now on only the system calls that the parser needs succeed in this process.
 * 0, also on a kernel that cannot filter them, or a negative errno.
 */
int file_parser_limit_calls(void);

#endif
