/* SPDX-License-Identifier: GPL-2.0-only */
/* An outlier as text: one line that says whose fault it is, and its details beneath. */
#include "sink/outlier_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/saturate.h"
#include "base/text.h"
#include "findings/stack.h"
#include "sink/stack_text.h"

#define NAME_LEN 1024	/* of a name made harmless; a cgroup's path is the longest */
#define LINE_SHARE 0.01 /* a smaller one tells a person nothing */
#define INDENT "    "

/* What is being written, and what for. */
struct writer {
	FILE *out;
	const struct dwell_outlier *outlier;
	const struct naming *naming;
};

/* ---- words ---------------------------------------------------------------- */

void outlier_print_name(FILE *out, const char *name, size_t length)
{
	char harmless[NAME_LEN];

	fputs(text_escape(harmless, sizeof(harmless), name, length), out);
}

static void put_name(const struct writer *writer, const char *name, size_t length)
{
	outlier_print_name(writer->out, name, length);
}

static void put_duration(const struct writer *writer, uint64_t ns)
{
	char text[TEXT_DURATION_LEN];

	fputs(text_duration(text, ns), writer->out);
}

/* "name[pid/tid]", "name[tid]" of a process's first thread, "[tid]" without a name. */
void outlier_print_task(FILE *out, const char *comm, uint32_t pid, uint32_t tid)
{
	if (comm)
		outlier_print_name(out, comm, DWELL_COMM_LEN);
	if (tid & DWELL_OUTSIDE)
		fputs("[outside]", out);
	else if (pid && pid != tid)
		fprintf(out, "[%" PRIu32 "/%" PRIu32 "]", pid, tid);
	else
		fprintf(out, "[%" PRIu32 "]", tid);
}

static void put_task(const struct writer *writer, const char *comm, uint32_t pid, uint32_t tid)
{
	outlier_print_task(writer->out, comm, pid, tid);
}

static void put_named_task(const struct writer *writer, uint32_t pid, uint32_t tid)
{
	put_task(writer, naming_comm(writer->naming, pid, tid), pid, tid);
}

/* "hog[4800]", "nginx[812] (4 threads)", "hackbench (40 tasks)". */
void outlier_print_culprit(FILE *out, const struct outlier_culprit *culprit,
			   const struct naming *naming)
{
	const char *more = culprit->tasks < OUTLIER_TASKS_MAX ? "" : " or more";

	if (culprit->tid) {
		outlier_print_task(out, outlier_culprit_comm(naming, culprit), culprit->pid,
				   culprit->tid);
		return;
	}
	outlier_print_name(out, culprit->comm, DWELL_COMM_LEN);
	if (culprit->pid && !(culprit->pid & DWELL_OUTSIDE))
		fprintf(out, "[%" PRIu32 "] (%" PRIu32 "%s threads)", culprit->pid, culprit->tasks,
			more);
	else
		fprintf(out, " (%" PRIu32 "%s tasks)", culprit->tasks, more);
}

static void put_culprit(const struct writer *writer, const struct outlier_culprit *culprit)
{
	outlier_print_culprit(writer->out, culprit, writer->naming);
}

static void put_self(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;

	put_task(writer, outlier->comm, outlier->pid, outlier->tid);
}

static void put_function(const struct writer *writer, uint64_t address)
{
	const char *name = naming_function(writer->naming, address);

	if (name)
		put_name(writer, name, strlen(name));
	else
		fprintf(writer->out, "0x%" PRIx64, address);
}

static void put_cgroup(const struct writer *writer)
{
	uint64_t id = writer->outlier->cgroup;
	const char *path = naming_cgroup(writer->naming, id);

	if (path)
		put_name(writer, path, strlen(path));
	else if (id)
		fprintf(writer->out, "#%" PRIu64, id);
	else
		fputs("its cgroup", writer->out);
}

static void put_syscall(const struct writer *writer)
{
	int number = writer->outlier->syscall;
	const char *name = naming_syscall(writer->naming, number);

	if (name)
		put_name(writer, name, strlen(name));
	else
		fprintf(writer->out, "system call %d", number);
}

void outlier_print_share(FILE *out, double share)
{
	if (share > 0 && share < LINE_SHARE)
		fputs("<1 %", out);
	else
		fprintf(out, "%.0f %%", 100 * share);
}

static void put_share(const struct writer *writer, double share)
{
	outlier_print_share(writer->out, share);
}

/* What the timer is: by the call that arms such, else by its callback. */
static void put_timer(const struct writer *writer)
{
	uint64_t address = writer->outlier->function;
	char text[TIMER_API_LEN];
	const char *api = outlier_api(writer->outlier, writer->naming, text);

	if (api)
		fputs(api, writer->out);
	else if (address)
		put_function(writer, address);
	else
		fputs("timer", writer->out);
}

/* ---- the line ------------------------------------------------------------- */

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

/* "(typical 40us, told at 5.0s)": what is known of others like it, and of itself. */
static void put_known(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;
	bool told = outlier->open && outlier->told;

	if (!outlier->samples && !told)
		return;
	fputs(" (", writer->out);
	if (outlier->samples) {
		fputs("typical ", writer->out);
		put_duration(writer, outlier->typical);
	}
	if (told) {
		fputs(outlier->samples ? ", told at " : "told at ", writer->out);
		put_duration(writer, outlier->told);
	}
	fputc(')', writer->out);
}

/* "24ms (typical 40us)" with its kind; what is still going on says so first. */
static void put_what(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;

	if (outlier->open)
		fprintf(writer->out, "open: %s for ", outlier_what(outlier));
	else
		fprintf(writer->out, "%s ", outlier_what(outlier));
	put_duration(writer, outlier->ns);
	if (outlier->open)
		fputs(" and still is", writer->out);
	put_known(writer);
	fputc(' ', writer->out);
}

/* Writes what comes between the parts of a list: @first before the first one. */
static void put_separator(const struct writer *writer, const char **separator)
{
	fputs(*separator, writer->out);
	*separator = ", ";
}

static void put_lump(const struct writer *writer, const char **separator, const char *what,
		     double share)
{
	if (share < LINE_SHARE)
		return;
	put_separator(writer, separator);
	fprintf(writer->out, "%s ", what);
	put_share(writer, share);
}

static void put_move(const struct writer *writer, const struct outlier_wait *wait)
{
	if (wait->moved_from < 0)
		fputs("moved here from another CPU", writer->out);
	else
		fprintf(writer->out, "moved here from CPU %d", wait->moved_from);
}

/* "hog[4800] had 51 %, hog2[4801] 48 %", and who else, behind @separator. */
static void put_culprits(const struct writer *writer, const char *separator)
{
	struct outlier_wait wait;
	const char *had = " had ";

	if (!outlier_wait(writer->outlier, &wait))
		return;
	for (size_t i = 0; i < wait.count && wait.culprit[i].share >= LINE_SHARE; i++) {
		put_separator(writer, &separator);
		put_culprit(writer, &wait.culprit[i]);
		fputs(had, writer->out);
		put_share(writer, wait.culprit[i].share);
		had = " ";
	}
	put_lump(writer, &separator, "others", wait.others_share);
	put_lump(writer, &separator, "idle", wait.idle_share);
	put_lump(writer, &separator, "not seen", wait.unseen_share);
	if (wait.moved) {
		put_separator(writer, &separator);
		put_move(writer, &wait);
	}
}

static void put_cpu(const struct writer *writer)
{
	fprintf(writer->out, " on CPU %" PRIu32, writer->outlier->cpu);
}

static void put_runqueue(const struct writer *writer)
{
	put_self(writer);
	put_cpu(writer);
	fputs(writer->outlier->measure == DWELL_WOKEN ? ", woken" : ", preempted", writer->out);
	put_culprits(writer, ": ");
}

static void put_throttled(const struct writer *writer)
{
	double quota = naming_quota(writer->naming, writer->outlier->cgroup);

	put_self(writer);
	put_cpu(writer);
	fputs(quota > 0 ? ": quota of " : ": the quota of ", writer->out);
	put_cgroup(writer);
	if (quota > 0)
		fprintf(writer->out, " is %.4g CPU%s", quota, quota == 1 ? "" : "s");
	else
		/* Its own has none that is known: one above may be what was used up. */
		fputs(" or of a group above it was used up", writer->out);
}

/* "irq nvme_irq", "timer hrtimer_wakeup", "writer[12/13]". */
static void put_waker(const struct writer *writer)
{
	const struct dwell_waker *waker = &writer->outlier->waker;
	uint64_t function;

	switch (outlier_waker(writer->outlier, writer->naming, &function)) {
	case WAKER_TASK:
		put_task(writer, waker->comm, waker->pid, waker->tid);
		if (function) {
			fputs(" in ", writer->out);
			put_function(writer, function);
		}
		return;
	case WAKER_TIMER:
		fputs(function ? "timer " : "a timer", writer->out);
		break;
	case WAKER_IRQ:
		fputs(function ? "irq " : "an interrupt", writer->out);
		break;
	case WAKER_UNKNOWN:
		fputs("a task or an interrupt (not known)", writer->out);
		return;
	}
	if (function)
		put_function(writer, function);
}

bool outlier_print_waker(FILE *out, const struct dwell_outlier *outlier,
			 const struct naming *naming)
{
	struct writer writer = {out, outlier, naming};
	uint64_t function;

	if (outlier->measure != DWELL_BLOCKED || outlier->open ||
	    outlier_waker(outlier, naming, &function) == WAKER_UNKNOWN)
		return false;
	put_waker(&writer);
	return true;
}

static void put_blocked(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;

	put_self(writer);
	fprintf(writer->out, " in %s", json_block(outlier->block));
	if (outlier->syscall != DWELL_NO_SYSCALL) {
		fputs(", ", writer->out);
		put_syscall(writer);
	}
	if (outlier->owner) {
		fputs(", for a mutex of ", writer->out);
		put_named_task(writer, 0, outlier->owner);
	}
	if (!outlier->open) {
		fputs(": woken by ", writer->out);
		put_waker(writer);
	}
}

static void put_dwell(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;
	struct outlier_wait wait;
	bool waited = outlier_wait(outlier, &wait);

	put_self(writer);
	put_cpu(writer);
	fputs(": on-CPU ", writer->out);
	put_duration(writer, outlier->oncpu);
	if (outlier->preempters)
		fprintf(writer->out, ", preempted %" PRIu32 " time%s", outlier->preempters,
			outlier->preempters == 1 ? "" : "s");
	if (!waited || !wait.count || wait.culprit[0].share < LINE_SHARE)
		return;
	/* The CPU's runs tell who had it for how long, not how often. */
	fputs(outlier->preempters > 1 ? ", mostly by " :
	      outlier->preempters     ? " by " :
					", waited for ",
	      writer->out);
	put_culprit(writer, &wait.culprit[0]);
}

static void put_lateness(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;
	struct outlier_lateness lateness;
	const char *separator = " behind ";

	put_timer(writer);
	if (outlier->tid) {
		fputs(" of ", writer->out);
		put_self(writer);
	}
	put_cpu(writer);
	outlier_lateness(outlier, &lateness);
	fputs(lateness.more ? ": interrupt came at most " : ": interrupt came ", writer->out);
	put_duration(writer, lateness.interrupt_ns);
	fputs(" late", writer->out);
	if (!lateness.count)
		return;
	fputs(", ", writer->out);
	put_duration(writer, lateness.callbacks_ns);
	for (size_t i = 0; i < lateness.count; i++) {
		put_separator(writer, &separator);
		put_function(writer, lateness.ahead[i]);
	}
}

static void put_timer_latency(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;

	put_timer(writer);
	fputs(" of ", writer->out);
	put_self(writer);
	put_cpu(writer);
	fputs(": lateness ", writer->out);
	put_duration(writer, outlier->lateness);
	fputs(" + wakeup ", writer->out);
	put_duration(writer, outlier->wakeup);
	fputs(" + run queue ", writer->out);
	put_duration(writer, outlier->runqueue);
	put_culprits(writer, "; ");
}

void outlier_print_cause(FILE *out, const struct dwell_outlier *outlier,
			 const struct naming *naming)
{
	static void (*const writers[DWELL_MEASURES])(const struct writer *) = {
		[DWELL_DWELL] = put_dwell,	   [DWELL_WOKEN] = put_runqueue,
		[DWELL_BLOCKED] = put_blocked,	   [DWELL_PREEMPTED] = put_runqueue,
		[DWELL_LATENESS] = put_lateness,   [DWELL_TIMER_LATENCY] = put_timer_latency,
		[DWELL_THROTTLED] = put_throttled,
	};

	const struct writer writer = {out, outlier, naming};

	if (outlier->measure < DWELL_MEASURES)
		writers[outlier->measure](&writer);
	else
		put_self(&writer);
}

static void put_line(const struct writer *writer, const struct outlier_clock *clock)
{
	outlier_print_moment(writer->out, writer->outlier, clock);
	put_what(writer);
	outlier_print_cause(writer->out, writer->outlier, writer->naming);
	fputc('\n', writer->out);
}

/* ---- the details beneath -------------------------------------------------- */

static void put_limits(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;

	fputs(INDENT "threshold ", writer->out);
	put_duration(writer, outlier->threshold);
	if (outlier->samples) {
		fputs(", typical ", writer->out);
		put_duration(writer, outlier->typical);
		fprintf(writer->out, " of %" PRIu64, (uint64_t)outlier->samples);
	}
	fputc('\n', writer->out);
	if (!outlier->cgroup)
		return;
	fputs(INDENT "cgroup ", writer->out);
	put_cgroup(writer);
	fputc('\n', writer->out);
}

static void put_lump_line(const struct writer *writer, const struct outlier_wait *wait,
			  const char *what, double share)
{
	if (share <= OUTLIER_SEEN_SHARE)
		return;
	fprintf(writer->out, INDENT "%s ", what);
	put_duration(writer, saturating_round(share * (double)wait->ns));
	fputc(' ', writer->out);
	put_share(writer, share);
	fputc('\n', writer->out);
}

static void put_wait_lines(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;
	struct outlier_wait wait;

	if (!outlier_wait(outlier, &wait))
		return;
	fputs(INDENT "of ", writer->out);
	put_duration(writer, wait.ns);
	fputs(" that it waited for a CPU:\n", writer->out);
	for (size_t i = 0; i < wait.count; i++) {
		fputs(INDENT INDENT, writer->out);
		put_culprit(writer, &wait.culprit[i]);
		fputs(" had ", writer->out);
		put_duration(writer, wait.culprit[i].ns);
		fputc(' ', writer->out);
		put_share(writer, wait.culprit[i].share);
		fputc('\n', writer->out);
	}
	put_lump_line(writer, &wait, INDENT "other tasks", wait.others_share);
	put_lump_line(writer, &wait, INDENT "idle", wait.idle_share);
	put_lump_line(writer, &wait, INDENT "not seen", wait.unseen_share);
	if (wait.moved) {
		fputs(INDENT INDENT, writer->out);
		put_move(writer, &wait);
		fputc('\n', writer->out);
	}
}

static void put_timer_lines(const struct writer *writer)
{
	if (!outlier_has_timer(writer->outlier))
		return;
	fputs(INDENT "callback ", writer->out);
	put_function(writer, writer->outlier->function);
	fputc('\n', writer->out);
}

static void put_stack(const struct writer *writer, const char *title, const __u64 *addresses,
		      uint32_t depth)
{
	struct stack stack = stack_of_kernel(addresses, depth);

	stack_print(writer->out, &stack, writer->naming, INDENT, title);
}

static void put_block_lines(const struct writer *writer)
{
	const struct dwell_outlier *outlier = writer->outlier;
	struct stack user = stack_of_user(outlier->user_stack, outlier->user_depth, outlier->pid);

	if (outlier->measure != DWELL_BLOCKED)
		return;
	if (outlier->syscall != DWELL_NO_SYSCALL) {
		fputs(INDENT "in ", writer->out);
		put_syscall(writer);
		fprintf(writer->out, " (%" PRId32 ")\n", outlier->syscall);
	}
	put_stack(writer, "blocked at", outlier->stack, outlier->depth);
	stack_print(writer->out, &user, writer->naming, INDENT, "called from");
	if (!outlier->open)
		put_stack(writer, "woken from", outlier->waker.stack, outlier->waker.depth);
}

/* For somebody who counts incidents: its parts are not others. */
static void put_parts(const struct writer *writer)
{
	const char *separator = INDENT "contains what was told before as ", *previous = "";

	for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
		if (!(writer->outlier->contains & (1U << i)) || !strcmp(previous, outlier_kind(i)))
			continue;
		previous = outlier_kind(i);
		put_separator(writer, &separator);
		fputs(previous, writer->out);
	}
	if (writer->outlier->contains)
		fputc('\n', writer->out);
}

static void put_details(const struct writer *writer)
{
	put_limits(writer);
	put_parts(writer);
	put_wait_lines(writer);
	put_timer_lines(writer);
	put_block_lines(writer);
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

int outlier_print(FILE *out, const struct dwell_outlier *outlier, const struct naming *naming,
		  const struct outlier_clock *clock, bool details)
{
	auto_free char *text = NULL;
	size_t length;
	struct writer writer = {open_memstream(&text, &length), outlier, naming};

	if (!writer.out)
		return -ENOMEM;
	put_line(&writer, clock);
	if (details)
		put_details(&writer);
	return outlier_print_whole(out, writer.out, &text, &length);
}
