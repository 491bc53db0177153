/* SPDX-License-Identifier: GPL-2.0-only */
/* This program as a task that only lives to be counted. */
#ifndef DWELL_LIVE_TESTS_TASKS_H
#define DWELL_LIVE_TESTS_TASKS_H

/* Ends the process at once if its only argument says that it was started for that. */
void tasks_maybe_exit(int argc, char **argv);

/* What to start it with. */
#define TASKS_EXIT "--exit-at-once"
/* Start it with this and it waits until its standard input ends, without a timer. */
#define TASKS_WAIT "--exit-after-input"

/*
 * Makes a link to this program, so that it can be executed under the name
 * @comm. Freed and removed by tasks_unlink(). Failures end the test.
 */
char *tasks_link(const char *comm);
void tasks_unlink(char *link);

#endif
