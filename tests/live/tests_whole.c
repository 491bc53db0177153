// SPDX-License-Identifier: GPL-2.0-only
/* What dwell writes: whole or not there, one writer a directory, and nothing left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/live/daemon_run.h"
#include "harness/live/live.h"
#include "harness/live/proc.h"

#define MS 1000000ULL

static unsigned int count_files(const char *path)
{
	DIR *directory = opendir(path);
	unsigned int count = 0;

	if (!directory)
		live_abort("%s: %s", path, strerror(errno));
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

/* Whether the file system of @path knows files without a name. */
static bool knows_nameless(const char *path)
{
	const int fd = open(path, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Killed while it measures, a run with -o leaves nothing; otherwise it leaves its report alone. */
static void run_output(const void *argument)
{
	char directory[] = "/tmp/dwell-live-XXXXXX", path[64], text[32];
	struct dwell_process run;

	(void)argument;
	if (!mkdtemp(directory))
		live_abort("mkdtemp: %s", strerror(errno));
	if (!knows_nameless(directory))
		live_skip("this file system knows no file without a name");
	snprintf(path, sizeof(path), "%s/report", directory);
	dwell_start(&run, NULL, DWELL_ARGUMENTS("summary", "-v", "-j", "-d", "0", "-o", path));
	dwell_wait_measuring(&run);
	live_expect("files while it measures", count_files(directory), 0);
	kill(run.pid, SIGKILL);
	dwell_wait(&run, 20);
	dwell_close(&run);
	live_expect("files of a run that was killed", count_files(directory), 0);
	/* The second one takes the first one's place. */
	for (int i = 0; i < 2; i++) {
		dwell_execute(&run, NULL,
			      DWELL_ARGUMENTS("summary", "-j", "-d", "100ms", "-o", path));
		live_expect("exit status", run.status, 0);
		dwell_close(&run);
		live_expect("files of a run", count_files(directory), 1);
	}
	if (proc_read(path, text, sizeof(text)) <= 0 || strncmp(text, "{\"kind\":\"header\"", 16))
		live_fail("the file does not hold the report");
	unlink(path);
	rmdir(directory);
}

/* The second service of a directory does not start, and the first one does not notice. */
static void run_two(const void *argument)
{
	struct dwell_process second;
	struct daemon daemon;
	double at;

	(void)argument;
	daemon_start(&daemon);
	at = daemon_next_export(&daemon, 0);
	dwell_execute(&second, NULL,
		      DWELL_ARGUMENTS("daemon", "--config", daemon.config, "--textfile-dir",
				      daemon.directory, "--log", "stderr"));
	live_expect("exit status of the second one", second.status, 1);
	if (!strstr(second.err_text, daemon.directory))
		live_fail("the message does not name the directory: %s", second.err_text);
	dwell_close(&second);
	at = daemon_next_export(&daemon, at);
	/* What was killed holds nothing. */
	daemon_kill(&daemon);
	daemon_run(&daemon, NULL);
	daemon_next_export(&daemon, at);
	daemon_end(&daemon);
}

/* Told to move to a directory that another service has, it stays where it is. */
static void run_moved(const void *argument)
{
	struct daemon daemon, other;
	char settings[256];
	double at;

	(void)argument;
	daemon_start(&other);
	daemon_prepare(&daemon, NULL);
	snprintf(settings, sizeof(settings), "[export]\ninterval = 1s\ntextfile-dir = %s\n",
		 daemon.directory);
	daemon_configure(&daemon, settings);
	dwell_start(&daemon.run, NULL,
		    DWELL_ARGUMENTS("daemon", "-v", "--config", daemon.config, "--log", "stderr"));
	dwell_wait_measuring(&daemon.run);
	daemon_next_export(&daemon, 0);
	snprintf(settings, sizeof(settings), "[export]\ninterval = 1s\ntextfile-dir = %s\n",
		 other.directory);
	daemon_configure(&daemon, settings);
	kill(daemon.run.pid, SIGHUP);
	daemon_await_words(&daemon, "another dwell writes to", 1);
	at = daemon_next_export(&daemon, daemon_stamp(&daemon));
	daemon_next_export(&daemon, at);
	/* Another name of the directory that it has is no other directory. */
	snprintf(settings, sizeof(settings), "[export]\ninterval = 1s\ntextfile-dir = %s/\n",
		 daemon.directory);
	daemon_configure(&daemon, settings);
	kill(daemon.run.pid, SIGHUP);
	daemon_await_words(&daemon, "settings were read again", 2);
	live_expect("times that another dwell was blamed",
		    daemon_said(&daemon, "another dwell writes to"), 1);
	at = daemon_next_export(&other, 0);
	daemon_next_export(&other, at);
	daemon_end(&daemon);
	daemon_end(&other);
}

/* A directory and a link that have the names of its temporary files stop nothing and stay. */
static void run_foreign(const void *argument)
{
	char path[128], link[160], target[96];
	struct daemon daemon;
	struct stat info;
	double at;

	(void)argument;
	daemon_start(&daemon);
	at = daemon_next_export(&daemon, 0);
	snprintf(path, sizeof(path), "%s/.dwell.prom.%d", daemon.directory, daemon.run.pid);
	snprintf(link, sizeof(link), "%s.1", path);
	snprintf(target, sizeof(target), "%s/target", daemon.directory);
	if (mkdir(path, 0755) || symlink(target, link))
		live_abort("%s: %s", path, strerror(errno));
	for (int i = 0; i < 3; i++)
		at = daemon_next_export(&daemon, at);
	live_expect("errors", (int64_t)daemon_value(&daemon, "dwell_export_errors_total"), 0);
	if (lstat(link, &info) || !S_ISLNK(info.st_mode) || !lstat(target, &info))
		live_fail("the link was followed, or removed");
	if (unlink(link) || rmdir(path))
		live_fail("what was another's is gone: %s", strerror(errno));
	daemon_end(&daemon);
}

const struct live_test tests_whole[] = {
	{.name = "whole-output", .run = run_output},
	{.name = "whole-two-services", .run = run_two},
	{.name = "whole-moved", .run = run_moved},
	{.name = "whole-foreign-names", .run = run_foreign},
	{0},
};
