/* SPDX-License-Identifier: GPL-2.0-only */
/* The keeper: a process that keeps the privileges to open files, touches none, and starts openers. */
#ifndef DWELL_HOST_FILE_KEEPER_H
#define DWELL_HOST_FILE_KEEPER_H

#include <stdint.h>

/* The keeper's answer. If an opener was started, a descriptor of its socket comes along. */
struct file_keeper_started {
	int32_t pid; /* of the opener, or a negative errno: why there is none */
};

/*
 * Makes this process the keeper. For each byte on @socket it kills the old opener, starts
 * another one, and answers with a struct file_keeper_started. It ends when the other end
 * is closed. It gives up all privileges but those to open files, closes all descriptors
 * but @socket, and ignores the signals that end dwell.
 */
void file_keeper_run(int socket) __attribute__((noreturn));

#endif
