/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs of the service: its settings, and its text file, held to the rules at each look. */
#ifndef DWELL_LIVE_DAEMON_RUN_H
#define DWELL_LIVE_DAEMON_RUN_H

#include "harness/exposition.h"
#include "harness/live/dwell_run.h"

struct daemon {
	char directory[64], file[80], config[80];
	struct dwell_process run;
	bool limited;	/* its settings say how much it may cost; else it may cost anything */
	double started; /* since the epoch: this run */
	char *text;	/* of the file as read last … */
	struct exposition seen; /* … and taken apart */
};

/* Makes a directory for it in @parent (NULL: /tmp), and settings: an export each second. */
void daemon_prepare(struct daemon *daemon, const char *parent);
void daemon_configure(const struct daemon *daemon, const char *lines);

/* Starts it, with @options more (NULL: none), and waits until it measures. */
void daemon_run(struct daemon *daemon, const char *const *options);

/* Both. */
void daemon_start(struct daemon *daemon);

/*
 * Reads the file. Ends the test if it breaks a rule, or if something that must
 * not fall did since this run began. False: there is none.
 */
bool daemon_read(struct daemon *daemon);

/* The value of that series in the file as read last; -1: there is none. */
double daemon_value(const struct daemon *daemon, const char *series);

/* What all groups of tasks come to: the sum over the series of @family that are not the kernel's. */
double daemon_sum(const struct daemon *daemon, const char *family);

/* When the file as read last was exported. */
double daemon_stamp(const struct daemon *daemon);

/* Waits for an export that is later than @after, and reads it. Its time stamp. */
double daemon_next_export(struct daemon *daemon, double after);
/* The same for one that began after now: it is told to export, by having it read its settings. */
void daemon_fresh_export(struct daemon *daemon);

/* How often it said so on its standard error; and the same, waiting until it did at least @times. */
unsigned int daemon_said(const struct daemon *daemon, const char *words);
void daemon_await_words(const struct daemon *daemon, const char *words, unsigned int times);

/* Has it end by itself, and nothing left in its directory, which goes too. */
void daemon_end(struct daemon *daemon);
/* Kills it without a warning. Its directory stays, and it can be run again. */
void daemon_kill(struct daemon *daemon);

#endif
