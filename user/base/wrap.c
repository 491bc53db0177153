// SPDX-License-Identifier: GPL-2.0-only
/* Wrapping: text for people, broken at blanks to fit a terminal. */
#include "base/wrap.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define WORD_LEN 1024

/* Columns of the @length bytes at @text, which are a word of a line. */
static size_t columns_of(const char *text, size_t length)
{
	char word[WORD_LEN];

	snprintf(word, sizeof(word), "%.*s", (int)length, text);
	return text_columns(word);
}

void wrap_put(FILE *out, const char *text, size_t column, const char *lead)
{
	bool first = true;

	while (*text) {
		const size_t length = strcspn(text, " ");
		const size_t columns = columns_of(text, length);

		if (!first && column + 1 + columns > WRAP_WIDTH) {
			fprintf(out, "\n%s", lead);
			column = strlen(lead);
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, length, out);
		column += columns;
		text += length;
		text += strspn(text, " ");
		first = false;
	}
	fputc('\n', out);
}
