/* SPDX-License-Identifier: GPL-2.0-only */
/* A crowd to be measured: threads that sleep for one period again and again. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (64 * 1024)

static struct timespec period;

static void *sleep_on(void *unused)
{
	(void)unused;
	for (;;)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &period, NULL);
	return NULL;
}

/* Starts @count threads. 0 or a positive error number. */
static int start(unsigned long count)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	err = pthread_attr_init(&attributes);
	if (err)
		return err;
	err = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (; !err && count; count--)
		err = pthread_create(&thread, &attributes, sleep_on, NULL);
	pthread_attr_destroy(&attributes);
	return err;
}

static int read_number(const char *text, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return errno || end == text || *end || *text == '-' ? -EINVAL : 0;
}

int main(int argc, char **argv)
{
	unsigned long count, microseconds;
	int err;

	if (argc != 3 || read_number(argv[1], &count) || read_number(argv[2], &microseconds)) {
		fprintf(stderr, "usage: sleepers THREADS PERIOD_US\n");
		return 2;
	}
	period.tv_sec = (time_t)(microseconds / 1000000);
	period.tv_nsec = (long)(microseconds % 1000000 * 1000);
	err = start(count);
	if (err) {
		fprintf(stderr, "sleepers: cannot start %lu threads: %s\n", count, strerror(err));
		return 1;
	}
	/* Whoever reads this knows that all of them are there. */
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
