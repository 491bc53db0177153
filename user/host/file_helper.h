/* SPDX-License-Identifier: GPL-2.0-only */
/* The file helper: processes that read the files of others for dwell, which are hostile. */
#ifndef DWELL_HOST_FILE_HELPER_H
#define DWELL_HOST_FILE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/file_message.h"

/*
 * Three processes. The keeper (file_keeper.h) has the privileges to open files, but touches none:
 * it starts the opener, and another one when that hangs or died. The opener
 * (file_opener.h) opens files and reads none. The parser (file_parser.h) reads
 * them and has no privilege. dwell itself only sends questions and waits, never
 * for long; the answers are as little to be trusted as the files.
 */
struct file_helper;

/*
 * How long dwell waits: for one answer, and for all of them (then a tenth of
 * the time goes on). How often it starts anew what died (then once a minute).
 */
#define FILE_HELPER_ANSWER_MS 1000
#define FILE_HELPER_ALL_MS 3000
#define FILE_HELPER_RESTARTS 8

/*
 * Starts the helper, which keeps of this process's capabilities those that open
 * the files of others, and nothing else of it. Call it while there is one thread,
 * before privileges are given up. 0, and the caller ends it with file_helper_stop(),
 * which also takes NULL; or a negative errno, and *helper is NULL.
 */
int file_helper_start(struct file_helper **helper);
void file_helper_stop(struct file_helper *helper);

/*
 * Asks what is at @address of process @pid (FILE_NAME_ADDRESS), and waits for the
 * answer for FILE_HELPER_ANSWER_MS at most. *answer is always filled in: its
 * strings end, and hold any bytes. What cannot be told, its outcome says; without
 * a helper (NULL) that is FILE_HELPER. False: this very question took a quarter of
 * that time or more, or the helper died over it.
 */
bool file_helper_name(struct file_helper *helper, uint32_t pid, uint64_t address,
		      struct file_answer *answer);

/* Whether @answer is that there was none: the helper took too long, or died. */
bool file_helper_failed(const struct file_answer *answer);

/* Bytes of memory that only the helper's processes have now. 0: none runs, or without /proc. */
uint64_t file_helper_resident_bytes(const struct file_helper *helper);

/*
 * CPU time in ns of the helper's processes so far, as well as it is known also of those that
 * have ended; it may fall by a little when one ends. 0 without a helper.
 */
uint64_t file_helper_cpu_ns(const struct file_helper *helper);

/* Whether process @pid is one of the helper's that run. False without a helper (NULL). */
bool file_helper_is(const struct file_helper *helper, uint32_t pid);

#endif
