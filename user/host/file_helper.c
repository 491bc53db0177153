// SPDX-License-Identifier: GPL-2.0-only
/* The file helper: processes that read the possibly hostile files of others for dwell. */
#include "host/file_helper.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/message.h"
#include "host/file_keeper.h"

#define MS 1000000LL
#define KEEPER_MS 1000 /* longest wait for an answer of the keeper */
#define SLOW_MS (FILE_HELPER_ANSWER_MS / 4)
#define END_MS 200 /* longest wait for the keeper's end */
#define RESTART_NS (60000 * MS)
#define SPARE_PART 10 /* one part in so many of the time that passes may be waited for answers */

struct file_helper {
	pid_t keeper;
	int keeper_socket; /* -1: it is gone for good */
	pid_t opener;
	int opener_socket; /* -1: there is none now */
	pid_t parser;	   /* 0: not known yet */
	uint64_t asked;
	int64_t spare_ns, spare_at; /* wait that is left, as of the mono time @spare_at */
	unsigned int restarts;	    /* left */
	int64_t restarts_at;	    /* mono: as of when they are counted */
	uint64_t spent_ns;	    /* CPU time of processes that have ended */
};

static int64_t now(void)
{
	return (int64_t)clock_mono();
}

/* ---- processes -------------------------------------------------------------------- */

static uint64_t cpu_ns(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (pid <= 0 || clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		return 0;
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t own_bytes(pid_t pid)
{
	unsigned long long resident = 0, shared = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = pid > 0 ? fopen(path, "re") : NULL;
	if (!file)
		return 0;
	if (fscanf(file, "%*u %llu %llu", &resident, &shared) != 2 || shared > resident)
		resident = shared = 0;
	fclose(file);
	return (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t file_helper_resident_bytes(const struct file_helper *helper)
{
	if (!helper)
		return 0;
	return own_bytes(helper->keeper) + own_bytes(helper->opener) + own_bytes(helper->parser);
}

uint64_t file_helper_cpu_ns(const struct file_helper *helper)
{
	if (!helper)
		return 0;
	return helper->spent_ns + cpu_ns(helper->keeper) + cpu_ns(helper->opener) +
	       cpu_ns(helper->parser);
}

bool file_helper_is(const struct file_helper *helper, uint32_t pid)
{
	return helper && pid &&
	       (pid == (uint32_t)helper->keeper || pid == (uint32_t)helper->opener ||
		pid == (uint32_t)helper->parser);
}

static void drop_opener(struct file_helper *helper)
{
	if (helper->opener_socket < 0)
		return;
	close(helper->opener_socket);
	helper->opener_socket = -1;
	helper->spent_ns += cpu_ns(helper->opener) + cpu_ns(helper->parser);
	helper->opener = 0;
	helper->parser = 0;
}

/* Goes on without the helper, which cannot be replaced: dwell gave up the privileges for that. */
static void lose_keeper(struct file_helper *helper, int err)
{
	message_error("functions of programs have no names from now on: the process that starts "
		      "the reading of files %s",
		      err == -ETIMEDOUT ? "does not answer" : "is gone");
	close(helper->keeper_socket);
	helper->keeper_socket = -1;
}

/* Has the keeper kill the old opener and start another one. 0 or a negative errno. */
static int take_opener(struct file_helper *helper)
{
	struct file_keeper_started started;
	int fd = -1, err;

	err = file_message_send(helper->keeper_socket, &(char){0}, 1, -1);
	if (!err)
		err = file_message_await(helper->keeper_socket, &started, sizeof(started), &fd,
					 KEEPER_MS);
	if (!err && started.pid < 0)
		err = started.pid;
	if (!err && fd < 0)
		err = -EPROTO;
	if (err) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	helper->opener = started.pid;
	helper->opener_socket = fd;
	return 0;
}

/* ---- questions -------------------------------------------------------------------- */

/* Whether an opener may be started once more. If so, it counts as started. */
static bool may_restart(struct file_helper *helper)
{
	const int64_t time = now();

	while (helper->restarts < FILE_HELPER_RESTARTS &&
	       time - helper->restarts_at >= RESTART_NS) {
		helper->restarts++;
		helper->restarts_at += RESTART_NS;
	}
	if (!helper->restarts)
		return false;
	if (helper->restarts-- == FILE_HELPER_RESTARTS)
		helper->restarts_at = time;
	return true;
}

/* Whether @err means that the keeper itself failed, not just what it tried. */
static bool is_keepers_end(int err)
{
	return err == -ETIMEDOUT || err == -EPIPE || err == -ECONNRESET || err == -EPROTO;
}

/* Whether there is an opener to ask; starts one if need be. */
static bool has_opener(struct file_helper *helper)
{
	int err;

	if (helper->opener_socket >= 0)
		return true;
	if (helper->keeper_socket < 0 || !may_restart(helper))
		return false;
	err = take_opener(helper);
	if (is_keepers_end(err))
		lose_keeper(helper, err);
	else if (err)
		message_detail(1, "cannot start what opens files, for now: %s", strerror(-err));
	return !err;
}

/* Returns how many ns may be waited for answers now. The allowance grows as time passes. */
static int64_t spare(struct file_helper *helper)
{
	const int64_t time = now(), most = FILE_HELPER_ALL_MS * MS;

	helper->spare_ns += (time - helper->spare_at) / SPARE_PART;
	helper->spare_at = time;
	if (helper->spare_ns > most)
		helper->spare_ns = most;
	return helper->spare_ns;
}

/* Sends the question, to another opener if this one has died. 0 or a negative errno. */
static int send_request(struct file_helper *helper, const struct file_request *request)
{
	int err = file_message_send(helper->opener_socket, request, sizeof(*request), -1);

	if (err != -EPIPE && err != -ECONNRESET)
		return err;
	message_detail(1, "the process that opens files is gone: another one takes its place");
	drop_opener(helper);
	if (!has_opener(helper))
		return -EPIPE;
	return file_message_send(helper->opener_socket, request, sizeof(*request), -1);
}

/* Sends the question and waits. 0 or a negative errno. */
static int ask(struct file_helper *helper, const struct file_request *request,
	       struct file_answer *answer)
{
	const int64_t began = now();
	int err = send_request(helper, request);

	if (!err)
		err = file_message_await(helper->opener_socket, answer, sizeof(*answer), NULL,
					 FILE_HELPER_ANSWER_MS);
	helper->spare_ns -= now() - began;
	return !err && answer->id != request->id ? -EPROTO : err;
}

/* Makes @answer safe to use, whoever wrote it. */
static void make_sound(struct file_answer *answer)
{
	answer->file[sizeof(answer->file) - 1] = '\0';
	answer->function[sizeof(answer->function) - 1] = '\0';
	if (answer->outcome >= FILE_OUTCOMES)
		answer->outcome = FILE_UNREADABLE;
}

bool file_helper_failed(const struct file_answer *answer)
{
	/* Without a file's name, the parser died over the question. */
	return !*answer->file &&
	       (answer->outcome == FILE_TOO_SLOW || answer->outcome == FILE_HELPER);
}

bool file_helper_name(struct file_helper *helper, uint32_t pid, uint64_t address,
		      struct file_answer *answer)
{
	struct file_request request = {.kind = FILE_NAME_ADDRESS, .pid = pid, .address = address};
	int64_t took;
	int err;

	*answer = (struct file_answer){.outcome = FILE_HELPER};
	if (!helper || !has_opener(helper))
		return true;
	if (spare(helper) <= 0) {
		answer->outcome = FILE_TOO_SLOW;
		return true;
	}
	request.id = ++helper->asked;
	took = helper->spare_ns;
	err = ask(helper, &request, answer);
	took -= helper->spare_ns;
	if (err) {
		drop_opener(helper);
		*answer = (struct file_answer){.outcome = err == -ETIMEDOUT ? FILE_TOO_SLOW :
									      FILE_HELPER};
		return helper->keeper_socket < 0;
	}
	make_sound(answer);
	helper->parser = (pid_t)answer->parser;
	helper->spent_ns += answer->spent_ns;
	return took < SLOW_MS * MS && !file_helper_failed(answer);
}

/* ---- start and end ----------------------------------------------------------------- */

static int start(struct file_helper *helper)
{
	int ends[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	fflush(NULL);
	helper->keeper = fork();
	if (!helper->keeper)
		file_keeper_run(ends[1]);
	err = helper->keeper < 0 ? -errno : 0;
	close(ends[1]);
	helper->keeper_socket = ends[0];
	return err ? err : take_opener(helper);
}

int file_helper_start(struct file_helper **result)
{
	struct file_helper *helper = malloc(sizeof(*helper));
	int err;

	*result = NULL;
	if (!helper)
		return -ENOMEM;
	*helper = (struct file_helper){
		.keeper_socket = -1,
		.opener_socket = -1,
		.spare_ns = FILE_HELPER_ALL_MS * MS,
		.spare_at = now(),
		.restarts = FILE_HELPER_RESTARTS,
	};
	err = start(helper);
	if (err)
		file_helper_stop(helper);
	else
		*result = helper;
	return err;
}

void file_helper_stop(struct file_helper *helper)
{
	const struct timespec moment = {.tv_nsec = 5 * MS};
	int64_t until = now() + END_MS * MS;

	if (!helper)
		return;
	drop_opener(helper);
	if (helper->keeper_socket >= 0)
		close(helper->keeper_socket);
	while (helper->keeper > 0 && !waitpid(helper->keeper, NULL, WNOHANG) && now() < until)
		nanosleep(&moment, NULL);
	/* A keeper that is still there was stopped. SIGKILL does no harm to one that has ended. */
	if (helper->keeper > 0 && now() >= until)
		kill(helper->keeper, SIGKILL);
	free(helper);
}
