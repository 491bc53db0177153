// SPDX-License-Identifier: GPL-2.0-only
/* Replay: a fuzz target's main() without a fuzzer, which gives it the files that are named. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "harness/fuzz/fuzz.h"
#include "harness/fuzz/go_memory.h"

/* Only targets of Go processes have it. */
#pragma weak fuzz_read

#define INPUT_MAX (1 << 20) /* bytes */
#define INPUT_SECONDS 10    /* of CPU time; then SIGPROF ends the program */

static void limit_time(int seconds)
{
	const struct itimerval limit = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_PROF, &limit, NULL);
}

/* Fails with the input's name as the last line of the output. */
static void replay(const char *path)
{
	FILE *file = fopen(path, "re");
	/* Of its own size, so that the sanitizers see what reads beyond it. */
	uint8_t *room = malloc(INPUT_MAX), *data;
	size_t size;

	printf("%s\n", path);
	fflush(stdout);
	if (!file || !room)
		err(1, "%s", path);
	size = fread(room, 1, INPUT_MAX, file);
	if (ferror(file) || !feof(file))
		errx(1, "%s: cannot be read, or is too long", path);
	fclose(file);
	data = malloc(size);
	for (size_t i = 0; i < size; i++)
		data[i] = room[i];
	free(room);
	limit_time(INPUT_SECONDS);
	LLVMFuzzerTestOneInput(data, size);
	/* Such an input has to be read to its end. */
	if (strstr(path, "/ok-") && !fuzz_read())
		errx(1, "%s: could not be read", path);
	limit_time(0);
	free(data);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return argc < 2;
}
