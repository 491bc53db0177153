/* SPDX-License-Identifier: GPL-2.0-only */
/* The documents that gendocs makes from the table of options, on its standard output. */
#ifndef DWELL_DOCS_GENDOCS_H
#define DWELL_DOCS_GENDOCS_H

#include <stdio.h>

/*
 * Writes the manual: the template @in, which the caller closes, with its markers filled in. Each
 * marker for a list must be there once; @VERSION@ may be there any number of lines. 0; -EINVAL:
 * a marker is missing or repeated, which has been said on stderr. Failed writes show in the
 * error flag of stdout.
 */
int man_write(FILE *in);

/* Writes the completion for bash. Failed writes show in the error flag of stdout. */
void completion_write(void);

#endif
