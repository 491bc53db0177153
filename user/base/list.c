/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists in options: values separated by commas. */
#include "base/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Returns the byte that the text at *@at stands for, and moves *@at behind that text. */
static char take_escaped(const char **at)
{
	const char *from = *at;

	if (from[0] == '\\' && (from[1] == ',' || from[1] == '\\')) {
		*at += 2;
		return from[1];
	}
	if (from[0] == '\\' && from[1] == 'x' && text_hex_digit(from[2]) >= 0 &&
	    text_hex_digit(from[3]) >= 0) {
		*at += 4;
		return (char)(text_hex_digit(from[2]) << 4 | text_hex_digit(from[3]));
	}
	*at += 1;
	return from[0];
}

int list_take(const char **list, bool escapes, char **item)
{
	const char *at = *list;
	/* Undoing escapes never makes a value longer. */
	char *to = *item = malloc(strlen(at) + 1);

	if (!to)
		return -ENOMEM;
	while (*at && *at != ',') {
		*to = escapes ? take_escaped(&at) : *at++;
		if (!*to++) {
			free(*item);
			*item = NULL;
			return -EINVAL;
		}
	}
	*to = '\0';
	/* Files have "a, b". Only the first name may begin with a blank; others need \x20. */
	*list = *at ? at + 1 + strspn(at + 1, " ") : NULL;
	return 0;
}
