/* SPDX-License-Identifier: GPL-2.0-only */
/* Go programs that know what they hold (tests/go), and what `dwell go -j` says of them. */
#ifndef DWELL_LIVE_GO_RUN_H
#define DWELL_LIVE_GO_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "harness/live/dwell_run.h"

/* ---- the fixtures ---------------------------------------------------------------- */

/* A fixture as it was built: FIXTURES/VERSION/VARIANT/fixture. */
struct go_binary {
	char version[16]; /* "1.23" */
	char variant[16]; /* "plain" */
	char path[256];
};

#define GO_BINARIES_MAX 96

/*
 * Fills @list with all that were built, the oldest version first and in each the variants by
 * name; of one version, unless @version is NULL, and of one variant, unless @variant is NULL.
 * Returns how many; the test is skipped if there is none.
 */
size_t go_binaries(struct go_binary list[GO_BINARIES_MAX], const char *version,
		   const char *variant);

/* The plain one of the newest version. The test is skipped if there is none. */
struct go_binary go_newest(void);

/* A fixture that runs. Ended by go_fixture_end(). */
struct go_fixture {
	char name[96]; /* version, variant and scenario, for messages */
	pid_t pid;
	FILE *in; /* its standard input: it stays until that ends */
	FILE *out;
	json_t *truth; /* what it said: see tests/go/fixture/truth.go */
};

/* How a fixture is started: all zeros is the plain way. */
struct go_manner {
	const char *setting;	  /* for its environment, such as "GOMAXPROCS=1"; or NULL */
	unsigned long namespaces; /* of its own: CLONE_NEW… */
	/* Runs in the new process just before @path takes its place; or NULL. */
	void (*prepare)(const char *path);
};

/*
 * Starts @binary with @arguments, the scenario first, and returns when it has said what it
 * holds. @manner may be NULL. A failure ends the test.
 */
void go_fixture_start(struct go_fixture *fixture, const struct go_binary *binary,
		      const struct go_manner *manner, const char *const *arguments);
/* The next line that it says, as JSON, which the caller frees. */
json_t *go_fixture_read(struct go_fixture *fixture);
/* Fails unless it is as alive as when it started, and nobody has stopped it meanwhile. */
void go_fixture_expect_alive(const struct go_fixture *fixture);
void go_fixture_end(struct go_fixture *fixture);

/* ---- what dwell says -------------------------------------------------------------- */

/* Freed by go_report_free(). */
struct go_report {
	json_t *header;
	json_t *processes; /* arrays, each in the order in which they were written */
	json_t *timers;
	json_t *goroutines;
	json_t *refused;
	json_t *others; /* lines of other kinds */
};

/*
 * Reads what an ended run of `dwell go -j` printed, and checks what holds for each: every line
 * an object, a header first, and each row of a process that has a line.
 */
void go_report_read(struct go_report *report, const struct dwell_process *run);
void go_report_free(struct go_report *report);

/*
 * `dwell go -j -n 0 -p @pid` with @more arguments (or NULL). Ends the test, naming @name, unless
 * it ends with 0 and has one line on the process.
 */
void go_report_take(struct go_report *report, const char *name, pid_t pid, const char *const *more);
/*
 * The same of a fixture that holds still once it has said what it holds and waits for its input:
 * the first that is complete, or the last of some.
 */
void go_report_settled(struct go_report *report, const struct go_fixture *fixture);
/* The line on the process of go_report_take(). */
json_t *go_report_process(const struct go_report *report);

/* The member @key: "" or 0 if it is absent. */
const char *go_text(const json_t *object, const char *key);
int64_t go_number(const json_t *object, const char *key);

/* ---- both ---------------------------------------------------------------------------- */

/* Fails, naming the fixture, for each difference between what it holds and what @report says. */
void go_expect_truth(const struct go_fixture *fixture, const struct go_report *report);

/* Fails if @report, which is not complete, says anything that is not so. Less is fine. */
void go_expect_partial(const struct go_fixture *fixture, const struct go_report *report);

#endif
