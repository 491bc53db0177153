// SPDX-License-Identifier: GPL-2.0-only
/* Sites: the calls in the Go runtime that each timer passes, proven from the program's memory. */
#include "go/sites.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define CODE_MAX 16384 /* bytes of a function: none of these comes near it */
#define CALL 0xe8

/* A call that is looked for. */
struct wanted {
	enum go_call_role role;
	const char *function, *callee;
};

/* Go 1.18 to 1.22. Tickers are reset by a function of their own. */
static const struct wanted old_calls[] = {
	{GO_CALL_CREATE, "time.startTimer", "runtime.addtimer"},
	{GO_CALL_STOP, "time.stopTimer", "runtime.deltimer"},
	{GO_CALL_RESET, "time.resetTimer", "runtime.modtimer"},
	{GO_CALL_RESET, "time.modTimer", "runtime.modtimer"},
	{GO_CALL_FIRE, "runtime.runtimer", "runtime.runOneTimer"},
	{0},
};

/* Go 1.23 and later. Timers in no heap were run before a stop or a reset, too, up to 1.26. */
static const struct wanted new_calls[] = {
	{GO_CALL_CREATE, "time.newTimer", "runtime.(*timer).modify"},
	{GO_CALL_STOP, "time.stopTimer", "runtime.(*timer).stop"},
	{GO_CALL_RESET, "time.resetTimer", "runtime.(*timer).modify"},
	{GO_CALL_FIRE, "runtime.(*timers).run", "runtime.(*timer).unlockAndRun"},
	{GO_CALL_FIRE_UNAWAITED, "runtime.(*timer).maybeRunChan.func1",
	 "runtime.(*timer).unlockAndRun"},
	{GO_CALL_FIRE_UNAWAITED, "runtime.(*timer).maybeRunAsync.func1",
	 "runtime.(*timer).unlockAndRun"},
	{0},
};

static int refuse(char why[GO_SITES_WHY_LEN], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(char why[GO_SITES_WHY_LEN], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, GO_SITES_WHY_LEN, format, arguments);
	va_end(arguments);
	return -ENOTSUP;
}

size_t go_sites_calls(const uint8_t *code, size_t size, uint64_t address, uint64_t callee,
		      size_t *at)
{
	size_t count = 0;

	for (size_t i = 0; i + GO_CALL_BYTES <= size; i++) {
		int32_t distance;

		if (code[i] != CALL)
			continue;
		memcpy(&distance, code + i + 1, sizeof(distance));
		if (address + i + GO_CALL_BYTES + (uint64_t)(int64_t)distance != callee)
			continue;
		if (!count++)
			*at = i;
	}
	return count;
}

/* Whether a function that is not in the program is one that no timer passes. */
static bool may_be_unused(enum go_call_role role)
{
	return role == GO_CALL_STOP || role == GO_CALL_RESET || role == GO_CALL_FIRE_UNAWAITED;
}

/* Finds where in the file @call is. 0 or -ENOTSUP. */
static int place(const struct go_image *image, struct go_call *call, char why[GO_SITES_WHY_LEN])
{
	for (size_t i = 0; i < image->mappings; i++) {
		const struct go_mapping *mapping = &image->mapping[i];

		if (call->address < mapping->start || call->address > mapping->end - GO_CALL_BYTES)
			continue;
		if (!mapping->executable || mapping->writable || mapping->anonymous)
			break;
		call->offset = mapping->offset + (call->address - mapping->start);
		return 0;
	}
	return refuse(why, "%s does not lie in code that is mapped from the program's file",
		      call->function);
}

/* Finds the one call from the code at @entry to @callee. 0, -ENOTSUP or another negative errno. */
static int prove(struct go_memory *memory, uint64_t entry, uint64_t size, uint64_t callee,
		 struct go_call *call, char why[GO_SITES_WHY_LEN])
{
	auto_free uint8_t *code = NULL;
	size_t count, at = 0;
	int err;

	if (size < GO_CALL_BYTES || size > CODE_MAX)
		return refuse(why, "%s is not of a size that it can have", call->function);
	code = malloc(size);
	if (!code)
		return -ENOMEM;
	err = go_memory_read(memory, entry, code, size);
	if (err)
		return err;
	count = go_sites_calls(code, size, entry, callee, &at);
	if (!count)
		return refuse(why, "%s does not call %s, unless another tracer has a probe there",
			      call->function, call->callee);
	if (count > 1)
		return refuse(why, "%s calls %s in %zu places, where only one is expected",
			      call->function, call->callee, count);
	call->address = entry + at;
	memcpy(call->code, code + at, GO_CALL_BYTES);
	return 0;
}

/* Finds @wanted. 0, with an address of 0 if nothing in the program can call it; or an errno. */
static int find(struct go_memory *memory, const struct go_image *image, struct go_symbols *symbols,
		const struct wanted *wanted, struct go_call *call, char why[GO_SITES_WHY_LEN])
{
	uint64_t entry, size, callee, callee_size;
	int err;

	*call = (struct go_call){
		.role = wanted->role, .function = wanted->function, .callee = wanted->callee};
	err = go_symbols_find(symbols, call->function, &entry, &size);
	if (err == -ENOENT && may_be_unused(call->role))
		return 0;
	if (err == -ENOENT && call->role == GO_CALL_CREATE)
		return refuse(why, "%s is not in the program, so that it creates no timers",
			      call->function);
	if (!err)
		err = go_symbols_find(symbols, call->callee, &callee, &callee_size);
	if (err == -ENOENT || err == -ENOTUNIQ)
		return refuse(why, "there is not exactly one function %s and one %s",
			      call->function, call->callee);
	if (!err)
		err = prove(memory, entry, size, callee, call, why);
	return err ? err : place(image, call, why);
}

int go_sites_find(struct go_memory *memory, const struct go_image *image,
		  const struct go_layout *layout, struct go_symbols *symbols,
		  struct go_sites *sites, char why[GO_SITES_WHY_LEN])
{
	const struct wanted *wanted = layout->heaps ? new_calls : old_calls;

	*sites = (struct go_sites){.heaps = layout->heaps, .when = layout->timer_when};
	why[0] = '\0';
#ifndef __x86_64__
	return refuse(why, "probes are known for amd64 alone");
#endif
	if (image->arch[0] && strcmp(image->arch, "amd64"))
		return refuse(why,
			      "it is not a program for amd64, for which alone probes are known");
	if (!layout->known)
		return refuse(why, "this version of Go is not known");
	for (; wanted->function; wanted++) {
		struct go_call *call = &sites->call[sites->calls];
		int err = find(memory, image, symbols, wanted, call, why);

		if (err)
			return err;
		sites->calls += call->address != 0;
	}
	return 0;
}
