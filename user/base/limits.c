// SPDX-License-Identifier: GPL-2.0-only
/* Limits: how many files this process may have open. */
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

unsigned long limits_raise_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return ULONG_MAX;
	if (limit.rlim_cur < limit.rlim_max) {
		const struct rlimit most = {limit.rlim_max, limit.rlim_max};

		if (!setrlimit(RLIMIT_NOFILE, &most))
			limit = most;
	}
	return limit.rlim_cur;
}

int limits_try_files(unsigned int count)
{
	int *opened = calloc(count ?: 1, sizeof(*opened));
	unsigned int at;
	int err = 0;

	if (!opened)
		return -ENOMEM;
	for (at = 0; at < count; at++) {
		opened[at] = at ? fcntl(opened[0], F_DUPFD_CLOEXEC, 0) :
				  open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (opened[at] < 0) {
			err = -errno;
			break;
		}
	}
	while (at--)
		close(opened[at]);
	free(opened);
	return err;
}
