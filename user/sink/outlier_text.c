/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as text: one line that names the culprit, and details below it. */
#include "sink/outlier_text.h"

#include <errno.h>

#include "base/cleanup.h"
#include "sink/outlier_cause.h"
#include "sink/outlier_details.h"
#include "sink/outlier_parts.h"

/*
 * Writes what is known of the task's usual intervals and of this one's past: "(typical 40us,
 * told at 5.0s)".
 */
static void put_known(FILE *out, const struct dwell_outlier *outlier)
{
	bool told = outlier->open && outlier->told;

	if (!outlier->samples && !told)
		return;
	fputs(" (", out);
	if (outlier->samples) {
		fputs("typical ", out);
		outlier_print_duration(out, outlier->typical);
	}
	if (told) {
		fputs(outlier->samples ? ", told at " : "told at ", out);
		outlier_print_duration(out, outlier->told);
	}
	fputc(')', out);
}

/* Writes the kind and "24ms (typical 40us)"; an interval that goes on is marked as open first. */
static void put_what(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;

	fprintf(out, outlier->open ? "open: %s for " : "%s ", explanation->what);
	outlier_print_duration(out, outlier->ns);
	if (outlier->open)
		fputs(" and still is", out);
	put_known(out, outlier);
	fputc(' ', out);
}

int outlier_print(FILE *out, const struct explanation *explanation,
		  const struct outlier_clock *clock, bool details)
{
	auto_free char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return -ENOMEM;
	outlier_print_moment(memory, explanation->outlier, clock);
	put_what(memory, explanation);
	outlier_print_cause(memory, explanation);
	fputc('\n', memory);
	if (details)
		outlier_print_details(memory, explanation);
	return outlier_print_whole(out, memory, &text, &length);
}
