/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of a workload's process. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/workload.h"

#define WAIT_SECONDS 30 /* for what hangs: some hosts stop a CPU for seconds */

/* Blocks without a timer until a byte or the end of the pipe comes. */
static bool take_byte(int fd)
{
	char byte;
	ssize_t count;

	do {
		count = read(fd, &byte, 1);
	} while (count < 0 && errno == EINTR);
	return count == 1;
}

static void give_byte(int fd)
{
	if (write(fd, "", 1) != 1)
		live_abort("writing to a pipe: %s", strerror(errno));
}

static void live_through(struct work *work, void (*body)(struct work *work), const int go[2],
			 const int done[2])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(go[1]);
	close(done[0]);
	work->pid = getpid();
	work->tid[0] = getpid();
	if (!take_byte(go[0]))
		_exit(1);
	body(work);
	give_byte(done[1]);
	take_byte(go[0]);
	_exit(0);
}

void workload_start(struct workload *workload, void (*body)(struct work *work),
		    const void *argument)
{
	int go[2], done[2];
	struct work *work;

	work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (work == MAP_FAILED || pipe2(go, O_CLOEXEC) || pipe2(done, O_CLOEXEC) ||
	    pipe2(work->pipe, O_CLOEXEC | O_NONBLOCK) || sem_init(&work->semaphore, 1, 0))
		live_abort("preparing a workload: %s", strerror(errno));
	work->argument = argument;
	work->queue = -1;
	*workload = (struct workload){.work = work, .go = go[1], .done = done[0]};
	workload->pid = fork();
	if (workload->pid < 0)
		live_abort("fork: %s", strerror(errno));
	if (workload->pid == 0)
		live_through(work, body, go, done);
	close(go[0]);
	close(done[1]);
	if (!proc_wait_state(workload->pid, workload->pid, 'S', WAIT_SECONDS))
		live_abort("the workload did not come to wait");
}

void workload_release(struct workload *workload)
{
	give_byte(workload->go);
}

bool workload_wait(struct workload *workload, unsigned int seconds)
{
	struct pollfd done = {.fd = workload->done, .events = POLLIN};

	if (poll(&done, 1, (int)seconds * 1000) <= 0)
		live_abort("the workload was not done within %u s", seconds);
	if (!take_byte(workload->done))
		return false;
	/* Its last switch off the CPU belongs to the window. */
	return proc_wait_state(workload->pid, workload->pid, 'S', WAIT_SECONDS);
}

void workload_leave(struct workload *workload)
{
	close(workload->go);
	close(workload->done);
	/* Its pipe's end would not do: workloads started after it hold the other end too. */
	kill(workload->pid, SIGKILL);
	waitpid(workload->pid, NULL, 0);
	close(workload->work->pipe[0]);
	close(workload->work->pipe[1]);
	munmap(workload->work, sizeof(*workload->work));
}

pid_t work_peer(struct work *work, void (*peer)(struct work *work))
{
	const pid_t pid = fork();

	if (pid < 0)
		live_abort("fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGALRM, SIG_DFL);
	peer(work);
	_exit(0);
}

bool work_await_sleep(struct work *work, int turn)
{
	const uint64_t deadline = proc_now() + WAIT_SECONDS * 1000000000ULL;

	while (atomic_load(&work->turn) < turn) {
		if (proc_now() > deadline)
			return false;
		proc_sleep(200000);
	}
	do {
		if (proc_now() > deadline ||
		    !proc_wait_state(work->pid, work->pid, 'S', WAIT_SECONDS))
			return false;
		/* It is marked as asleep a moment before it arms its timer and sleeps. */
		proc_sleep(3000000);
		/*
		 * The kernel wakes a sleeping task for work of its own: some milliseconds after a
		 * ring of io_uring was closed, for example.
		 */
	} while (proc_state(work->pid, work->pid) != 'S');
	return true;
}

void work_announce(struct work *work, int turn)
{
	atomic_store(&work->turn, turn);
}
