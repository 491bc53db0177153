/* SPDX-License-Identifier: GPL-2.0-only */
/* Proc files: what /proc says of a process, as text. */
#ifndef DWELL_HOST_PROC_FILE_H
#define DWELL_HOST_PROC_FILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reads the file @name of process @pid into @text, cut to @size bytes with the NUL behind it. It
 * may hold any bytes. 0; or a negative errno, and @text is "".
 */
int proc_file_read(uint32_t pid, const char *name, char *text, size_t size);

/*
 * Reads the name of process @pid into @comm, cut to @size. It may hold any bytes, line feeds too. 0;
 * or a negative errno, and @comm is "".
 */
int proc_file_comm(uint32_t pid, char *comm, size_t size);

#endif
