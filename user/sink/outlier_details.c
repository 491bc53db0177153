/* SPDX-License-Identifier: GPL-2.0-only */
/* The details of an outlier as text: indented lines below the outlier's own line. */
#include "sink/outlier_details.h"

#include <inttypes.h>
#include <string.h>

#include "base/saturate.h"
#include "sink/outlier_parts.h"
#include "sink/stack_text.h"

#define INDENT "    "

static void put_limits(FILE *out, const struct explanation *explanation)
{
	const struct dwell_outlier *outlier = explanation->outlier;

	fputs(INDENT "threshold ", out);
	outlier_print_duration(out, outlier->threshold);
	if (outlier->samples) {
		fputs(", typical ", out);
		outlier_print_duration(out, outlier->typical);
		fprintf(out, " of %" PRIu64, (uint64_t)outlier->samples);
	}
	fputc('\n', out);
	if (!outlier->cgroup)
		return;
	fputs(INDENT "cgroup ", out);
	outlier_print_cgroup(out, explanation);
	fputc('\n', out);
}

/* Lists the kinds of its parts, so that whoever counts outliers does not count them twice. */
static void put_parts(FILE *out, const struct dwell_outlier *outlier)
{
	const char *separator = INDENT "contains what was told before as ", *previous = "";

	for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
		if (!(outlier->contains & (1U << i)) || !strcmp(previous, outlier_kind(i)))
			continue;
		previous = outlier_kind(i);
		outlier_print_separator(out, &separator);
		fputs(previous, out);
	}
	if (outlier->contains)
		fputc('\n', out);
}

/* Writes " 12ms 50 %" and ends the line. */
static void put_part(FILE *out, uint64_t ns, double share)
{
	fputc(' ', out);
	outlier_print_duration(out, ns);
	fputc(' ', out);
	outlier_print_share(out, share);
	fputc('\n', out);
}

static void put_lump(FILE *out, const struct outlier_wait *wait, const char *what, double share)
{
	if (share <= OUTLIER_SEEN_SHARE)
		return;
	fprintf(out, INDENT INDENT "%s", what);
	put_part(out, saturating_round(share * (double)wait->ns), share);
}

static void put_wait(FILE *out, const struct outlier_wait *wait)
{
	if (!wait->ns)
		return;
	fputs(INDENT "of ", out);
	outlier_print_duration(out, wait->ns);
	fputs(" that it waited for a CPU:\n", out);
	for (size_t i = 0; i < wait->count; i++) {
		fputs(INDENT INDENT, out);
		outlier_print_culprit(out, &wait->culprit[i]);
		fputs(" had", out);
		put_part(out, wait->culprit[i].ns, wait->culprit[i].share);
	}
	put_lump(out, wait, "other tasks", wait->others_share);
	put_lump(out, wait, "idle", wait->idle_share);
	put_lump(out, wait, "not seen", wait->unseen_share);
	if (wait->moved) {
		fputs(INDENT INDENT, out);
		outlier_print_move(out, wait);
		fputc('\n', out);
	}
}

static void put_callback(FILE *out, const struct explained_function *callback)
{
	if (!callback->address)
		return;
	fputs(INDENT "callback ", out);
	outlier_print_function(out, callback);
	fputc('\n', out);
}

static void put_block(FILE *out, const struct explanation *explanation)
{
	const struct naming *naming = explanation->naming;
	int syscall = explanation->outlier->syscall;

	if (explanation->outlier->measure != DWELL_BLOCKED)
		return;
	if (syscall != DWELL_NO_SYSCALL) {
		fputs(INDENT "in ", out);
		outlier_print_syscall(out, explanation);
		fprintf(out, " (%d)\n", syscall);
	}
	stack_print(out, &explanation->blocked_at, naming, INDENT, "blocked at");
	stack_print(out, &explanation->called_from, naming, INDENT, "called from");
	stack_print(out, &explanation->woken_from, naming, INDENT, "woken from");
}

void outlier_print_details(FILE *out, const struct explanation *explanation)
{
	put_limits(out, explanation);
	put_parts(out, explanation->outlier);
	put_wait(out, &explanation->wait);
	put_callback(out, &explanation->callback);
	put_block(out, explanation);
}
