/* SPDX-License-Identifier: GPL-2.0-only */
/* Options: what dwell was asked to do. */
#include "options/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options/table.h"

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

static bool same_cgroups(const struct options *one, const struct options *other)
{
	if (one->nr_cgroups != other->nr_cgroups)
		return false;
	for (unsigned int i = 0; i < one->nr_cgroups; i++)
		if (strcmp(one->cgroups[i], other->cgroups[i]) != 0)
			return false;
	return true;
}

bool options_need_restart(const struct options *running, const struct options *fresh)
{
	for (size_t i = 0; i < option_specs_count; i++) {
		const struct option_spec *option = &option_specs[i];
		const struct option_value *value = option_value(option, COMMAND_DAEMON);

		if (option_in_file(option) && !option->reloadable &&
		    memcmp((const char *)running + value->offset,
			   (const char *)fresh + value->offset, value->size) != 0)
			return true;
	}
	/* Their row's field is how many there are. */
	return !same_cgroups(running, fresh);
}
