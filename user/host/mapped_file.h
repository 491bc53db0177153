/* SPDX-License-Identifier: GPL-2.0-only */
/* Mapped files: opens the very file that a process has mapped, wherever that is by now. */
#ifndef DWELL_HOST_MAPPED_FILE_H
#define DWELL_HOST_MAPPED_FILE_H

#include <stdint.h>

#include "host/mapping.h"

/*
 * Opens the file of @mapping of process @pid for reading. It opens the mapped file itself,
 * even if that was deleted, replaced, or is in another mount namespace. It never opens a
 * FIFO, a device, or a file that merely has the same name now. For other users' processes
 * it needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH. Without CAP_CHECKPOINT_RESTORE it does
 * not find a file that has lost its name. A file system may keep it waiting for ever.
 *
 * Returns a descriptor, which the caller closes. -ESTALE: the mapped file has lost its
 * name, or another file has that name now, or the process is gone; -ENOEXEC: not a regular
 * file, or one of /proc, /sys or huge pages; -EACCES: the file or the process may not be
 * read; another negative errno.
 */
int mapped_file_open(uint32_t pid, const struct mapping *mapping);

#endif
