/* SPDX-License-Identifier: GPL-2.0-only */
/* Options: what dwell was asked to do. */
#include "options/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void options_clear(struct options *options)
{
	while (options->nr_cgroups)
		free(options->cgroups[--options->nr_cgroups]);
}

int options_copy(const struct options *from, struct options *to)
{
	*to = *from;
	for (to->nr_cgroups = 0; to->nr_cgroups < from->nr_cgroups; to->nr_cgroups++) {
		to->cgroups[to->nr_cgroups] = strdup(from->cgroups[to->nr_cgroups]);
		if (!to->cgroups[to->nr_cgroups])
			return -ENOMEM;
	}
	return 0;
}
