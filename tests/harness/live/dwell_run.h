/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs of the program under test. */
#ifndef DWELL_LIVE_DWELL_RUN_H
#define DWELL_LIVE_DWELL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One run. Closed by dwell_close(). */
struct dwell_process {
	pid_t pid;
	int out, err;	/* files in memory that take what it prints */
	int status;	/* exit status, or 128 + the signal that ended it; once it ended */
	char *out_text; /* once it ended; with a NUL behind the last byte */
	char *err_text;
	size_t out_length;
};

/* How it is started: all zeros is the plain way. */
struct dwell_manner {
	bool unprivileged;     /* as uid and gid 65534, without capabilities but these */
	uint64_t capabilities; /* a bit each */
	int stdout_fd;	       /* > 0: its standard output instead of a file in memory */
	/* Runs in the new process just before dwell takes its place; or NULL. */
	void (*prepare)(void *context);
	void *context;
};

/* Starts dwell with @arguments, which end with NULL. */
void dwell_start(struct dwell_process *run, const struct dwell_manner *manner,
		 const char *const *arguments);

/* Waits until a run with -v says that its window began; a failure ends the test. */
void dwell_wait_measuring(struct dwell_process *run);

/* Sends the signal of Ctrl-C. */
void dwell_interrupt(struct dwell_process *run);

/* Waits for the end and takes what was printed; ends the test if it takes longer than @seconds. */
void dwell_wait(struct dwell_process *run, unsigned int seconds);

/* Kills a run that is still there and frees all. */
void dwell_close(struct dwell_process *run);

/* Start and wait at once. */
void dwell_execute(struct dwell_process *run, const struct dwell_manner *manner,
		   const char *const *arguments);

/* Fails unless @arguments end with @status, a message with @word, and nothing on stdout. */
void dwell_expect_error(const struct dwell_manner *manner, const char *const *arguments, int status,
			const char *word);

#define DWELL_ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
