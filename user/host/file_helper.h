/* SPDX-License-Identifier: GPL-2.0-only */
/* The file helper: processes that read the possibly hostile files of others for dwell. */
#ifndef DWELL_HOST_FILE_HELPER_H
#define DWELL_HOST_FILE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/file_message.h"

/*
 * The helper consists of three processes. The keeper (file_keeper.h) has the privileges to
 * open files, but touches none. It starts the opener, and replaces one that hangs or died.
 * The opener (file_opener.h) opens files and reads none. The parser (file_parser.h) reads
 * files and has no privilege. dwell itself only sends questions and waits for a short
 * time. It trusts the answers as little as the files.
 */
struct file_helper;

/*
 * ANSWER: the longest wait for one answer. ALL: the longest wait for all answers, which
 * regrows by a tenth of the time that passes. RESTARTS: how often the opener is replaced;
 * one more is allowed each minute.
 */
#define FILE_HELPER_ANSWER_MS 1000
#define FILE_HELPER_ALL_MS 3000
#define FILE_HELPER_RESTARTS 8

/*
 * Starts the helper. Of this process it keeps only the capabilities that open the files of
 * others. Call it while there is one thread, before privileges are given up. 0, and the
 * caller ends it with file_helper_stop(), which also takes NULL; or a negative errno, and
 * *helper is NULL.
 */
int file_helper_start(struct file_helper **helper);
void file_helper_stop(struct file_helper *helper);

/*
 * Asks for the function at @address of process @pid (FILE_NAME_ADDRESS), and waits at most
 * FILE_HELPER_ANSWER_MS for the answer. Replacing a dead opener may take another second.
 * *answer is always filled in: its outcome says why something is not known, and its
 * strings end but may hold any bytes. Without a helper (NULL) the outcome is FILE_HELPER.
 * False: this question took a quarter of FILE_HELPER_ANSWER_MS or more, or it failed.
 */
bool file_helper_name(struct file_helper *helper, uint32_t pid, uint64_t address,
		      struct file_answer *answer);

/* Whether @answer stands for a missing one: the helper took too long, or died. */
bool file_helper_failed(const struct file_answer *answer);

/*
 * Bytes of resident memory of the helper's processes, without pages of files. 0: no process
 * runs, or there is no /proc.
 */
uint64_t file_helper_resident_bytes(const struct file_helper *helper);

/*
 * CPU time in ns of the helper's processes so far. Of those that have ended it is an
 * estimate, so the sum may fall by a little when one ends. 0 without a helper (NULL).
 */
uint64_t file_helper_cpu_ns(const struct file_helper *helper);

/* Whether @pid is a running process of the helper. False without a helper (NULL). */
bool file_helper_is(const struct file_helper *helper, uint32_t pid);

#endif
