// SPDX-License-Identifier: GPL-2.0-only
/* Fuzzes the comparison of Go processes: the input is a file that dwell go --save may have written. */
#include "go/baseline.h"

#include <errno.h>
#include <string.h>

#include "harness/fuzz/fuzz.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void compare(const struct go_baseline *baseline)
{
	struct go_timer_row timer[] = {
		{.kind = GO_TICKER, .count = 30, .owner = "main.leaky", .creator = "main.main"},
		{.kind = GO_CONTEXT, .count = 5, .owner = "\xff\"\n"},
		{.kind = GO_RUNTIME, .dead = 1},
	};
	struct go_goroutine_row goroutine[] = {
		{.count = UINT64_MAX, .place = "main.leaky", .creator = "main.main"},
		{.count = 1},
	};
	struct go_rows rows = {
		.timer = timer,
		.timers = LENGTH(timer),
		.goroutine = goroutine,
		.goroutines = LENGTH(goroutine),
	};
	const size_t grown = go_baseline_compare(baseline, &rows);

	assert(rows.timers <= LENGTH(timer) && rows.goroutines <= LENGTH(goroutine));
	assert(grown <= rows.timers + rows.goroutines);
	assert(rows.unchanged + rows.timers + rows.goroutines == LENGTH(timer) + LENGTH(goroutine));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct go_baseline *baseline;
	const char *why = NULL;
	char path[FUZZ_PATH_LEN];
	FILE *file;
	int err;

	fuzz_file(data, size, path);
	file = fopen(path, "re");
	assert(file);
	err = go_baseline_read(file, &baseline, &why);
	fclose(file);
	assert(!err == !!baseline);
	if (err) {
		assert(err == -EINVAL || err == -EFBIG || err == -ENOMEM);
		assert(why && *why);
		return 0;
	}
	assert(strlen(go_baseline_build_id(baseline)) < size);
	assert(strlen(go_baseline_version(baseline)) < size);
	compare(baseline);
	go_baseline_free(baseline);
	return 0;
}
