/* SPDX-License-Identifier: GPL-2.0-only */
/* The live tests: runs of dwell on this kernel, each against something that knows the truth. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/live/cgroups.h"
#include "harness/live/dwell_run.h"
#include "harness/live/hidden.h"
#include "harness/live/live.h"
#include "tests_files.h"
#include "tests_tasks.h"

static const struct live_test *const tables[] = {
	tests_sleeps,	  tests_timers,	      tests_together,  tests_threads,  tests_sched,
	tests_quota,	  tests_cyclictest,   tests_tasks,     tests_names,    tests_filters,
	tests_errors,	  tests_capabilities, tests_before,    tests_outliers, tests_ledger,
	tests_daemon,	  tests_hostile,      tests_places,    tests_refusals, tests_shapes,
	tests_files,	  tests_waits,	      tests_flood,     tests_culprits, tests_whole,
	tests_open,	  tests_exited,	      tests_where,     tests_go,       tests_go_truth,
	tests_go_hostile, tests_go_sites,     tests_go_daemon,
};

static struct {
	unsigned int passed, failed, skipped;
} count;

static void usage(FILE *out)
{
	fprintf(out, "usage: live [--dwell PATH] [--cyclictest PATH] [--go-fixtures FOLDER]\n"
		     "            [--emulated] [--list] [NAME…]\n");
}

/* Was @name asked for? Without names, all are. */
static bool wanted(const char *name, char *const *names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

static void each_of(const struct live_test *test, char *const *names,
		    void (*visit)(const struct live_test *test))
{
	for (; test->name; test++)
		if (wanted(test->name, names))
			visit(test);
}

static void each_test(char *const *names, void (*visit)(const struct live_test *test))
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		each_of(tables[i], names, visit);
	if (live_options.emulated) {
		each_of(tests_own_machine, names, visit);
		each_of(tests_clock, names, visit);
	}
}

static void list_test(const struct live_test *test)
{
	printf("%s\n", test->name);
}

static void run_test(const struct live_test *test)
{
	switch (live_run(test)) {
	case LIVE_PASSED:
		count.passed++;
		break;
	case LIVE_FAILED:
		count.failed++;
		break;
	case LIVE_SKIPPED:
		count.skipped++;
		break;
	}
}

static const char *why_skipped;

static void skip_test(const struct live_test *test)
{
	printf("skip %s: %s\n", test->name, why_skipped);
	count.skipped++;
}

/* Why no test can be done here; NULL if they can. */
static const char *obstacle(void)
{
	static char reason[256];
	struct dwell_process run;

	if (geteuid())
		return "not root";
	dwell_execute(&run, NULL, DWELL_ARGUMENTS("check"));
	if (run.status != 3 && run.status != 4)
		return NULL;
	snprintf(reason, sizeof(reason), "`dwell check` ends with status %d", run.status);
	return reason;
}

static void find_hidden_tasks(void)
{
	const int count = hidden_find();

	if (count < 0)
		printf("    looking for hidden tasks: %s\n", strerror(-count));
	else if (count)
		printf("    this host hides %d tasks: what falls into their slices may go unseen\n",
		       count);
}

static bool read_options(int argc, char **argv, bool *list)
{
	static const struct option options[] = {
		{"dwell", required_argument, NULL, 'd'},
		{"cyclictest", required_argument, NULL, 'c'},
		{"go-fixtures", required_argument, NULL, 'g'},
		{"emulated", no_argument, NULL, 'e'},
		{"list", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'd')
			live_options.dwell = optarg;
		else if (option == 'c')
			live_options.cyclictest = optarg;
		else if (option == 'g')
			live_options.go_fixtures = optarg;
		else if (option == 'e')
			live_options.emulated = true;
		else if (option == 'l')
			*list = true;
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool list = false;

	tasks_maybe_exit(argc, argv);
	if (argc == 2 && !strcmp(argv[1], FILES_NAP))
		return files_nap();
	if (!read_options(argc, argv, &list)) {
		usage(stderr);
		return 2;
	}
	if (list) {
		each_test(argv + optind, list_test);
		return 0;
	}
	if (access(live_options.dwell, X_OK)) {
		perror(live_options.dwell);
		return 1;
	}
	/* A bare system may lack it. */
	mkdir("/tmp", 01777);
	/* Orphans of a test come back here, to be reaped before the next one. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	cgroups_begin();
	why_skipped = obstacle();
	if (!why_skipped)
		find_hidden_tasks();
	each_test(argv + optind, why_skipped ? skip_test : run_test);
	cgroups_end();
	printf("%u passed, %u failed, %u skipped\n", count.passed, count.failed, count.skipped);
	return count.failed || !(count.passed + count.skipped);
}
