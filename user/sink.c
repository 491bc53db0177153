/* SPDX-License-Identifier: GPL-2.0-only */
/* What all sinks do alike: bring what they wrote to its end. */
#include <errno.h>

#include "sink.h"

int sink_flush(FILE *out)
{
	errno = 0;
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}
