/* SPDX-License-Identifier: GPL-2.0-only */
/* What gendocs makes from the table of options, on its standard output. */
#ifndef DWELL_DOCS_GENDOCS_H
#define DWELL_DOCS_GENDOCS_H

#include <stdio.h>

/*
 * Writes the manual: the template @in, filled in. Each marker must be there once. 0, or -EINVAL,
 * which one was not having been said on stderr.
 */
int man_write(FILE *in);

/* Writes the completion for bash. */
void completion_write(void);

#endif
