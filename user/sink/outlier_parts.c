/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of the text about outliers and incidents: names, numbers, lists. */
#include "sink/outlier_parts.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"

#define NAME_LEN 1024	 /* of an escaped name; a cgroup's path is the longest */
#define LEAST_SHARE 0.01 /* a smaller share is written as less than this */

void outlier_print_moment(FILE *out, const struct dwell_outlier *outlier,
			  const struct outlier_clock *clock)
{
	char text[sizeof("23:59:60")];
	unsigned int ns;
	struct tm local;

	if (outlier_time(outlier, clock, &local, &ns) &&
	    strftime(text, sizeof(text), "%H:%M:%S", &local))
		fprintf(out, "%s.%03u ", text, ns / 1000000);
}

void outlier_print_duration(FILE *out, uint64_t ns)
{
	char text[TEXT_DURATION_LEN];

	fputs(text_duration(text, ns), out);
}

void outlier_print_share(FILE *out, double share)
{
	if (share > 0 && share < LEAST_SHARE)
		fputs("<1 %", out);
	else
		fprintf(out, "%.0f %%", 100 * share);
}

void outlier_print_name(FILE *out, const char *name, size_t length)
{
	char harmless[NAME_LEN];

	fputs(text_escape(harmless, sizeof(harmless), name, length), out);
}

void outlier_print_task(FILE *out, const char *comm, uint32_t pid, uint32_t tid)
{
	outlier_print_name(out, comm, DWELL_COMM_LEN);
	if (tid & DWELL_OUTSIDE)
		fputs("[outside]", out);
	else if (pid && pid != tid)
		fprintf(out, "[%" PRIu32 "/%" PRIu32 "]", pid, tid);
	else
		fprintf(out, "[%" PRIu32 "]", tid);
}

void outlier_print_culprit(FILE *out, const struct outlier_culprit *culprit)
{
	const char *more = culprit->tasks < OUTLIER_TASKS_MAX ? "" : " or more";

	if (culprit->tid) {
		outlier_print_task(out, culprit->comm, culprit->pid, culprit->tid);
		return;
	}
	outlier_print_name(out, culprit->comm, DWELL_COMM_LEN);
	if (culprit->pid && !(culprit->pid & DWELL_OUTSIDE))
		fprintf(out, "[%" PRIu32 "] (%" PRIu32 "%s threads)", culprit->pid, culprit->tasks,
			more);
	else
		fprintf(out, " (%" PRIu32 "%s tasks)", culprit->tasks, more);
}

void outlier_print_move(FILE *out, const struct outlier_wait *wait)
{
	if (wait->moved_from < 0)
		fputs("moved here from another CPU", out);
	else
		fprintf(out, "moved here from CPU %d", wait->moved_from);
}

void outlier_print_function(FILE *out, const struct explained_function *function)
{
	if (*function->name)
		outlier_print_name(out, function->name, sizeof(function->name));
	else
		fprintf(out, "0x%" PRIx64, function->address);
}

void outlier_print_cgroup(FILE *out, const struct explanation *explanation)
{
	uint64_t id = explanation->outlier->cgroup;

	if (*explanation->cgroup)
		outlier_print_name(out, explanation->cgroup, sizeof(explanation->cgroup));
	else if (id)
		fprintf(out, "#%" PRIu64, id);
	else
		fputs("its cgroup", out);
}

void outlier_print_syscall(FILE *out, const struct explanation *explanation)
{
	if (*explanation->syscall)
		outlier_print_name(out, explanation->syscall, sizeof(explanation->syscall));
	else
		fprintf(out, "system call %d", explanation->outlier->syscall);
}

void outlier_print_separator(FILE *out, const char **separator)
{
	fputs(*separator, out);
	*separator = ", ";
}

int outlier_print_whole(FILE *out, FILE *memory, char *const *text, const size_t *length)
{
	if (ferror(memory) | fclose(memory))
		return -ENOMEM;
	errno = 0;
	if (fwrite(*text, 1, *length, out) != *length)
		return errno ? -errno : -EIO;
	return 0;
}
