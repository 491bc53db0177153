/* SPDX-License-Identifier: GPL-2.0-only */
/* A task that arms sleeps as fast as it can: how long one takes, arming to waking. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	const struct timespec shortest = {.tv_nsec = 1};
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
	double began;

	/* Without slack, or each one takes the 50 us that it grants. */
	if (count < 1 || prctl(PR_SET_TIMERSLACK, 1)) {
		fprintf(stderr, "usage: arming [COUNT]\n");
		return 1;
	}
	began = now_us();
	for (long i = 0; i < count; i++)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &shortest, NULL);
	printf("%.4f\n", (now_us() - began) / (double)count);
	return 0;
}
