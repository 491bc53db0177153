/* SPDX-License-Identifier: GPL-2.0-only */
/* The opener: a process that opens what other processes have mapped, and reads none of it. */
#ifndef DWELL_HOST_FILE_OPENER_H
#define DWELL_HOST_FILE_OPENER_H

/*
 * Starts a parser and then serves: each struct file_request that comes on @socket
 * is answered with one struct file_answer. It keeps what privileges it has, and
 * uses them to look at mappings and to open files, which it hands to the parser.
 * A file system may keep it waiting for ever: whoever asks must give up by himself.
 * Returns when the other end is closed or takes no answer, when no parser can be started,
 * and after the answer to a question over which the parser died.
 */
void file_opener_serve(int socket);

#endif
