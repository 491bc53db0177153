/* SPDX-License-Identifier: GPL-2.0-only */
/* Journal: outliers and messages of the service as structured entries, without ever waiting. */
#ifndef DWELL_EXPORT_JOURNAL_H
#define DWELL_EXPORT_JOURNAL_H

#include <stdint.h>
#include <sys/un.h>
#include <syslog.h>

#include "findings/explain.h"
#include "findings/incident.h"

/* What journal_open() looks for on a live host. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Of every entry that is an outlier: "journalctl MESSAGE_ID=…" finds them. */
#define JOURNAL_OUTLIER_ID "852b367d3a3348fe9871a5d3bdf6a515"

struct journal {
	int fd; /* negative: plain lines on stderr instead */
	struct sockaddr_un address;
	uint64_t written; /* entries, or lines */
	uint64_t full;	  /* lost, for there was no room at the moment */
	uint64_t failed;  /* lost otherwise */
};

/*
 * Opens the journal whose socket is @path; where there is none, or @path is
 * NULL, entries become lines on stderr. 0; -ENAMETOOLONG: @path; another negative errno:
 * entries become lines then too. The caller ends it with journal_close() in any case.
 */
int journal_open(struct journal *journal, const char *path);
void journal_close(struct journal *journal);

/*
 * Both functions below write one entry or count a loss; they never wait, and say nothing of
 * errors. An entry that the journal refuses becomes a line on stderr. Values are cut at 4 KiB.
 */

/*
 * Writes the line that incident_print() writes, the facts of its worst outlier, which @worst
 * explains, as fields DWELL_…, and of several outliers how many they are, of what
 * kinds and tasks.
 */
void journal_incident(struct journal *journal, const struct incident *incident,
		      const struct explanation *worst, const struct outlier_clock *clock);

/* Writes one line for people, with a priority such as LOG_WARNING. */
void journal_message(struct journal *journal, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
