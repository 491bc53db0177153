/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands: their names, and what help and manual say of them. */
#ifndef DWELL_OPTIONS_COMMAND_H
#define DWELL_OPTIONS_COMMAND_H

/*
 * X(ID, name, help in a few words, description), in the order of help. The function cmd_NAME()
 * in cmd/NAME.c runs it.
 */
/* clang-format off */
#define COMMAND_LIST(X) \
	X(SUMMARY, summary, "measure for a while, then print one table of tasks or groups", \
	  "Measures until the duration has passed or Ctrl-C is pressed, then prints " \
	  "one table: timers and their lateness, run-queue latency, blocked " \
	  "durations and dwell, a line for each task or group.") \
	X(OUTLIERS, outliers, "write each wait, block or late timer that is out of the ordinary", \
	  "Writes a line for each interval beyond its threshold when it ends, or " \
	  "when it is found to go on: how long it took, how long such an interval " \
	  "takes that task otherwise, and whose fault it was. Those of one cause " \
	  "within a second are one line, unless -v or -j asks for each.") \
	X(TIMERS, timers, "tell who arms which timers, through which call, and which stay armed", \
	  "Measures until the duration has passed or Ctrl-C is pressed, then prints " \
	  "the ledger of timers: a line for each process, system call and callback, " \
	  "with what it armed, for how long, what became of it and what is armed " \
	  "yet.") \
	X(GO, go, "tell which timers and goroutines Go programs hold, from outside", \
	  "Reads the timers and goroutines of Go programs out of their memory, once, and " \
	  "tells of which kind they are, who waits on them and who created them. The " \
	  "programs are neither stopped nor changed, and need no endpoint. With -i it looks " \
	  "again and again, and tells what keeps growing.") \
	X(DAEMON, daemon, "measure as a service: metrics for Prometheus, outliers in the journal", \
	  "Measures until it is told to end (SIGTERM, Ctrl-C). Each interval it " \
	  "writes metrics of groups of tasks into a file for Prometheus' node " \
	  "exporter, and outliers into the journal as they come. Options come " \
	  "from a configuration file too; the command line goes before it. SIGHUP " \
	  "has the file read again, SIGUSR1 a summary logged.") \
	X(CHECK, check, "tell what this kernel and these privileges allow", \
	  "Lists each feature and privilege that dwell needs: whether it is there, " \
	  "what is lost without it, and how to get it. Measures nothing.")
/* clang-format on */

enum command {
	COMMAND_NONE, /* dwell itself: the options before a command */
#define X(ID, name, help, description) COMMAND_##ID,
	COMMAND_LIST(X)
#undef X
		COMMANDS
};

struct command_spec {
	const char *name;
	const char *help;	 /* one line */
	const char *description; /* a paragraph */
};

/* By enum command; that of COMMAND_NONE has the name "". */
extern const struct command_spec command_specs[COMMANDS];

#endif
