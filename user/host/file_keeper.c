// SPDX-License-Identifier: GPL-2.0-only
/* The keeper: a process that keeps the privileges to open files, touches none, and starts openers. */
#include "host/file_keeper.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/privilege.h"
#include "host/file_message.h"
#include "host/file_opener.h"

#define END_MS 100 /* longest wait for the children's end: less than dwell waits for the keeper's */

static void run_opener(int socket)
{
	prctl(PR_SET_NAME, "dwell-opener");
	file_message_close_others(socket);
	file_opener_serve(socket);
	_exit(0);
}

/* Reaps children that have ended. Sets *opener to 0 if it was one of them. */
static void reap(pid_t *opener)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (pid == *opener)
			*opener = 0;
}

/*
 * Starts an opener in the place of *opener, and sends its socket, or why there is none. 0,
 * or a negative errno if nothing can be sent.
 */
static int start_opener(int socket, pid_t *opener)
{
	struct file_keeper_started started;
	int ends[2], err;

	reap(opener);
	if (*opener > 0)
		kill(*opener, SIGKILL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		started.pid = -errno;
		return file_message_send(socket, &started, sizeof(started), -1);
	}
	*opener = fork();
	if (!*opener)
		run_opener(ends[1]);
	started.pid = *opener < 0 ? -errno : *opener;
	close(ends[1]);
	err = file_message_send(socket, &started, sizeof(started), ends[0]);
	close(ends[0]);
	return err;
}

/*
 * Ctrl-C in a terminal and the end of a service signal all processes. But dwell still asks
 * for names when it ends, and the helper ends with dwell anyway.
 */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
}

/* Ends with the opener and its parser, unless a file system holds them. */
__attribute__((noreturn)) static void end_keeper(pid_t opener)
{
	const struct timespec moment = {.tv_nsec = 5 * 1000000};

	if (opener > 0)
		kill(opener, SIGKILL);
	for (int i = 0; i < END_MS / 5 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		nanosleep(&moment, NULL);
	_exit(0);
}

void file_keeper_run(int socket)
{
	pid_t opener = 0;
	char byte;

	prctl(PR_SET_NAME, "dwell-keeper");
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* a parser outlives its opener by a moment */
	ignore_signals();
	file_message_close_others(socket);
	if (chdir("/") || privileges_drop(PRIVILEGE_KEEP_OPEN))
		_exit(1);
	while (!file_message_receive(socket, &byte, sizeof(byte), NULL))
		if (start_opener(socket, &opener))
			break;
	end_keeper(opener);
}
