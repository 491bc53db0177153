/* SPDX-License-Identifier: GPL-2.0-only */
/* Mapped files: opens the very file that a process has mapped, wherever it is by now. */
#ifndef DWELL_HOST_MAPPED_FILE_H
#define DWELL_HOST_MAPPED_FILE_H

#include <stdint.h>

#include "host/mapping.h"

/*
 * Opens the file of @mapping of process @pid for reading: the one that is mapped,
 * though it was deleted, replaced or is seen in another mount namespace only.
 * Never a FIFO or a device, and never a file that merely has its name now. Of
 * other users' processes it takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; without
 * CAP_CHECKPOINT_RESTORE, a file that has no name any more is not found. A file
 * system may let this wait for ever.
 *
 * Returns a descriptor, which the caller closes. -ESTALE: the file that is mapped has no
 * name any more, or its name is another file's now, or the process is gone; -ENOEXEC: it is
 * no regular file, or one of /proc, /sys or huge pages; -EACCES: it may not be opened, or
 * the process may not be looked at; another negative errno.
 */
int mapped_file_open(uint32_t pid, const struct mapping *mapping);

#endif
