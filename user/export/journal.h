/* SPDX-License-Identifier: GPL-2.0-only */
/* Journal: the service's outliers and messages as structured entries, written without waiting. */
#ifndef DWELL_EXPORT_JOURNAL_H
#define DWELL_EXPORT_JOURNAL_H

#include <stdint.h>
#include <sys/un.h>
#include <syslog.h>

#include "findings/explain.h"
#include "findings/incident.h"

/* The @path of journal_open() on a live host. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* The MESSAGE_ID of every outlier's entry: "journalctl MESSAGE_ID=…" finds them. */
#define JOURNAL_OUTLIER_ID "852b367d3a3348fe9871a5d3bdf6a515"

struct journal {
	int fd; /* negative: entries are plain lines on stderr */
	struct sockaddr_un address;
	uint64_t written; /* entries, or lines */
	uint64_t full;	  /* entries lost because there was no room for them */
	uint64_t failed;  /* entries lost for any other reason */
};

/*
 * Opens the journal whose socket is @path. Without a socket there, or with NULL, entries become
 * lines on stderr. 0; -ENAMETOOLONG: @path is too long; another negative errno. Entries become
 * lines after an error too. The caller ends it with journal_close() in any case.
 */
int journal_open(struct journal *journal, const char *path);
void journal_close(struct journal *journal);

/*
 * Both functions write one entry, or count a loss. They never wait, and report no errors. An
 * entry becomes a line on stderr if the journal refuses it for another reason than lack of room.
 * Values are cut at 4 KiB.
 */

/*
 * Writes the line of incident_print(), and as fields DWELL_… the facts of the worst outlier,
 * which @worst explains. Every kind of outlier in @incident has a field; several outliers have
 * their number and that of their tasks too.
 */
void journal_incident(struct journal *journal, const struct incident *incident,
		      const struct explanation *worst, const struct outlier_clock *clock);

/* Writes one message for people; @priority is a level of syslog(3), such as LOG_WARNING. */
void journal_message(struct journal *journal, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
