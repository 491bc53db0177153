/* SPDX-License-Identifier: GPL-2.0-only */
/* A task that does little but arm timers: how many microseconds it takes for each. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS 1000000

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The shortest sleeps: armed, expired, woken. */
static void sleep_shortly(long count)
{
	const struct timespec shortest = {.tv_nsec = 1};

	while (count--)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &shortest, NULL);
}

/* Waits for the other's token with a time-out, and gives it back. */
static void play(int from, int to, long count)
{
	struct pollfd wait = {.fd = from, .events = POLLIN};
	char token;

	while (count--)
		if (poll(&wait, 1, LONG_MS) != 1 || read(from, &token, 1) != 1 ||
		    write(to, &token, 1) != 1)
			exit(1);
}

/* Waits that end before their time-out: armed, cancelled. Two tasks arm half of them each. */
static void wait_in_turn(long count)
{
	int there[2], back[2];
	pid_t partner;

	if (pipe(there) || pipe(back))
		exit(1);
	partner = fork();
	if (partner < 0)
		exit(1);
	if (!partner) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		play(there[0], back[1], count / 2);
		_exit(0);
	}
	if (write(there[1], "", 1) != 1)
		exit(1);
	play(back[0], there[1], count / 2);
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	double began;

	/* Without slack, or each sleep takes the 50 us that it grants. */
	if (count < 2 || prctl(PR_SET_TIMERSLACK, 1)) {
		fprintf(stderr, "usage: arming sleeps|waits COUNT\n");
		return 1;
	}
	began = now_us();
	if (!strcmp(argv[1], "sleeps"))
		sleep_shortly(count);
	else
		wait_in_turn(count);
	printf("%.4f\n", (now_us() - began) / (double)count);
	return 0;
}
