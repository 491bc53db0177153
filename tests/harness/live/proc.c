/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading /proc, clocks, and pinning. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "harness/live/live.h"
#include "harness/live/proc.h"

uint64_t proc_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

void proc_sleep(uint64_t ns)
{
	struct timespec rest = {.tv_sec = (time_t)(ns / 1000000000),
				.tv_nsec = (long)(ns % 1000000000)};

	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}

void proc_spin(uint64_t until)
{
	while (proc_now() < until)
		;
}

pid_t proc_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

ssize_t proc_read(const char *path, char *buffer, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = 0, count;

	if (fd < 0)
		return -errno;
	while ((size_t)length < size - 1) {
		count = read(fd, buffer + length, size - 1 - (size_t)length);
		if (count <= 0)
			break;
		length += count;
	}
	close(fd);
	buffer[length] = '\0';
	return length;
}

int proc_write(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

char proc_state(pid_t pid, pid_t tid)
{
	char path[64], text[512];
	const char *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return 0;
	/* The name stands in brackets and may hold brackets itself. */
	end = strrchr(text, ')');
	return end && end[1] == ' ' ? end[2] : 0;
}

bool proc_wait_state(pid_t pid, pid_t tid, char state, unsigned int seconds)
{
	const uint64_t deadline = proc_now() + seconds * 1000000000ULL;

	while (proc_state(pid, tid) != state) {
		if (proc_now() > deadline)
			return false;
		proc_sleep(200000);
	}
	return true;
}

/* The number behind @name, at the beginning of a line of @text; 0 if it is not there. */
static uint64_t number_behind(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

bool proc_account(pid_t pid, pid_t tid, struct proc_account *account)
{
	unsigned long long run, delay, slices;
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	if (proc_read(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%llu %llu %llu", &run, &delay, &slices) != 3 || !slices)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return false;
	*account = (struct proc_account){
		.run_ns = run,
		.delay_ns = delay,
		.slices = slices,
		.voluntary = number_behind(text, "\nvoluntary_ctxt_switches:"),
		.involuntary = number_behind(text, "\nnonvoluntary_ctxt_switches:"),
	};
	return true;
}

int proc_pin(pid_t tid, enum proc_cpu which)
{
	const int step = which == PROC_LAST_CPU ? -1 : 1;
	int cpu = which == PROC_LAST_CPU ? CPU_SETSIZE - 1 : 0;
	cpu_set_t allowed, one;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		live_abort("CPU affinity: %s", strerror(errno));
	while (!CPU_ISSET(cpu, &allowed))
		cpu += step;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(tid, sizeof(one), &one))
		live_abort("pinning to CPU %d: %s", cpu, strerror(errno));
	return cpu;
}

bool proc_kernel_at_least(unsigned int major, unsigned int minor)
{
	unsigned int has_major = 0, has_minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &has_major, &has_minor);
	return has_major > major || (has_major == major && has_minor >= minor);
}

bool proc_preempt_rt(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.version, "PREEMPT_RT");
}
