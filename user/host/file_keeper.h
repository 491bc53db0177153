/* SPDX-License-Identifier: GPL-2.0-only */
/* The keeper: a process that keeps the privileges to open files, touches none, and starts openers. */
#ifndef DWELL_HOST_FILE_KEEPER_H
#define DWELL_HOST_FILE_KEEPER_H

#include <stdint.h>

/* Its answer: an opener was started, whose socket comes along, or why there is none. */
struct file_keeper_started {
	int32_t pid; /* of the opener, or a negative errno */
};

/*
 * Makes this process the keeper, which ends when the other end of @socket is closed: for each
 * byte that comes it kills the opener that there is, starts another one, and answers with a
 * struct file_keeper_started. It gives up all other privileges, closes all other descriptors
 * and ignores the signals that end dwell.
 */
void file_keeper_run(int socket) __attribute__((noreturn));

#endif
