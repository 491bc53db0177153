/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a program and appends to a file what it cost: wall and CPU time in us, and KiB of memory. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long microseconds(struct timeval time)
{
	return time.tv_sec * 1000000L + time.tv_usec;
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	const long began = now();
	struct rusage usage;
	int status;
	FILE *file;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: cost FILE PROGRAM [ARGUMENT…]\n");
		return 2;
	}
	pid = fork();
	if (!pid) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	file = fopen(argv[1], "a");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	fprintf(file, "%ld %ld %ld\n", now() - began,
		microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss);
	return fclose(file) || !WIFEXITED(status) ? 1 : WEXITSTATUS(status);
}
