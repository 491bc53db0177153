/* SPDX-License-Identifier: GPL-2.0-only */
/* The opener: a process that opens what other processes have mapped, and reads none of it. */
#ifndef DWELL_HOST_FILE_OPENER_H
#define DWELL_HOST_FILE_OPENER_H

/*
 * Starts a parser, and answers each struct file_request on @socket with one struct
 * file_answer. It keeps the process's privileges, to read mappings and to open files for
 * the parser. A file system may keep it waiting for ever, so whoever asks must give up on
 * its own. Returns when the other end is closed or takes no answer, when no parser can be
 * started, and after it answered a request over which the parser died.
 */
void file_opener_serve(int socket);

#endif
