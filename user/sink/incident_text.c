/* SPDX-License-Identifier: GPL-2.0-only */
/* An incident as text: one line with the number of outliers, the worst one, and the culprits. */
#include "sink/incident_text.h"

#include <errno.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "sink/outlier_cause.h"
#include "sink/outlier_parts.h"
#include "sink/outlier_text.h"

#define LINE_SHARE 0.05	    /* of all waits; a smaller share tells a person nothing */
#define NAMELESS_SHARE 0.33 /* time without a culprit's name is left out below this share */

/* What is being written, and where to. */
struct writer {
	FILE *out;
	const struct incident *incident;
	const struct explanation *worst; /* explains the incident's worst outlier */
};

/* ---- how many of what ------------------------------------------------------- */

/* Counts preempted waits with woken ones, for both have one name. */
static uint64_t count_kind(const struct incident *incident, unsigned int measure)
{
	if (measure == DWELL_PREEMPTED)
		return 0;
	return incident->kinds[measure] +
	       (measure == DWELL_WOKEN ? incident->kinds[DWELL_PREEMPTED] : 0);
}

/* Writes "waits (9 runqueue, 3 timer_latency)", or for a single kind "runqueue waits". */
static void put_kinds(const struct writer *writer)
{
	static const char *const of_one_kind[DWELL_MEASURES] = {
		[DWELL_DWELL] = "long dwells",
		[DWELL_WOKEN] = "runqueue waits",
		[DWELL_BLOCKED] = "blocked waits",
		[DWELL_LATENESS] = "late timers",
		[DWELL_TIMER_LATENCY] = "timer_latency waits",
		[DWELL_THROTTLED] = "throttled waits",
	};
	static const char *const of_several[] = {
		[INCIDENT_WAIT] = "waits",
		[INCIDENT_LATE] = "late timers",
		[INCIDENT_REST] = "others",
	};
	const struct incident *incident = writer->incident;
	const char *separator = " (";

	for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
		if (count_kind(incident, i) != incident->count || incident->class == INCIDENT_REST)
			continue;
		fputs(of_one_kind[i], writer->out);
		return;
	}
	fputs(of_several[incident->class] ?: "outliers", writer->out);
	for (unsigned int i = 0; i < DWELL_MEASURES; i++) {
		if (!count_kind(incident, i))
			continue;
		fprintf(writer->out, "%s%" PRIu64 " %s", separator, count_kind(incident, i),
			outlier_kind(i));
		separator = ", ";
	}
	fputc(')', writer->out);
}

/*
 * Writes " of 5 tasks of nginx[812]", " of 14 tasks of 9 programs", or a single task by its
 * name.
 */
static void put_whose(const struct writer *writer)
{
	const struct incident *incident = writer->incident;
	const struct dwell_outlier *worst = incident->worst;
	const char *name = worst->comm;

	if (!incident->tasks)
		return;
	fputs(" of ", writer->out);
	if (incident->tasks == 1 && worst->tid) {
		outlier_print_task(writer->out, name, worst->pid, worst->tid);
		return;
	}
	fprintf(writer->out, "%zu task%s", incident->tasks, incident->tasks == 1 ? "" : "s");
	if (incident->programs > 1 && incident->processes > 1) {
		fprintf(writer->out, " of %zu programs", incident->programs);
		return;
	}
	/* Threads of one process with names of their own go by the name of the process. */
	if (incident->programs > 1)
		name = naming_comm(writer->worst->naming, worst->pid, worst->pid);
	if ((name && *name) || incident->processes == 1)
		fputs(" of ", writer->out);
	if (name)
		outlier_print_name(writer->out, name, DWELL_COMM_LEN);
	if (incident->processes == 1)
		fprintf(writer->out, "[%" PRIu32 "]", worst->pid);
}

/* ---- the worst, and the cause ----------------------------------------------- */

static void put_worst(const struct writer *writer)
{
	const struct dwell_outlier *worst = writer->incident->worst;

	fputs(", worst ", writer->out);
	if (writer->incident->class == INCIDENT_REST)
		fprintf(writer->out, "%s ", writer->worst->what);
	outlier_print_duration(writer->out, worst->ns);
	if (worst->open)
		fputs(" and still open", writer->out);
	fputs(" (", writer->out);
	if (writer->incident->class == INCIDENT_WAIT) {
		if (writer->incident->tasks > 1) {
			outlier_print_task(writer->out, worst->comm, worst->pid, worst->tid);
			fputc(' ', writer->out);
		}
		fprintf(writer->out, "on CPU %" PRIu32, worst->cpu);
	} else {
		outlier_print_cause(writer->out, writer->worst);
	}
	fputc(')', writer->out);
}

/* Writes the first share as ": 94 % of 180ms" and each later one as ", 5 %". */
static void put_share(const struct writer *writer, double share, bool *first)
{
	fputs(*first ? ": " : ", ", writer->out);
	outlier_print_share(writer->out, share);
	if (*first) {
		fputs(" of ", writer->out);
		outlier_print_duration(writer->out, writer->incident->waited_ns);
	}
	*first = false;
}

/* Writes the share of time without a culprit's name, if it is large. */
static void put_nameless(const struct writer *writer, uint64_t ns, const char *what, bool *first)
{
	const double share = (double)ns / (double)writer->incident->waited_ns;

	if (share < NAMELESS_SHARE)
		return;
	put_share(writer, share, first);
	fputs(what, writer->out);
}

/* Writes ": 94 % of 180ms behind backup[812], 5 % behind sh[12]". */
static void put_culprits(const struct writer *writer)
{
	const struct incident *incident = writer->incident;
	bool first = true;

	if (incident->class != INCIDENT_WAIT || !incident->waited_ns)
		return;
	for (size_t i = 0; i < incident->culprits; i++) {
		struct outlier_culprit culprit = incident->culprit[i];

		if (culprit.share < LINE_SHARE)
			continue;
		outlier_name_culprit(&culprit, writer->worst->naming);
		put_share(writer, culprit.share, &first);
		fputs(" behind ", writer->out);
		outlier_print_culprit(writer->out, &culprit);
	}
	put_nameless(writer, incident->others_ns, " behind others", &first);
	put_nameless(writer, incident->unseen_ns, " not seen", &first);
}

int incident_print(FILE *out, const struct incident *incident, const struct explanation *worst,
		   const struct outlier_clock *clock)
{
	auto_free char *text = NULL;
	size_t length;
	struct writer writer = {.incident = incident, .worst = worst};

	if (incident->count == 1)
		return outlier_print(out, worst, clock, false);
	writer.out = open_memstream(&text, &length);
	if (!writer.out)
		return -ENOMEM;
	outlier_print_moment(writer.out, incident->worst, clock);
	fprintf(writer.out, "%" PRIu64 " ", incident->count);
	put_kinds(&writer);
	put_whose(&writer);
	if (incident->open)
		fprintf(writer.out, ", %" PRIu64 " still open", incident->open);
	put_worst(&writer);
	put_culprits(&writer);
	fputc('\n', writer.out);
	return outlier_print_whole(out, writer.out, &text, &length);
}
