// SPDX-License-Identifier: GPL-2.0-only
/* Labels: the names of comms and cgroups for machines, which keep them for years. */
#include "export/label.h"

#include <stdio.h>

#include "base/text.h"

char *label_write(char label[LABEL_LEN], const char *name, size_t length)
{
	int begun = 0;

	label[0] = '\0';
	if (length && name[0] == LABEL_OWN[0])
		begun = snprintf(label, LABEL_LEN, "\\x%02x", LABEL_OWN[0]);
	text_escape(label + begun, LABEL_LEN - begun, name + !!begun, length - !!begun);
	return label;
}
